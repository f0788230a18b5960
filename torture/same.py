"""The same seed gives the same bits: in another process, with other numbers of workers, and with --resume (see kill).

Another number of PyTorch's threads adds in another order, and bfloat16 rounds each product: there the figures agree
within a tolerance.
"""

import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from unittest import mock

import torch

from narrows.results import Run, open_run
from torture.disk import own_cache, paint
from torture.folder import differences
from torture.process import SMALL, finish, prepare, unbroken
from torture.record import Row, asked_count, tell, write_record

THREADS_TOLERANCE = 1e-3
"""Relative, of a test error: other orders of adding change the last bit of a sum, and training lets that grow."""
PRECISION_TOLERANCE = 0.05
"""Relative: bfloat16 keeps 8 bits of a product, in training alone."""
PROMISE = (
    "The same seed on the same machine gives the same bits, in every process and with any number of workers. With "
    f"another number of PyTorch's threads every test error stays within {THREADS_TOLERANCE:.1%}, in bfloat16 within "
    f"{PRECISION_TOLERANCE:.0%}."
)
WORKERS = (1, 2, 3, 16)
THREADS = (2, 3, 4)


def main() -> None:
    """Run again and otherwise; keep the counts."""
    count, started = asked_count(__doc__, 5), time.perf_counter()
    prepare(30.0)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        whole = unbroken(scratch)
        rows = [again(scratch, whole, count), workers(scratch, count)]
        rows += [threads(scratch, whole), precision(scratch, whole)]
    write_record("same", PROMISE, rows, time.perf_counter() - started)


def again(scratch: Path, whole: Path, count: int) -> Row:
    """The same run in other processes."""
    what, failed = "the same run in another process: same bits", 0
    for done in range(1, count + 1):
        folder = scratch / "again"
        finish([*SMALL, "--out", str(folder)])
        failed += bool(differences(whole, folder))
        shutil.rmtree(folder)
        tell(what, done, count)
    return Row(what, count, failed)


def with_workers(cache: Path, number: int) -> None:
    """Decode pictures with so many threads, into a cache of its own, in this process."""
    own_cache(cache)
    mock.patch("narrows.data.threads.ThreadPoolExecutor", side_effect=lambda _: ThreadPoolExecutor(number)).start()


def workers(scratch: Path, count: int) -> Row:
    """A run on a folder of pictures that 1 to 16 threads decode."""
    photos, first = scratch / "photos", scratch / "1"
    paint(photos)
    words = ["run", "quickstart", "--set", f"data={photos}", "--set", "training.epochs=2", "--precision", "float32"]
    failed, numbers = 0, WORKERS[: max(2, count)]
    for done, number in enumerate(numbers, start=1):
        folder = scratch / str(number)
        finish([*words, "--out", str(folder)], partial(with_workers, scratch / f"cache-{number}", number))
        failed += bool(differences(first, folder))
        tell("workers", done, len(numbers))
    said = ", ".join(map(str, numbers))
    return Row("a folder decoded by another number of workers: same bits", len(numbers), failed, f"{said} workers")


def errors(run: Run) -> dict[str, float]:
    """The squared error of each arm on the test split."""
    return {arm: run.mean(arm, "squared_error", split="test") for arm in run.arms()}


def furthest(whole: Path, folder: Path) -> float:
    """The largest relative distance between two runs' test errors."""
    one, two = errors(open_run(whole)), errors(open_run(folder))
    return max(abs(two[arm] / error - 1) for arm, error in one.items() if error)


def within(what: str, distances: list[float], tolerance: float) -> Row:
    """A row of runs whose errors are to be close."""
    failed = sum(not distance <= tolerance for distance in distances)
    return Row(what, len(distances), failed, f"furthest {max(distances):.1e}, allowed {tolerance:.1e}")


def threads(scratch: Path, whole: Path) -> Row:
    """The same run with more of PyTorch's threads."""
    distances = []
    for done, number in enumerate(THREADS, start=1):
        folder = scratch / f"threads-{number}"
        finish([*SMALL, "--out", str(folder)], partial(torch.set_num_threads, number))
        distances.append(furthest(whole, folder))
        tell("threads", done, len(THREADS))
    return within("another number of PyTorch's threads: test errors", distances, THREADS_TOLERANCE)


def precision(scratch: Path, whole: Path) -> Row:
    """The same run with matrix products in bfloat16."""
    folder = scratch / "bfloat16"
    words = ["bfloat16" if word == "float32" else word for word in SMALL]
    finish([*words, "--out", str(folder)])
    return within("bfloat16 in place of float32: test errors", [furthest(whole, folder)], PRECISION_TOLERANCE)


if __name__ == "__main__":
    main()
