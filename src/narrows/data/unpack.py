"""Tar archives unpacked so that nothing of them can land, or point, outside a folder."""

import lzma
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from narrows.data.picture import Progress


def unpack(packed: Path, target: Path, folders: tuple[str, ...], on_progress: Progress) -> None:
    """Write the files of the wanted folders of a tar archive, plain or compressed, below `target`.

    Bytes are copied under names that were looked at; owners, modes and links are never taken over. (The `data` filter
    of Python's tarfile does the same, but came only with 3.11.4.)

    Args:
        packed: the archive.
        target: an existing folder.
        folders: names inside the archive, each with a slash at its end.
        on_progress: told of every file; how many there will be is not known.

    Raises:
        ValueError: a wanted member is no plain file or larger than the disk has room for, any name leads out of the
            archive, or it breaks off.
    """
    try:
        _unpack(packed, target, folders, on_progress)
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f"expected a whole archive in {packed}, found a broken one ({error}); get it again") from error


def _unpack(packed: Path, target: Path, folders: tuple[str, ...], on_progress: Progress) -> None:
    done = 0
    with tarfile.open(packed) as archive:
        for member in archive:
            path = PurePosixPath(member.name)  # drops a leading ./
            if path.is_absolute() or ".." in path.parts:
                raise _refused(packed, member, "a name that leads out of the archive")
            if member.isdir() or not str(path).startswith(folders):
                continue
            source = archive.extractfile(member) if member.isreg() else None
            if source is None:
                raise _refused(packed, member, "a link or device")
            if member.size > shutil.disk_usage(target).free:
                raise _refused(packed, member, f"{member.size} bytes, more than the disk has room for")
            place = target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with source, place.open("xb") as file:
                shutil.copyfileobj(source, file)
            done += 1
            on_progress(f"unpacking {packed.name}", done, 0)


def _refused(packed: Path, member: tarfile.TarInfo, found: str) -> ValueError:
    return ValueError(
        f"expected plain files inside {packed.name}, found {found} ({member.name!r}); "
        "nothing was taken from it, delete the archive"
    )
