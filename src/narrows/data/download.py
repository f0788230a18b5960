"""Official files from their mirrors to the data root: the only place that uses the network, and only when called."""

import glob
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from narrows.data.catalogue import find_entry
from narrows.data.official import Archive, File, data_root, find, md5_of
from narrows.data.picture import Progress, say_nothing
from narrows.data.unpack import unpack
from narrows.files import ABANDONED_SECONDS, remove_untouched, replacing

ROUNDS = 2
"""How often a mirror that does not answer is tried."""
PAUSE_SECONDS = 2.0
"""Between two rounds."""
TIMEOUT_SECONDS = 30
"""How long a mirror may stay silent."""
UNPACKING = ".unpacking-"
"""How a folder's name begins in which an archive is being unpacked."""


def download(name: str, root: str | Path | None = None, on_progress: Progress | None = None) -> Path:
    """Fetch the official files of a set that are missing or have another MD5; the data root they are in.

    A file takes its name only when it is whole and its MD5 is right. An archive is unpacked and not kept; one that
    was put into the root by hand is unpacked from there.

    Args:
        name: of the catalogue.
        root: the data root; by default NARROWS_DATA, else a folder in the user's cache.
        on_progress: told of the bytes of every file and of the files of every archive.

    Raises:
        ValueError: no such set, or an archive holds what could leave its folder.
        ConnectionError: every mirror failed; the sentence says how, and where to put the file by hand.
    """
    entry, folder, progress = find_entry(name), data_root(root), on_progress or say_nothing
    for file in entry.files:
        if not _stands(folder, file):
            _fetch(folder / file.path, file.md5, file.mirrors, progress)
    if entry.archive and not all(_stands(folder, file) for file in entry.archive.files):
        _fetch_archive(folder, entry.archive, progress)
    return folder


@dataclass
class _Bar:
    """What pooch takes for a progress bar, in front of a callback."""

    label: str
    on_progress: Progress
    total: int = 0
    done: int = 0

    def update(self, size: int) -> None:
        self.done += size
        self.on_progress(self.label, self.done, self.total)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        """Nothing to close."""


def _stands(root: Path, file: File) -> bool:
    found = find(root, file)
    return found is not None and (not found[1] or md5_of(found[0]) == found[1])


def _fetch(path: Path, md5: str, mirrors: tuple[str, ...], on_progress: Progress) -> None:
    # what a killed download left; the data root is the user's, so only what goes by one of a download's own names
    remove_untouched(path.parent.glob(f".{glob.escape(path.name)}.????????"), ABANDONED_SECONDS)
    failures: dict[str, str] = {}
    left = list(mirrors)
    for attempt in range(ROUNDS):
        if attempt and left:
            time.sleep(PAUSE_SECONDS)
        for address in tuple(left):
            try:
                with replacing(path) as temporary:
                    _retrieve(address, temporary, _Bar(path.name, on_progress))
                    if (found := md5_of(temporary)) != md5:
                        raise ValueError(f"md5 {found}")
                return
            except OSError as error:
                failures[address] = " ".join(str(error).split())
            except ValueError as error:  # another file than the official one: asking again gives the same
                failures[address] = str(error)
                left.remove(address)
    tried = "; ".join(f"{address} ({reason})" for address, reason in failures.items())
    raise ConnectionError(
        f"expected {path.name} with md5 {md5} from a mirror, found none that gives it: {tried}; "
        f"try again later, or get the file elsewhere and put it at {path}"
    )


def _retrieve(address: str, path: Path, bar: _Bar) -> None:
    import pooch  # brings requests along, which only a download needs

    fetch = pooch.HTTPDownloader(progressbar=bar, chunk_size=2**20, timeout=TIMEOUT_SECONDS)
    fetch(address, path, None)


def _fetch_archive(root: Path, archive: Archive, on_progress: Progress) -> None:
    packed = root / archive.name
    by_hand = packed.is_file() and md5_of(packed) == archive.md5
    if not by_hand:
        _fetch(packed, archive.md5, archive.mirrors, on_progress)
    remove_untouched(root.glob(f"{UNPACKING}*"), ABANDONED_SECONDS)
    # Beside its final place, so that moving is renaming.
    with tempfile.TemporaryDirectory(dir=root, prefix=UNPACKING) as folder:
        unpacked = Path(folder)
        unpack(packed, unpacked, archive.folders, on_progress)
        for wanted in archive.folders:
            for file in sorted((unpacked / wanted).rglob("*")):
                if file.is_file():
                    target = root / file.relative_to(unpacked)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    file.replace(target)
    if not by_hand:
        packed.unlink()
