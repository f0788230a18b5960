"""The run folder as it is being filled: what is done, and what is added, file by atomic file."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from narrows.evaluation import Figure
from narrows.results import HistoryRow, Result, read_rows, slug, write_arrays, write_rows
from narrows.training import History


def choose_folder(name: str, out: Path | None, *, overwrite: bool, resume: bool) -> Path:
    """The run folder to fill: `out`, or the first free one of runs/NAME, runs/NAME-2 and on.

    Raises:
        FileExistsError: it holds something, and neither `overwrite` nor `resume` was asked for; or what is to be
            overwritten is no run.
        FileNotFoundError: there is no run to resume.
    """
    if out is None:
        out = Path("runs") / name
        count = 1
        while not (overwrite or resume) and out.exists():
            count += 1
            out = Path("runs") / f"{name}-{count}"
    is_run = (out / "experiment.json").is_file()
    if resume and not is_run:
        raise FileNotFoundError(f"expected a run to resume in {out}, found none; leave --resume out to start one")
    if not out.exists() or (out.is_dir() and not any(out.iterdir())) or resume:
        return out
    if not overwrite:
        held = "a run" if is_run else "something else"
        raise FileExistsError(
            f"expected a new or empty output folder, found {held} in {out}; "
            f"choose another --out{', or --resume or --overwrite it' if is_run else ''}"
        )
    if not is_run:
        raise FileExistsError(f"expected a run to overwrite in {out}, found other files; choose another --out")
    shutil.rmtree(out)
    return out


class Ledger:
    """results.csv and history.csv, which grow by one arm and seed at a time.

    An arm's rows are written last, after its model and arrays, so that rows mean that it is done.
    """

    def __init__(self, folder: Path, experiment: str) -> None:
        self.folder = folder
        self.experiment = experiment
        self.results = read_rows(folder / "results.csv", Result)
        self.history = read_rows(folder / "history.csv", HistoryRow)

    def has(self, arm: str, seed: int) -> bool:
        """Whether an arm's figures stand already."""
        return any((row.arm, row.seed) == (arm, seed) for row in self.results)

    def model_folder(self, arm: str, seed: int) -> Path:
        """Where its model lies."""
        return self.folder / "models" / slug(arm, seed)

    def write_arrays(self, arm: str, seed: int, evaluation: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """The arrays of one evaluation; nothing where there are none."""
        if arrays:
            write_arrays(self.folder / "arrays" / slug(arm, seed) / f"{evaluation}.npz", arrays)

    def add(self, arm: str, seed: int, figures: Sequence[tuple[str, Figure]], history: History) -> None:
        """One arm's figures, with their splits, and its losses."""
        self.history = [row for row in self.history if (row.arm, row.seed) != (arm, seed)]
        self.history += [HistoryRow(arm, seed, *entry) for entry in history]
        self.results += [
            Result(
                self.experiment,
                arm,
                seed,
                figure.evaluation,
                figure.condition,
                split,
                figure.metric,
                figure.value,
                figure.n,
            )
            for split, figure in figures
        ]
        write_rows(self.folder / "history.csv", HistoryRow, self.history)
        write_rows(self.folder / "results.csv", Result, self.results)
