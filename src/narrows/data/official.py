"""Official files of the catalogue's sets: where they stand, and that they are the right ones before they are read."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from narrows.data.dataset import Dataset
from narrows.data.picture import Progress, Size
from narrows.data.places import user_cache
from narrows.data.splits import Split


@dataclass(frozen=True)
class File:
    """One official file."""

    path: str
    """Below the data root."""
    md5: str
    """Empty where none is known."""
    mirrors: tuple[str, ...] = ()
    """Whole addresses, tried in this order; none where an archive brings the file."""
    plain_md5: str = ""
    """Of the same file unpacked, for a path that ends in .gz: it may stand there without the ending."""


@dataclass(frozen=True)
class Archive:
    """An official tar archive."""

    name: str
    md5: str
    mirrors: tuple[str, ...]
    folders: tuple[str, ...]
    """Folders inside it that are wanted, each with a slash at its end; they are moved to the root in this order."""
    files: tuple[File, ...]
    """Files inside it that must stand below the root afterwards."""


@dataclass(frozen=True)
class Request:
    """What a caller of `load` wants of an entry."""

    root: Path
    size: Size | None = None
    crop: bool = False
    """Whether the middle is cut out of pictures in place of squeezing them to the size."""
    split_seed: int = 0
    split: Split | None = None
    """None: 80, 10, 10, and the official test pictures where there are some."""
    on_progress: Progress | None = None


@dataclass(frozen=True)
class Entry:
    """A set of the catalogue."""

    name: str
    description: str
    """One line."""
    image_shape: tuple[int, int, int]
    """Channel, height, width, unless a size is asked for."""
    num_pictures: tuple[int, int, int]
    """Train, validation, test."""
    licence: str
    read: Callable[["Entry", Request], Dataset] = field(repr=False)
    class_names: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    """Fetched one by one."""
    archive: Archive | None = None
    """Fetched as one."""

    @property
    def all_files(self) -> tuple[File, ...]:
        """Every official file, whether it comes alone or in the archive."""
        return self.files + (self.archive.files if self.archive else ())


def data_root(given: str | Path | None = None) -> Path:
    """The folder of the official files: the given one, else NARROWS_DATA, else one in the user's cache."""
    if given is not None:
        return Path(given).expanduser()
    if named := os.environ.get("NARROWS_DATA"):
        return Path(named).expanduser()
    return user_cache() / "data"


def md5_of(path: Path) -> str:
    """The MD5 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()


def find(root: Path, file: File) -> tuple[Path, str] | None:
    """Where a file stands and the MD5 it should have there; None where it is missing."""
    path = root / file.path
    if path.is_file():
        return path, file.md5
    plain = path.with_suffix("")
    return (plain, file.plain_md5) if file.plain_md5 and plain.is_file() else None


def is_present(entry: Entry, root: Path) -> bool:
    """Whether every official file stands below the root, right or wrong; always for a set that needs none."""
    return all(find(root, file) for file in entry.all_files)


def require(entry: Entry, root: Path, files: Sequence[File]) -> None:
    """Look whether files are there; they are not opened.

    Raises:
        FileNotFoundError: some are missing; the sentence says which, where they belong and how to get them.
    """
    missing = [file for file in files if find(root, file) is None]
    if missing:
        names = ", ".join(f"{file.path} (md5 {file.md5})" if file.md5 else file.path for file in missing)
        archive = entry.archive if entry.archive and set(missing) & set(entry.archive.files) else None
        packed = f" from {archive.name} (md5 {archive.md5})" if archive else ""
        raise FileNotFoundError(
            f"expected the files of {entry.name} in {root}, found no {names}; put them there{packed}, "
            f"or run 'narrows data download {entry.name}', or name another folder with NARROWS_DATA"
        )


def verified(entry: Entry, root: Path, file: File) -> Path:
    """Where a file stands, after a look at its MD5: nothing is parsed before that.

    Raises:
        FileNotFoundError: it is missing.
        ValueError: it has another MD5 than the official one.
    """
    require(entry, root, [file])
    found = find(root, file)
    assert found is not None
    path, md5 = found
    if md5 and (other := md5_of(path)) != md5:
        raise ValueError(
            f"expected {path} to have md5 {md5}, found {other}; the file is damaged or not the official one: "
            f"delete it and run 'narrows data download {entry.name}'"
        )
    return path
