"""Memory of training on a mapped file larger than memory should hold, and the cost of a picture as sets grow."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from networks import DENSE, GREY, build, whole
from turns import Figures, How, in_turns, record, seconds_of

from narrows.objective import Objective
from narrows.training import Training, fit

BYTES = 4 * 10**9
COUNTS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
STATUS = Path("/proc/self/status")


def measure(how: How) -> dict[str, Any]:
    """Peak anonymous memory in a process of its own, and microseconds a picture by the number of pictures."""
    numbers = int(np.prod(GREY))
    counts = how.count(1, 0) * COUNTS or (500, 1000)
    path = how.scratch / "pictures.npy"
    write_pictures(path, how.count(BYTES // numbers, 2000))
    done = subprocess.run([sys.executable, __file__, str(path)], capture_output=True, text=True, check=True)
    before, peak = (float(word) for word in done.stdout.split())

    def train(count: int) -> Callable[[int], Figures]:
        images = np.load(path, mmap_mode="c")[:count]
        return lambda _: {"microseconds": 1e6 * seconds_of(lambda: fit_once(images)) / count}

    rounds = in_turns({str(count): train(count) for count in counts}, how.count(3, 1))
    return {"file_bytes": path.stat().st_size, "megabytes_before": before, "megabytes_peak": peak, "rounds": rounds}


def write_pictures(path: Path, count: int) -> None:
    """Random pictures, a piece at a time."""
    images = np.lib.format.open_memmap(path, "w+", np.uint8, (count, *GREY))
    generator = np.random.default_rng(0)
    for start in range(0, count, 10_000):
        piece = images[start : start + 10_000]
        piece[:] = generator.integers(0, 256, piece.shape, dtype=np.uint8)
    images.flush()


def fit_once(images: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    """One epoch."""
    fit(build(DENSE, GREY, 0), whole(images), Objective("mse"), training=Training(epochs=1))


def anonymous_megabytes() -> float:
    """Memory of this process that is no file's, as Linux counts it."""
    (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith("RssAnon")]
    return int(line.split()[1]) / 1000


def watch_training(path: Path) -> tuple[float, float]:
    """Anonymous megabytes before an epoch on a mapped file, and the most during it."""
    before = anonymous_megabytes()
    found, finished = [before], threading.Event()

    def watch() -> None:
        while not finished.wait(0.05):
            found.append(anonymous_megabytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    fit_once(np.load(path, mmap_mode="c"))
    finished.set()
    watcher.join()
    return before, max(found)


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].endswith(".npy"):
        print(*watch_training(Path(sys.argv[1])))
    else:
        record("memory", measure)
