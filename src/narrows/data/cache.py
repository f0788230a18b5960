"""Picture files decoded once, in parallel, into a memory-mapped array found again by names, sizes and times."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import UnidentifiedImageError

from narrows.data.picture import Channels, Header, Progress, Size, read_header, read_picture, say_nothing
from narrows.data.places import user_cache
from narrows.data.threads import read_each
from narrows.files import ABANDONED_SECONDS, read_json, remove_temporary, replacing

FORMAT = 1
"""Part of every key: raised when decoding changes, so that old caches are not taken for new ones."""
HEADERS = 16
"""Files of a lot whose headers are read: handing over costs a thread more than reading one."""
LIMIT_GB = 20.0
"""Of the cache, unless NARROWS_CACHE_GB says otherwise: beyond it, what was unused for longest goes first."""

T = TypeVar("T")


@dataclass(frozen=True)
class Decoded:
    """Picture files as one array."""

    images: NDArray[np.uint8]
    """(picture, channel, height, width), memory-mapped; changes to it stay in memory."""
    files: tuple[str, ...]
    """Where each picture came from, relative to the folder."""
    unreadable: tuple[tuple[str, str], ...]
    """(file, reason) of those left out."""


class Entry(NamedTuple):
    """One decoded folder in the cache."""

    folder: str
    """Whose pictures they are."""
    num_pictures: int
    image_shape: tuple[int, int, int]
    num_bytes: int
    path: Path
    """Its array; the index lies beside it."""


def cache_folder() -> Path:
    """Where decoded folders are kept unless a caller says otherwise."""
    return user_cache() / "pictures"


def list_cache(cache: Path | None = None) -> list[Entry]:
    """The decoded folders, the one that was used last first."""
    folder = cache_folder() if cache is None else cache
    arrays = {path: path.with_suffix(".json") for path in folder.glob("*.npy")}
    whole = {path: index for path, index in arrays.items() if index.is_file()}
    entries = []
    for path in sorted(whole, key=lambda path: -whole[path].stat().st_mtime_ns):
        count, *shape = np.load(path, mmap_mode="r", allow_pickle=False).shape
        source = read_json(whole[path]).get("folder", "")
        entries.append(Entry(source, count, (shape[0], shape[1], shape[2]), path.stat().st_size, path))
    return entries


def clear_cache(cache: Path | None = None) -> int:
    """Delete all decoded folders; how many bytes that frees."""
    folder = cache_folder() if cache is None else cache
    freed = 0
    remove_temporary(folder)
    for path in [*folder.glob("*.npy"), *folder.glob("*.json")]:
        freed += path.stat().st_size
        path.unlink()
    return freed


def cache_limit() -> int:
    """Most bytes that the cache may hold.

    Raises:
        ValueError: NARROWS_CACHE_GB is no number above 0.
    """
    text = os.environ.get("NARROWS_CACHE_GB", str(LIMIT_GB))
    try:
        limit = float(text)
    except ValueError:
        limit = -1.0
    if not limit > 0:
        raise ValueError(f"expected NARROWS_CACHE_GB to be gigabytes above 0, found {text!r}; 20 is usual")
    return int(limit * 1e9)


def _make_room(newest: Path) -> None:
    """Delete what was unused for longest until the cache is within its limit; the newest array stays."""
    remove_temporary(newest.parent, older_seconds=ABANDONED_SECONDS)
    entries = list_cache(newest.parent)
    held = sum(entry.num_bytes for entry in entries)
    limit = cache_limit()
    for entry in reversed(entries):
        if held > limit and entry.path != newest:
            entry.path.unlink()
            entry.path.with_suffix(".json").unlink()
            held -= entry.num_bytes


def decode_files(
    folder: Path,
    files: Sequence[str],
    *,
    size: Size | None = None,
    crop: bool = False,
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> Decoded:
    """Decode picture files in the given order, or map what an earlier call left in the cache.

    Grey pictures give one channel; as soon as one of them is in colour, all get three.

    Args:
        folder: what the names in `files` are relative to.
        files: names with forward slashes.
        size: to bring all pictures to; None where they have one size already.
        crop: whether the middle is cut out of pictures in place of squeezing them to the size.
        cache: folder of the decoded arrays; the user's cache by default.
        on_progress: told of every picture.

    Raises:
        FileNotFoundError: a file goes while they are read.
        ValueError: none of the files can be read, or they differ in size and none was asked for.
    """
    key = _key(folder, files, [FORMAT, size, *(["crop"] if crop else [])])
    target = (cache_folder() if cache is None else cache) / f"{key}.npy"
    if not target.is_file():
        read = partial(read_picture, crop=crop)
        _fill(target, folder, files, size, read, on_progress or say_nothing)
        _make_room(target)
    target.with_suffix(".json").touch()  # its time says when it was used last
    index = read_json(target.with_suffix(".json"))
    return Decoded(
        # Mode "c": writable, which torch wants of an array, but never written back.
        np.load(target, mmap_mode="c", allow_pickle=False),
        tuple(index["files"]),
        tuple((name, reason) for name, reason in index["unreadable"]),
    )


def _key(folder: Path, files: Sequence[str], how: list[object]) -> str:
    return hashlib.sha256(json.dumps([*how, [_state(folder, name) for name in files]]).encode()).hexdigest()[:32]


def _state(folder: Path, name: str) -> tuple[str, int, int]:
    """By what a file is known again: name, size and time; a link that leads nowhere has neither."""
    try:
        found = (folder / name).stat()
    except OSError:
        return name, -1, -1
    return name, found.st_size, found.st_mtime_ns


def _fill(
    target: Path,
    folder: Path,
    files: Sequence[str],
    size: Size | None,
    read: Callable[..., NDArray[np.uint8]],
    on_progress: Progress,
) -> None:
    """Write the array `target`, and beside it the .json that says which file each row is."""
    unreadable: dict[str, str] = {}
    looked_at = read_each(read_header, folder, files, on_progress, "looking at pictures", lot=HEADERS)
    headers = dict(_readable(folder, looked_at, unreadable))
    if not headers:
        raise _nothing_readable(folder, unreadable)
    size = size or _common_size(folder, headers)
    channels: Channels = 3 if any(header.channels == 3 for header in headers.values()) else 1
    read = partial(read, size=size, channels=channels)
    kept = []
    with replacing(target) as temporary:
        with temporary.open("wb") as file:
            _write_npy_header(file, (len(headers), channels, *size))
            # a thread a core: with four more, as Python gives unasked, decoding took half as long again
            pictures = read_each(read, folder, list(headers), on_progress, "decoding pictures", threads=os.cpu_count())
            for name, picture in _readable(folder, pictures, unreadable):
                file.write(picture.data)
                kept.append(name)
            file.seek(0)
            _write_npy_header(file, (len(kept), channels, *size))
        if not kept:
            raise _nothing_readable(folder, unreadable)
        # The index takes its place first: an array in the cache always has one.
        with replacing(target.with_suffix(".json")) as index:
            content = {"folder": str(folder.resolve()), "files": kept, "unreadable": sorted(unreadable.items())}
            index.write_text(json.dumps(content), encoding="utf-8")


def _readable(
    folder: Path, found: Iterator[tuple[str, T | Exception]], unreadable: dict[str, str]
) -> Iterator[tuple[str, T]]:
    """What was read; the reasons for the rest go into `unreadable`, a link that leads nowhere among them.

    Raises:
        FileNotFoundError: a file has gone since the folder was listed. Kept without it, the array would be found again
            once the file is back.
    """
    for name, outcome in found:
        if isinstance(outcome, Exception):
            if isinstance(outcome, FileNotFoundError) and not (folder / name).is_symlink():
                raise FileNotFoundError(
                    f"expected {folder} to stay as it is while it is read, found {name} gone; see that the folder is "
                    "there, and repeat the command"
                ) from outcome
            unreadable[name] = _reason(folder / name, outcome)
        else:
            yield name, outcome


def _reason(path: Path, error: Exception) -> str:
    """Why a file was left out, in words that do not name its place."""
    if path.is_file() and path.stat().st_size == 0:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return f"what is in it is no picture of a known format, whatever its name says{_start(path)}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    said = " ".join(str(error).split())
    return said if isinstance(error, ValueError) else f"it is damaged or breaks off ({type(error).__name__}: {said})"


def _start(path: Path) -> str:
    """How a file begins, where it is text."""
    with path.open("rb") as file:
        begin = file.read(12).decode(errors="replace")
    return f": it begins {begin!r}" if begin.isprintable() and "\N{REPLACEMENT CHARACTER}" not in begin else ""


def _common_size(folder: Path, headers: dict[str, Header]) -> Size:
    sizes = sorted({header.size for header in headers.values()})
    if len(sizes) > 1:
        (low, high) = (f"{height} x {width}" for height, width in (sizes[0], sizes[-1]))
        raise ValueError(
            f"expected pictures of one size in {folder}, found {len(sizes)} sizes such as {low} and {high}; "
            "give a size to bring them to, such as 64"
        )
    return sizes[0]


def _write_npy_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    # NumPy pads the header so that the first axis may change: the second header is as long as the first.
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _nothing_readable(folder: Path, unreadable: dict[str, str]) -> ValueError:
    name, reason = next(iter(unreadable.items()))
    return ValueError(
        f"expected pictures in {folder}, found none that can be read among {len(unreadable)}; {name} gives {reason}"
    )
