"""Files that are never seen half-written, in folders that one process at a time writes to."""

import json
import os
import re
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

BOMB_BYTES, BOMB_TIMES = 2**30, 200
"""Photographs hardly shrink, and line drawings to a hundredth; zeros shrink to a thousandth."""

LOCK = ".lock"
"""In a run folder while a process fills it, and after one that was killed."""
TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}")
"""The name of a file that is being written, or that a killed process left."""
ABANDONED_SECONDS = 24 * 3600.0
"""A temporary file that was not written to for so long was left by a process that was killed."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary neighbour to write; it takes the name `path` at the end, and vanishes if anything is raised.

    Raises:
        OSError: it cannot be written; `path` is named, where the system names the neighbour or nothing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    start = f".{path.name}."
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=start)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # mkstemp's files are their owner's only
        temporary.replace(path)
    except OSError as error:
        if error.errno is None or (error.filename is not None and not Path(str(error.filename)).name.startswith(start)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def remove_temporary(folder: Path, *, older_seconds: float = 0.0) -> None:
    """Delete what killed processes left below a folder; for who is alone there, or of what was so long untouched."""
    files = (path for path in folder.rglob(".*") if TEMPORARY.fullmatch(path.name) and path.is_file())
    remove_untouched(files, older_seconds)


def remove_untouched(paths: Iterable[Path], seconds: float) -> None:
    """Delete the files and folders that were not written to for so long."""
    for path in paths:
        with suppress(FileNotFoundError):  # whoever wrote it has finished
            if time.time() - path.lstat().st_mtime >= seconds:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


@contextmanager
def claimed(path: Path) -> Iterator[bool]:
    """Whether this process alone holds the lock file `path`; the system frees what a killed process held."""
    from filelock import FileLock, Timeout  # brings asyncio along, which who only reads results does not need

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Write to a run folder while no other process does; it is made where it is not there.

    Raises:
        BlockingIOError: another process does.
    """
    with claimed(folder / LOCK) as mine:
        if not mine:
            raise BlockingIOError(
                f"expected {folder} to be filled by one process at a time, found another at work there; wait until it "
                "is done, or choose another --out"
            )
        try:
            yield
        finally:
            with suppress(OSError):  # some systems keep files that are open
                (folder / LOCK).unlink()  # while it is held: who opened it meanwhile sees that it has no name


def first_free(folder: Path) -> Path:
    """The folder, or where that is taken the first free one of NAME-2 and on."""
    free, count = folder, 1
    while free.exists():
        count += 1
        free = folder.with_name(f"{folder.name}-{count}")
    return free


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file by rename."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, content: object) -> None:
    """Write indented JSON by rename; infinite and missing numbers are refused."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomic(path, as_utf8(text))


def as_utf8(text: str) -> bytes:
    """Text as bytes of a file; what stands in a file name for bytes that are no text is escaped, as in JSON."""
    return text.encode(errors="backslashreplace")


def check_unpacked(path: Path, num_bytes: int) -> None:
    """Refuse a file that is made to fill the memory when it is unpacked.

    Raises:
        ValueError: it is larger than `BOMB_BYTES` by then, and `BOMB_TIMES` as large as it is packed.
    """
    packed = path.stat().st_size
    if num_bytes > max(BOMB_BYTES, BOMB_TIMES * packed):
        raise ValueError(
            f"{num_bytes} bytes in a file of {packed}, which is likely made to fill the memory; if it is not, save it "
            "without compression"
        )


def check_zip(path: Path) -> None:
    """`check_unpacked` of what a zip archive says of itself; other files pass.

    Raises:
        ValueError: from there.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            check_unpacked(path, sum(member.file_size for member in archive.infolist()))


def read_json(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, is nested too deep to be read, or holds something else than an object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"expected JSON in {path}, found what cannot be read as such ({error}); put a whole copy in its place, or "
            "make it anew"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(
            f"expected an object in {path}, found {type(content).__name__}; put a whole copy in its place, or make it "
            "anew"
        )
    return content
