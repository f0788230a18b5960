"""Where Narrows keeps files unless a caller says otherwise."""

from pathlib import Path

from platformdirs import user_cache_dir


def user_cache() -> Path:
    """The user's cache; asked of platformdirs, since pooch, which asks there too, takes longer to load than `list`."""
    return Path(user_cache_dir("narrows"))
