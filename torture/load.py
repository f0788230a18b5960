"""Many files, many epochs, many runs: all are there, in a time and a memory that are stated.

100 000 small pictures in one folder and in 10 000 folders; 1 000 epochs with memory and open files flat; a folder of
1 000 runs listed. --count is the number of pictures; epochs and runs are a hundredth of it.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from narrows.data import load
from narrows.data.folder import read_folder
from narrows.models import Dense
from narrows.objective import Objective
from narrows.training import Progress, StateFile, Training, fit
from torture.process import finish, prepare, set_save_seconds
from torture.record import Row, asked_count, tell, write_record

PROMISE = (
    "100 000 pictures in one folder or in 10 000 are all read, a training of 1 000 epochs takes no more memory or open "
    "files at its end than at its beginning, and a folder of 1 000 runs is listed in seconds."
)
FLAT_BYTES = 8_000_000
"""By which a training may grow between its 100th and its 1 000th epoch: the losses of each step are kept, about 200
bytes each."""
LISTED_SECONDS = 10.0


def main() -> None:
    """Read, train, list; keep the counts."""
    count, started = asked_count(__doc__, 100_000), time.perf_counter()
    prepare(30.0)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        rows = [pictures(scratch, count, 1), pictures(scratch, count, max(2, count // 10))]
        rows += [epochs(scratch, count // 100), runs(scratch, count // 100)]
    write_record("load", PROMISE, rows, time.perf_counter() - started)


def scatter(folder: Path, count: int, folders: int) -> None:
    """Write so many PNGs, each with its number in its pixels, evenly over so many folders."""
    for number in range(count):
        place = folder / f"{number % folders:05}" if folders > 1 else folder
        if number < folders:
            place.mkdir(parents=True)
        buffer = BytesIO()
        Image.fromarray(np.full((4, 4), number % 256, np.uint8)).save(buffer, "PNG")
        (place / f"{number:06}.png").write_bytes(buffer.getvalue())
        if number % 5000 == 0:
            tell(f"writing into {folders}", number, count)


def apart(work: Callable[[], dict[str, float]]) -> dict[str, float]:
    """What a function finds in a process of its own, whose memory is its own too."""
    end, pipe = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(pipe, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(pipe)
    with os.fdopen(end, "rb") as file:
        content = file.read()
    os.waitpid(pid, 0)
    return dict(json.loads(content)) if content else {}


def pictures(scratch: Path, count: int, folders: int) -> Row:
    """Read a large folder, and once more from the cache."""
    folder, cache = scratch / "pictures", scratch / "cache"
    scatter(folder, count, folders)

    def read() -> dict[str, float]:
        began, before = time.perf_counter(), memory()
        found = read_folder(folder, cache=cache, on_progress=lambda label, done, total: told(label, done, total))
        numbers = [int(Path(name).stem) % 256 for name in found.files]
        wrong = int((found.pictures.images[:, 0, 0, 0] != np.array(numbers)).sum()) + abs(count - len(numbers))
        wrong += folders > 1 and len(found.class_names) != folders
        return {"wrong": wrong, "seconds": time.perf_counter() - began, "bytes": memory() - before}

    first, second = apart(read), apart(read)
    shutil.rmtree(folder)
    shutil.rmtree(cache)
    note = (
        f"{first['seconds']:.0f} s, from the cache {second['seconds']:.0f} s; "
        f"{max(first['bytes'], second['bytes']) / 1e6:.0f} MB of memory"
    )
    where = "one folder" if folders == 1 else f"{folders:,} folders".replace(",", " ")
    return Row(f"pictures in {where} read", count, int(first["wrong"] + second["wrong"]), note)


def told(label: str, done: int, total: int) -> None:
    """Progress now and then."""
    if done % 5000 == 0:
        tell(label, done, total)


def memory() -> int:
    """The most bytes that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def held() -> tuple[int, int]:
    """Bytes in memory now, and open files."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd"))


def epochs(scratch: Path, count: int) -> Row:
    """A long training in miniature, its state saved at every step."""
    set_save_seconds(0.0)
    early, late = count // 10, count - 1

    def train() -> dict[str, float]:
        digits = load("digits").few(64, 16)
        seen: dict[int, tuple[int, int]] = {}

        def note(progress: Progress) -> None:
            if progress.epoch in (early, late):
                seen[progress.epoch] = held()
            if progress.step % 100 == 0:
                tell("epochs", progress.epoch, count)

        fit(
            Dense((16,), 4).build(digits.image_shape),
            digits,
            Objective(),
            training=Training(epochs=count, batch_size=64),
            state=StateFile(scratch / "state.safetensors"),
            on_progress=note,
        )
        return {"bytes": seen[late][0] - seen[early][0], "files": seen[late][1] - seen[early][1]}

    grown = apart(train)
    failed = not grown or grown["bytes"] > FLAT_BYTES or grown["files"] > 0
    note = (
        f"from epoch {early} on {grown['bytes'] / 1e6:.1f} MB and {grown['files']:.0f} open files more" if grown else ""
    )
    return Row("epochs of one training with flat memory and open files", count, int(failed), note)


def runs(scratch: Path, count: int) -> Row:
    """List a folder of many runs, each a copy of a small one."""
    first, folder = scratch / "run", scratch / "runs"
    assert finish(["run", "quickstart", "--quick", "--out", str(first)]).status == 0
    for number in range(count):
        place = folder / f"{number:04}"
        place.mkdir(parents=True)
        for name in ("experiment.json", "environment.json", "results.csv", "history.csv", "findings.json"):
            shutil.copyfile(first / name, place / name)
    began = time.perf_counter()
    command = [sys.executable, "-m", "narrows", "list", "--runs", str(folder), "--json"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["runs"]
    seconds = time.perf_counter() - began
    good = sum(row["state"] == "quick" and row["squared_error"] > 0 for row in listed)
    failed = count - good if seconds < LISTED_SECONDS else count
    return Row("runs of one folder listed", count, failed, f"{seconds:.1f} s, start of Python included")


if __name__ == "__main__":
    main()
