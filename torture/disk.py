"""A disk that is full, too small, read-only or gone, and two runs in one folder.

Each is one clear sentence with exit status 2, leaves no file that its reader refuses, and once the disk is right again
the run goes on to the bits of an unbroken one. Full and read-only disks are real ones in memory where mounting is
allowed (Linux, as root); else a full disk is the error of one alone, and what is read-only is left out.
"""

import errno
import itertools
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from torture.folder import broken_files, differences, whole_files
from torture.process import SMALL, Process, finish, go_on, is_sentence, prepare, start, unbroken
from torture.record import Row, asked_count, tell, write_record

PROMISE = (
    "A full disk, a limit on file size, a read-only folder, pictures that vanish and a second run in one folder end in "
    "one sentence and exit status 2; no file is corrupt, and the run goes on once the fault is gone."
)
SAVE_SECONDS = 0.05


def main() -> None:
    """Fill disks, limit, lock, take away; keep the counts."""
    count, started = asked_count(__doc__, 20), time.perf_counter()
    prepare(SAVE_SECONDS)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        whole = unbroken(scratch)
        rows = [full_write(scratch, whole, count), limited(scratch, whole, count)]
        if may_mount(scratch):
            rows += [full_disk(scratch, whole, count), read_only(scratch, whole)]
        rows += [vanished_amid_reading(scratch), vanished_amid_training(scratch), second_run(scratch, whole)]
    write_record("disk", PROMISE, rows, time.perf_counter() - started)


def counted(what: str, wrong: list[list[str]], note: str = "") -> Row:
    """A row from what went wrong in each trial."""
    for failures in wrong:
        for failure in failures:
            tell(f"{what}: {failure}", 1, 1)
    return Row(what, len(wrong), sum(bool(failures) for failures in wrong), note)


def judged(process: Process, folder: Path, whole: Path, *found: str) -> list[str]:
    """What a run on a broken disk, and then one on a right disk, did wrong; nothing where it had room enough."""
    if process.status == 0:
        return differences(whole, folder)
    wrong = [] if is_sentence(process, *found) else [f"status {process.status}: {process.text}"]
    return wrong + (broken_files(folder) if folder.exists() else [])


def completed(folder: Path, whole: Path) -> list[str]:
    """What is wrong with a run that goes on to its end."""
    process = go_on(folder)
    return [f"--resume: status {process.status}: {process.text}"] if process.status else differences(whole, folder)


def failing_sync(fatal: int) -> None:
    """Let the disk be full at one write and after, in this process."""
    sync, calls = os.fsync, itertools.count(1)

    def full(handle: int) -> None:
        if next(calls) >= fatal:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    mock.patch.object(os, "fsync", full).start()


def full_write(scratch: Path, whole: Path, count: int) -> Row:
    """The system says at some write that no space is left."""
    what, most = "no space left at one write of a run, by the error alone", len(whole_files(whole))
    wrong = []
    for done in range(1, count + 1):
        folder = scratch / f"error-{done}"
        process = finish([*SMALL, "--out", str(folder)], partial(failing_sync, 1 + (done - 1) * most // count))
        wrong.append(judged(process, folder, whole, "no space left on device") + completed(folder, whole))
        tell(what, done, count)
        shutil.rmtree(folder)
    return counted(what, wrong)


def limit_files(size: int) -> None:
    """No file of this process may be larger."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def limited(scratch: Path, whole: Path, count: int) -> Row:
    """No file may be larger than some size, from less than the smallest to nearly the largest."""
    what, wrong = "a limit on the size of files", []
    sizes = sorted(path.stat().st_size for path in whole_files(whole))
    for done in range(1, count + 1):
        folder = scratch / f"limit-{done}"
        size = sizes[(done - 1) * len(sizes) // count] - 1
        process = finish([*SMALL, "--out", str(folder)], partial(limit_files, size))
        wrong.append(judged(process, folder, whole, "file too large") + completed(folder, whole))
        tell(what, done, count)
        shutil.rmtree(folder)
    return counted(what, wrong)


def mount(*words: str) -> None:
    """Call mount, or what else is told."""
    subprocess.run(words, check=True, capture_output=True)


@contextmanager
def disk(place: Path, size: int) -> Iterator[Path]:
    """A disk in memory of so many bytes."""
    place.mkdir()
    mount("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        yield place
    finally:
        mount("umount", str(place))
        place.rmdir()


def may_mount(scratch: Path) -> bool:
    """Whether disks can be made here."""
    try:
        with disk(scratch / "trial", 2**20):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def full_disk(scratch: Path, whole: Path, count: int) -> Row:
    """Real disks from nearly empty to nearly large enough."""
    what, wrong = "a disk in memory that is too small", []
    size = sum(path.stat().st_size for path in whole_files(whole))
    for done in range(1, count + 1):
        with disk(scratch / "small", 4096 * max(4, size * done // count // 4096)) as place:
            folder = place / "run"
            process = finish([*SMALL, "--out", str(folder)])
            found = judged(process, folder, whole, "no space left on device")
            mount("mount", "-o", f"remount,size={10 * size}", str(place))
            wrong.append(found + completed(folder, whole))
        tell(what, done, count)
    return counted(what, wrong)


def read_only(scratch: Path, whole: Path) -> Row:
    """A disk that may not be written, which binds root too: for a new run, for one that goes on, for other verbs."""
    wrong = []
    with disk(scratch / "locked", 10 * sum(path.stat().st_size for path in whole_files(whole))) as place:
        part, done = place / "part", place / "done"
        process = start([*SMALL, "--out", str(part)])
        process.wait(until=(part / "history.csv").exists)
        process.strike(signal.SIGKILL)
        shutil.copytree(whole, done)
        mount("mount", "-o", "remount,ro", str(place))
        for words in (
            [*SMALL, "--out", str(place / "new")],
            [*SMALL, "--out", str(part), "--resume"],
            [*SMALL, "--out", str(done), "--overwrite"],
            ["report", str(done)],
            ["evaluate", f"{done}/improved-code-8-0", "digits"],
        ):
            process = finish(words)
            wrong.append([] if is_sentence(process, "read-only") else [f"{words}: {process.status} {process.text}"])
        wrong.append(differences(whole, done))
        mount("mount", "-o", "remount,rw", str(place))
        wrong.append(broken_files(part) + completed(part, whole))
    return counted("a read-only disk", wrong, "new, resumed and replaced runs, report, evaluate; then what they left")


def paint(folder: Path, count: int = 60) -> None:
    """A folder of small pictures."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(count):
        pixels = generator.integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03}.png")


def own_cache(place: Path) -> None:
    """Keep decoded pictures in a scratch folder, in this process."""
    mock.patch("narrows.data.cache.cache_folder", return_value=place).start()


def vanishing(folder: Path, cache: Path, reader: str, after: int) -> None:
    """Rename a folder when so many of its pictures have been read, in this process."""
    import narrows.data.cache as module

    own_cache(cache)
    read: Callable[..., object] = getattr(module, reader)
    calls = itertools.count(1)

    def reading(*words: object, **named: object) -> object:
        if next(calls) == after:
            folder.rename(folder.with_name("gone"))
        return read(*words, **named)

    mock.patch.object(module, reader, reading).start()


def vanished_amid_reading(scratch: Path) -> Row:
    """The folder of pictures goes while they are looked at, or decoded; it comes back, and nothing is missing."""
    wrong = []
    for reader, after in itertools.product(("read_header", "read_picture"), (1, 2, 30, 60)):
        photos, cache, folder = scratch / "photos", scratch / "cache", scratch / "run"
        paint(photos)
        words = ["run", "quickstart", "--set", f"data={photos}", "--set", "training.epochs=1", "--out", str(folder)]
        process = finish(words, partial(vanishing, photos, cache, reader, after))
        found = [] if is_sentence(process, "gone") else [f"{reader} {after}: {process.status}: {process.text}"]
        found += ["an array is kept of what was not read"] * bool(list(cache.rglob("*.npy")))
        photos.with_name("gone").rename(photos)
        process = finish(words, partial(own_cache, cache))
        kept = [np.load(path).shape for path in cache.rglob("*.npy")]
        wrong.append(found + ([] if process.status == 0 and kept == [(60, 1, 8, 8)] else [f"then {process.text}"]))
        for place in (photos, cache, folder):
            shutil.rmtree(place)
    return counted("a folder of pictures vanishes while it is read", wrong)


def vanished_amid_training(scratch: Path) -> Row:
    """The folder of pictures goes while a network is trained; going on wants it back, then ends at the same bits."""
    photos, cache, whole, folder = (scratch / name for name in ("photos", "cache", "unbroken", "broken"))
    paint(photos)
    words = ["run", "quickstart", "--set", f"data={photos}", "--set", "training.epochs=200", "--precision", "float32"]
    finish([*words, "--out", str(whole)], partial(own_cache, cache))
    process = start([*words, "--out", str(folder)], partial(own_cache, cache))
    process.wait(until=lambda: bool(list(folder.rglob("state.safetensors"))))
    photos.rename(scratch / "gone")
    process.strike(signal.SIGKILL)
    refused = finish([*words, "--out", str(folder), "--resume"], partial(own_cache, cache))
    wrong = [] if is_sentence(refused, "photos") else [f"status {refused.status}: {refused.text}"]
    (scratch / "gone").rename(photos)
    resumed = finish([*words, "--out", str(folder), "--resume"], partial(own_cache, cache))
    wrong += [resumed.text] if resumed.status else differences(whole, folder)
    return counted("a folder of pictures vanishes while a network is trained", [wrong])


def second_run(scratch: Path, whole: Path) -> Row:
    """While a run fills a folder, every other way into it is refused; when it is killed, the next goes on at once."""
    wrong, folder = [], scratch / "shared"
    first = start([*SMALL, "--out", str(folder)])
    first.wait(until=lambda: bool(list(folder.rglob("model.json"))))
    for words, said in (
        (["--resume"], "one process at a time"),
        (["--overwrite"], "one process at a time"),
        ([], "found a run"),
    ):
        os.kill(first.pid, signal.SIGSTOP)
        second = finish([*SMALL, "--out", str(folder), *words])
        os.kill(first.pid, signal.SIGCONT)
        wrong.append([] if is_sentence(second, said) else [f"{words}: {second.status} {second.text}"])
    first.strike(signal.SIGKILL)
    wrong.append(completed(folder, whole))
    return counted(
        "a second run in a folder that one fills", wrong, "--resume, --overwrite, neither; then the first killed"
    )


if __name__ == "__main__":
    main()
