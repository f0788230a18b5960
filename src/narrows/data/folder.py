"""A folder of pictures, however nested, with class names from its first level."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from narrows.data.cache import decode_files
from narrows.data.dataset import Pictures
from narrows.data.picture import SUFFIXES, Progress, Size, read_header
from narrows.data.splits import split_order

SPLIT_NAMES = frozenset(("train", "training", "val", "valid", "validation", "test", "testing"))
"""Folders of these names part pictures by use, not by class."""


@dataclass(frozen=True)
class Folder:
    """A folder's pictures and where each came from."""

    pictures: Pictures
    """Memory-mapped; labels where the first level of the folder names classes."""
    files: tuple[str, ...]
    """Of each picture, relative to the folder, with forward slashes."""
    class_names: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    """(file, reason) of pictures that could not be decoded."""


def read_folder(
    folder: Path,
    *,
    size: Size | None = None,
    crop: bool = False,
    shuffle_seed: int | None = None,
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> Folder:
    """All pictures below a folder; they are decoded once and then mapped from the cache.

    Hidden files and links to folders are passed over; what cannot be decoded is listed in `unreadable`.

    Args:
        folder: where to look, at any depth.
        size: to bring all pictures to; None where they have one size already.
        crop: whether the middle is cut out of pictures in place of squeezing them to the size.
        shuffle_seed: gives the order that an own split cuts; None keeps the order of the names.
        cache: folder of the decoded arrays; the user's cache by default.
        on_progress: told of every picture.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it holds no picture that can be read, or several sizes and none was asked for.
    """
    files = list_pictures(folder)
    if shuffle_seed is not None:
        labels = _classes(files)[1]
        files = [files[position] for position in split_order(len(files), labels, shuffle_seed)]
    decoded = decode_files(folder, files, size=size, crop=crop, cache=cache, on_progress=on_progress)
    class_names, labels = _classes(decoded.files)
    return Folder(Pictures(decoded.images, labels), decoded.files, class_names, decoded.unreadable)


def survey(folder: Path, most: int = 200) -> list[Size]:
    """The sizes of some of a folder's pictures, taken evenly from all, ascending; what cannot be read is passed over.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: no file has a picture's suffix.
    """
    files = list_pictures(folder)
    sizes = []
    for name in files[:: max(1, len(files) // most)]:
        with suppress(Exception):  # Pillow raises many kinds on broken files; decoding names them
            sizes.append(read_header(folder / name).size)
    return sorted(sizes)


def list_pictures(folder: Path) -> list[str]:
    """The names of all picture files below a folder, relative to it, sorted.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: no file has a picture's suffix.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"expected a folder of pictures, found none at {folder}; check the path")
    names, others = [], 0
    for place, below, files in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(".")]
        for name in files:
            if name.startswith(".") or Path(name).suffix.lower() not in SUFFIXES:
                others += 1
            else:
                names.append((Path(place) / name).relative_to(folder).as_posix())
    if not names:
        raise ValueError(
            f"expected pictures ({', '.join(sorted(SUFFIXES))}) in {folder}, found none among {others} files; "
            "convert them or name the folder above them"
        )
    return sorted(names)


def _classes(files: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64] | None]:
    """Class names and labels, if every file lies in one of several first-level folders that can be classes."""
    first_level = [name.partition("/")[0] if "/" in name else "" for name in files]
    names = sorted(set(first_level))
    if len(names) < 2 or "" in names or all(name.lower() in SPLIT_NAMES for name in names):
        return (), None
    number = {name: label for label, name in enumerate(names)}
    return tuple(names), np.array([number[name] for name in first_level], dtype=np.int64)
