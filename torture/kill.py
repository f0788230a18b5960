"""A run that is stopped at any moment goes on and ends at the same bits.

kill -9, Ctrl-C and terminate at random moments over a whole small run; and a stop at every single write and deletion,
with the file that is being written cut in half. Then --resume, and every file is compared with an unbroken run's.
"""

import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from narrows.experiments.experiment import Experiment
from narrows.experiments.index import load_experiment
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.experiments.settings import change_experiment
from narrows.files import LOCK, TEMPORARY
from torture.folder import broken_files, differences, phase, was_writing
from torture.process import SMALL, finish, go_on, prepare, start, unbroken
from torture.record import Row, asked_count, tell, write_record

PROMISE = (
    "A run that is killed, interrupted or told to terminate at any moment leaves no half-written file, is known as "
    "not finished, and goes on with --resume to the same weights and figures, bit for bit."
)
SAVE_SECONDS = 0.05
"""Between two states, so that every second kill of a training falls near one."""


def main() -> None:
    """Kill, interrupt, terminate, stop at each write; keep the counts."""
    count, started = asked_count(__doc__, 50), time.perf_counter()
    prepare(SAVE_SECONDS)
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as scratch:
        rows = struck_rows(Path(scratch), count, chance)
        rows += write_rows(Path(scratch))
    write_record("kill", PROMISE, rows, time.perf_counter() - started)


def struck_rows(scratch: Path, count: int, chance: random.Random) -> list[Row]:
    """Signals at random moments: all the kills, a fifth as many of the others."""
    began = time.perf_counter()
    whole = unbroken(scratch)
    seconds = time.perf_counter() - began
    rows = []
    for number, times in ((signal.SIGKILL, count), (signal.SIGINT, count // 5), (signal.SIGTERM, count // 5)):
        phases: Counter[str] = Counter()
        writing, failures = 0, []
        unasked = {"training", "evaluating", "reporting"} if number == signal.SIGKILL else set()
        for done in range(1, times + 1):
            folder = scratch / f"{number.name}-{done}"
            where, wrong = struck(folder, number, chance, seconds)
            phases[where] += 1
            writing += was_writing(folder)
            wrong += broken_files(folder) if folder.exists() else []
            if where in unasked:
                unasked.remove(where)
                wrong += partial_answers(folder)
            wrong += resumed(folder, whole)
            failures += [f"{number.name} {done} while {where}: {each}" for each in wrong]
            tell(number.name, done, times)
            shutil.rmtree(folder, ignore_errors=True)
        report(failures)
        found = ", ".join(f"{many} while {name}" for name, many in phases.most_common())
        note = f"{found}; {writing} amid a write" if number == signal.SIGKILL else found
        failed = len({failure.partition(":")[0] for failure in failures})
        rows.append(Row(f"{number.name} at a random moment, then --resume", times, failed, note))
    return rows


def struck(folder: Path, number: signal.Signals, chance: random.Random, seconds: float) -> tuple[str, list[str]]:
    """Start a run and strike it at a moment of its time; what it was doing, and what it should have said and did not.

    A run that had ended is started anew. Ctrl-C and terminate come once there is a run to go on with.
    """
    while True:
        process = start([*SMALL, "--out", str(folder)])
        if number != signal.SIGKILL:
            process.wait(until=(folder / "experiment.json").exists)
        process.wait(chance.uniform(0, seconds))
        process.strike(number)
        if process.status == -signal.SIGKILL:
            return phase(folder), []
        if process.status != 0:
            break
        shutil.rmtree(folder)
    said = f"the same command with --resume --out {folder} goes on from here"
    wrong = [] if process.status == 130 and said in process.text else [f"status {process.status}, {process.text}"]
    return phase(folder), wrong


def partial_answers(folder: Path) -> list[str]:
    """What verbs say of a run that is not finished, where it is no sentence; a copy is asked, as one writes."""
    copy = folder.with_name(f"{folder.name}-copy")
    shutil.copytree(folder, copy)
    picture = copy.with_suffix(".png")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(picture)
    wrong = []
    for words in (
        ["doctor", str(copy)],
        ["report", str(copy)],
        ["apply", str(copy), str(picture), "--out", f"{copy}.out"],
    ):
        process = finish(words)
        if process.status not in (0, 1, 2) or "Traceback" in process.text or not process.text:
            wrong.append(f"{words[0]} ends with {process.status} and says {process.text!r}")
    page = (copy / "report.html").read_text(encoding="utf-8")
    if "This run is not finished" not in page and phase(folder) != "reporting":
        wrong.append("the report does not say that the run is not finished")
    return wrong


def resumed(folder: Path, whole: Path) -> list[str]:
    """In what a run that goes on to its end differs from the unbroken one."""
    process = go_on(folder)
    return [f"--resume ends with {process.status}: {process.text}"] if process.status else differences(whole, folder)


def write_rows(scratch: Path) -> list[Row]:
    """A stop at each write and deletion of a run, of seeds added to one, and of one replaced by another."""
    settings = ("arms=compared*", "model.widths=16", "training.epochs=1", "training.batch_size=512")
    experiment = change_experiment(load_experiment("quickstart"), settings)
    found = []
    for what, seeds, replaced in (("a run", 1, False), ("seeds added", 2, False), ("--overwrite", 1, True)):
        stops, failures = stopped_at_each_write(experiment, scratch / what.replace(" ", "-"), seeds, replaced=replaced)
        report(failures)
        failed = len({failure.partition(":")[0] for failure in failures})
        found.append(Row(f"a stop at each write or deletion, the file cut in half: {what}", stops, failed))
    return found


def stopped_at_each_write(
    experiment: Experiment, scratch: Path, seeds: int = 1, *, replaced: bool = False
) -> tuple[int, list[str]]:
    """Keep the folder as a stop at every moment would leave it, and go on from each; how many, and what went wrong.

    Args:
        experiment: what is run.
        scratch: a folder that is not there.
        seeds: of the run; with 2, one is there before.
        replaced: whether another run is there before, and is overwritten.
    """
    whole, stops = scratch / "whole", scratch / "stops"
    before = change_experiment(experiment, ["training.epochs=2"]) if replaced else experiment
    if seeds > 1 or replaced:
        run_experiment(before, RunSettings(whole), Nobody())
    with stopping(whole, stops):
        how = RunSettings(whole, seeds=seeds, overwrite=replaced, resume=seeds > 1)
        run_experiment(experiment, how, Nobody())
    failures = []
    left = sorted(stops.iterdir())
    for done, folder in enumerate(left, start=1):
        tell("stopped at each write", done, len(left))
        wrong = broken_files(folder) + resumed_here(experiment, folder, whole, seeds, replaced=replaced)
        failures += [f"{folder.name}: {each}" for each in wrong]
        shutil.rmtree(folder)
    return len(left), failures


def resumed_here(experiment: Experiment, folder: Path, whole: Path, seeds: int, *, replaced: bool) -> list[str]:
    """As `resumed`, in this process."""
    there = (folder / "experiment.json").is_file()
    how = RunSettings(folder, seeds=seeds, resume=there and not replaced, overwrite=replaced)
    try:
        run_experiment(experiment, how, Nobody())
    except Exception as error:  # whatever is raised is what is asked for
        return [f"{type(error).__name__}: {error}"]
    return differences(whole, folder)


@contextmanager
def stopping(folder: Path, stops: Path) -> Iterator[None]:
    """Before every renaming and deletion in a folder, copy it as a process that is killed there leaves it.

    What is being written is cut in half: the rename is what makes a file, so nothing may depend on it before.
    """

    def kept(act: Callable[..., object], name: str) -> Callable[..., object]:
        def wrapped(path: Path, *words: object, **named: object) -> object:
            if folder in path.parents and path.name != LOCK and not (name == "unlink" and is_temporary(path)):
                copy = stops / f"{len(list(stops.iterdir())) + 1:04}-{name}-{path.name}"
                shutil.copytree(folder, copy)
                (copy / LOCK).touch()
                if is_temporary(path):
                    half = copy / path.relative_to(folder)
                    half.write_bytes(half.read_bytes()[: path.stat().st_size // 2])
            return act(path, *words, **named)

        return wrapped

    stops.mkdir(parents=True)
    with (
        mock.patch.object(Path, "replace", kept(Path.replace, "replace")),
        mock.patch.object(Path, "unlink", kept(Path.unlink, "unlink")),
    ):
        yield


def is_temporary(path: Path) -> bool:
    """Whether a name is one of those that go unseen."""
    return TEMPORARY.fullmatch(path.name) is not None


def report(failures: Sequence[str]) -> None:
    """What went wrong, on standard error."""
    for failure in failures:
        sys.stderr.write(f"\n{failure}")


if __name__ == "__main__":
    main()
