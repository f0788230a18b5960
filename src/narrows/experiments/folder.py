"""The run folder as it is being filled: what is asked, what is done, and what is added, file by atomic file."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from narrows.evaluation import Figure
from narrows.experiments.describe import completed
from narrows.files import LOCK, alone_in, first_free, remove_temporary, write_json
from narrows.results import ADDED, HistoryRow, Reported, Result, open_run, read_rows, slug, write_arrays, write_rows
from narrows.training import History, StateFile

DESCRIPTION = "experiment.json"


def default_folder(name: str, *, again: bool) -> Path:
    """runs/NAME, or where that stands already and is not meant again, the first free one of runs/NAME-2 and on."""
    folder = Path("runs") / name
    return folder if again else first_free(folder)


@contextmanager
def claim_folder(folder: Path, *, overwrite: bool, resume: bool) -> Iterator[None]:
    """Fill a run folder that is still what is meant, alone.

    Raises:
        BlockingIOError: another process fills it.
        FileExistsError: as `check_folder`.
        FileNotFoundError: as `check_folder`.
    """
    with alone_in(folder):
        check_folder(folder, overwrite=overwrite, resume=resume)  # it may have been filled while data were read
        yield


def check_folder(folder: Path, *, overwrite: bool, resume: bool) -> None:
    """Refuse a run folder that is not what is meant; nothing is changed yet.

    Raises:
        FileExistsError: it holds something, and neither `overwrite` nor `resume` was asked for; or what is to be
            overwritten is no run.
        FileNotFoundError: there is no run to resume.
    """
    is_run = (folder / DESCRIPTION).is_file()
    if resume and not is_run:
        raise FileNotFoundError(f"expected a run to resume in {folder}, found none; leave --resume out to start one")
    if resume or not folder.exists() or (folder.is_dir() and all(map(half_written, folder.iterdir()))):
        return
    if not is_run:
        raise FileExistsError(f"expected a new or empty output folder, found other files in {folder}; choose another")
    if not overwrite:
        raise FileExistsError(
            f"expected a new or empty output folder, found a run in {folder}; "
            f"go on with --resume, replace it with --overwrite, or choose another --out"
        )


def half_written(path: Path) -> bool:
    """Whether a file is what a run leaves that was struck before or while it wrote its first one."""
    return path.name == LOCK or path.name.startswith(f".{DESCRIPTION}.")


def begin(folder: Path, description: dict[str, Any], *, resume: bool) -> float:
    """Write what is asked, or check that the run to resume asks the same; returns the seconds it took so far.

    More seeds than before may be asked: those that are there stay.

    Raises:
        ValueError: it asks something else.
    """
    seconds = 0.0
    if resume:
        run = open_run(folder)
        arms = [completed(arm) for arm in run.experiment["arms"]]
        before, now = without_seeds({**run.experiment, "arms": arms}), without_seeds(description)
        differing = [key for key in now if before.get(key) != now[key]]
        if description["seeds"] < run.experiment.get("seeds", 0):
            differing.append("seeds")
        if differing:
            raise ValueError(
                f"expected the same experiment, data and settings as in {folder}, found others in "
                f"{', '.join(differing)}; repeat the first command with --resume, or choose another --out"
            )
        seconds = float(run.environment.get("seconds", 0.0))
        remove_temporary(folder)
        if run.environment:  # before more is asked than is there
            write_json(folder / "environment.json", run.environment | {"finished": False})
    elif folder.exists():
        empty(folder)
    write_json(folder / DESCRIPTION, description)
    write_rows(folder / "reported.csv", Reported, reported_rows(description["name"], description["data"]["split"]))
    return seconds


def empty(folder: Path) -> None:
    """Delete all but the description, which the new one replaces: struck amid this, the run is one without figures."""
    (folder / "results.csv").unlink(missing_ok=True)  # first: without figures no run is finished
    for path in list(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in (DESCRIPTION, LOCK):
            path.unlink()


def without_seeds(description: dict[str, Any]) -> dict[str, Any]:
    """All that a run asks, but for how often."""
    arms = [{**arm, "seeds": []} for arm in description["arms"]]
    return {**description, "seeds": 0, "arms": arms}


def reported_rows(name: str, split: str) -> list[Reported]:
    """What the source reports state of an experiment, in conditions as a run writes them.

    Figures on this run's own split need none to say so, and on a report's own data its column says so.
    """
    rows = read_rows(Path(__file__).with_name("reported.csv"), Reported)
    return [
        row._replace(
            condition=" ".join(
                part for part in row.condition.split() if part not in (f"splits={split}", f"data={row.data}")
            )
        )
        for row in rows
        if row.experiment == name
    ]


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
        """Whether an arm's figures stand already; what was added to a finished run tells nothing of that."""
        return any((row.arm, row.seed) == (arm, seed) and row.evaluation not in ADDED for row in self.results)

    def model_folder(self, arm: str, seed: int) -> Path:
        """Where its model lies."""
        return self.folder / "models" / slug(arm, seed)

    def state(self, arm: str, seed: int) -> StateFile:
        """Its training's state, until it is done."""
        return StateFile(self.model_folder(arm, seed) / "state.safetensors")

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
