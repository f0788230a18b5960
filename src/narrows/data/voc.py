"""PASCAL VOC 2007 (Everingham et al. 2007): JPEG pictures of many sizes, and lists that name them."""

from pathlib import Path
from typing import NamedTuple

from narrows.data.cache import Decoded, decode_files
from narrows.data.picture import Progress, Size
from narrows.data.splits import split_order

ENOUGH = 3000
"""With fewer pictures of the test list than this, all pictures that are present are taken."""


class Choice(NamedTuple):
    """Which pictures are taken, and why."""

    files: list[str]
    """Relative to JPEGImages."""
    note: str


def choose_pictures(folder: Path) -> Choice:
    """The pictures of the official test list, or all that are present where too few of those are.

    Args:
        folder: VOCdevkit/VOC2007.

    Raises:
        ValueError: JPEGImages holds no picture.
    """
    present = {path.name for path in (folder / "JPEGImages").glob("*.jpg")}
    # Some lists carry a second column (-1, 0 or 1) for one class.
    lines = (folder / "ImageSets" / "Main" / "test.txt").read_text(encoding="utf-8").splitlines()
    listed = [f"{line.split()[0]}.jpg" for line in lines if line.strip()]
    found = [name for name in listed if name in present]
    if not present:
        raise ValueError(
            f"expected pictures in {folder / 'JPEGImages'}, found none; "
            f"delete {folder} and run 'narrows data download voc2007'"
        )
    if len(found) >= ENOUGH:
        return Choice(found, f"{len(found)} of the {len(listed)} pictures of the official test list")
    return Choice(
        sorted(present),
        f"all {len(present)} pictures found in JPEGImages, as only {len(found)} of them are on the official test list",
    )


def read_voc(
    folder: Path,
    size: Size,
    *,
    shuffle_seed: int,
    crop: bool = False,
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> tuple[Decoded, str]:
    """The chosen pictures in the order that an own split cuts, and the note that says which they are.

    Raises:
        ValueError: there is no picture, or none can be read.
    """
    files, note = choose_pictures(folder)
    shuffled = [files[position] for position in split_order(len(files), None, shuffle_seed)]
    pictures = folder / "JPEGImages"
    decoded = decode_files(pictures, shuffled, size=size, crop=crop, cache=cache, on_progress=on_progress)
    return decoded, note
