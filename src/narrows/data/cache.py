"""Picture files decoded once, in parallel, into a memory-mapped array found again by names, sizes and times."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
import pooch
from numpy.typing import NDArray

from narrows.data.picture import Channels, Header, Progress, Size, read_header, read_picture, say_nothing
from narrows.files import replacing

FORMAT = 1
"""Part of every key: raised when decoding changes, so that old caches are not taken for new ones."""
BATCH = 64
"""Files handed to the threads at a time, which bounds how many decoded pictures wait in memory."""

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


def cache_folder() -> Path:
    """Where decoded folders are kept unless a caller says otherwise."""
    return Path(pooch.os_cache("narrows")) / "pictures"


def clear_cache(cache: Path | None = None) -> int:
    """Delete all decoded folders; how many bytes that frees."""
    folder = cache_folder() if cache is None else cache
    freed = 0
    for path in [*folder.glob("*.npy"), *folder.glob("*.json")]:
        freed += path.stat().st_size
        path.unlink()
    return freed


def decode_files(
    folder: Path,
    files: Sequence[str],
    *,
    size: Size | None = None,
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> Decoded:
    """Decode picture files in the given order, or map what an earlier call left in the cache.

    Grey pictures give one channel; as soon as one of them is in colour, all get three.

    Args:
        folder: what the names in `files` are relative to.
        files: names with forward slashes.
        size: to bring all pictures to; None where they have one size already.
        cache: folder of the decoded arrays; the user's cache by default.
        on_progress: told of every picture.

    Raises:
        ValueError: none of the files can be read, or they differ in size and none was asked for.
    """
    target = (cache_folder() if cache is None else cache) / f"{_key(folder, files, size)}.npy"
    if not target.is_file():
        _fill(target, folder, files, size, on_progress or say_nothing)
    index = json.loads(target.with_suffix(".json").read_text(encoding="utf-8"))
    return Decoded(
        # Mode "c": writable, which torch wants of an array, but never written back.
        np.load(target, mmap_mode="c", allow_pickle=False),
        tuple(index["files"]),
        tuple((name, reason) for name, reason in index["unreadable"]),
    )


def _key(folder: Path, files: Sequence[str], size: Size | None) -> str:
    stats = [(name, (found := (folder / name).stat()).st_size, found.st_mtime_ns) for name in files]
    return hashlib.sha256(json.dumps([FORMAT, size, stats]).encode()).hexdigest()[:32]


def _fill(target: Path, folder: Path, files: Sequence[str], size: Size | None, on_progress: Progress) -> None:
    """Write the array `target`, and beside it the .json that says which file each row is."""
    unreadable: dict[str, str] = {}
    headers = dict(_readable(_each(read_header, folder, files, on_progress, "looking at pictures"), unreadable))
    if not headers:
        raise _nothing_readable(folder, unreadable)
    size = size or _common_size(folder, headers)
    channels: Channels = 3 if any(header.channels == 3 for header in headers.values()) else 1
    read = partial(read_picture, size=size, channels=channels)
    kept = []
    with replacing(target) as temporary:
        with temporary.open("wb") as file:
            _write_npy_header(file, (len(headers), channels, *size))
            pictures = _each(read, folder, list(headers), on_progress, "decoding pictures")
            for name, picture in _readable(pictures, unreadable):
                file.write(picture.data)
                kept.append(name)
            file.seek(0)
            _write_npy_header(file, (len(kept), channels, *size))
        if not kept:
            raise _nothing_readable(folder, unreadable)
        # The index takes its place first: an array in the cache always has one.
        with replacing(target.with_suffix(".json")) as index:
            index.write_text(json.dumps({"files": kept, "unreadable": list(unreadable.items())}), encoding="utf-8")


def _each(
    read: Callable[[Path], T], folder: Path, files: Sequence[str], on_progress: Progress, label: str
) -> Iterator[tuple[str, T | Exception]]:
    """Every file with what was read of it, or what went wrong, in order."""

    def attempt(name: str) -> T | Exception:
        try:
            return read(folder / name)
        except Exception as error:  # Pillow raises many kinds on broken files
            return error

    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), BATCH):
            batch = files[start : start + BATCH]
            for done, found in enumerate(zip(batch, pool.map(attempt, batch), strict=True), start + 1):
                on_progress(label, done, len(files))
                yield found


def _readable(found: Iterator[tuple[str, T | Exception]], unreadable: dict[str, str]) -> Iterator[tuple[str, T]]:
    """What was read; the reasons for the rest go into `unreadable`."""
    for name, outcome in found:
        if isinstance(outcome, Exception):
            unreadable[name] = " ".join(f"{type(outcome).__name__}: {outcome}".split())
        else:
            yield name, outcome


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
