"""Files that are never seen half-written."""

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BOMB_BYTES, BOMB_TIMES = 2**30, 200
"""Photographs hardly shrink, and line drawings to a hundredth; zeros shrink to a thousandth."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary neighbour to write; it takes the name `path` at the end, and vanishes if anything is raised."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # mkstemp's files are their owner's only
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
    # a file's name may hold bytes that are no text: their stand-ins become JSON's own escapes
    write_atomic(path, text.encode(errors="backslashreplace"))


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
