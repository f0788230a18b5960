"""Carry out a sweep, and write its one report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from narrows.data import Size
from narrows.data.picture import as_size
from narrows.experiments.index import EXPERIMENTS
from narrows.experiments.session import Nobody, RunSettings, Watcher
from narrows.jobs import Job, ModelName
from narrows.report.writing import write_page
from narrows.sweeps.axes import parse_axes
from narrows.sweeps.folder import begin_grid, begin_search, check_sweep_folder, identity, lock_of, read_description
from narrows.sweeps.page import Told, build_sweep_page
from narrows.sweeps.points import Point, ranked, write_points
from narrows.sweeps.search import open_study, require_optuna, search
from narrows.sweeps.subject import (
    Asked,
    Base,
    base_of,
    check_points,
    chosen_epochs,
    command,
    read_subject_data,
    sweep_command,
    undecided,
)
from narrows.sweeps.training import State, Sweeping, train_grid
from narrows.training.settings import choose_device


@dataclass(frozen=True)
class Sweep:
    """What a sweep found."""

    folder: Path
    """Holds report.html, points.csv, and the points' runs below points/."""
    points: tuple[Point, ...]
    """The best first; those that failed last."""
    num_missing: int
    """How many points other processes had not finished."""
    judge: str
    """The command that trains the best point and reads the test split; empty where every point failed."""

    @property
    def best(self) -> Point | None:
        """The point with the lowest error on validation; None where every point failed."""
        return self.points[0] if self.judge else None


def sweep(  # noqa: PLR0913  the words of the command line
    experiment_or_data: str | Path,
    out: str | Path,
    *,
    over: Sequence[str] = (),
    search: Sequence[str] = (),
    trials: int | None = None,
    storage: str = "",
    settings: Sequence[str] = (),
    corrupt: str = "",
    model: ModelName | None = None,
    code_size: int | None = None,
    size: int | Size | None = None,
    epochs: int | None = None,
    minutes: float | None = None,
    seeds: int = 1,
    device: str = "cpu",
    data_root: Path | None = None,
) -> Sweep:
    """Train an experiment, or a job on one's own pictures, at many settings: `narrows sweep` with the same words.

    Called again, it goes on: what is trained stays. Several processes may work on one folder, or share one study.

    Args:
        experiment_or_data: an experiment's name, or data as `train` takes them.
        out: the sweep's folder.
        over: paths with the values of a grid, as "model.code_size=8,16,32".
        search: paths with a range or values to search with Optuna, as "training.learning_rate=1e-4:1e-1".
        trials: how many points a search has.
        storage: where a search keeps its study: `sqlite:///study.db`, or a file; without it in `out`.
        settings: of all points, as "training.epochs=5"; of an experiment also "arms=improved*".
        corrupt: of data, as in `train`.
        model: of data.
        code_size: of data.
        size: of data.
        epochs: of data.
        minutes: of data.
        seeds: train each point with seeds 0 to this less 1.
        device: cpu, cuda, cuda:1 or mps.
        data_root: where the catalogue's files are.

    Raises:
        FileExistsError: `out` holds something else.
        FileNotFoundError: data are missing.
        ImportError: Optuna is not installed, and `search` is asked for.
        ValueError: words that make no sense, or another sweep is there.
    """
    words = Job(str(experiment_or_data), corrupt, model, code_size, as_size(size), epochs, minutes)
    asked, seeds = ask(words, over=over, search=search, trials=trials, storage=storage, settings=settings, seeds=seeds)
    how = RunSettings(Path(out), seeds=seeds, device=device, data_root=data_root)
    return carry_out(asked, how, Nobody(), lambda point, state: None)  # noqa: ARG005  nobody is told


def ask(  # noqa: PLR0913  the words of the command line
    words: Job,
    *,
    over: Sequence[str],
    search: Sequence[str],
    trials: int | None,
    storage: str,
    settings: Sequence[str],
    seeds: int,
) -> tuple[Asked, int]:
    """A sweep out of its words, and the number of its seeds.

    Args:
        words: a job on data; of an experiment, its name in place of data and nothing else.
        over: paths with values.
        search: paths with ranges or values.
        trials: of a search.
        storage: of a search.
        settings: of all points.
        seeds: of each point.

    Raises:
        ValueError: words that make no sense, together or each.
    """
    axes, seeds = parse_axes(over, search, seeds)
    if bool(search) != (trials is not None) or (storage and not search):
        raise ValueError(
            "expected --search with --trials, as --search training.learning_rate=1e-4:1e-1 --trials 20, and --storage "
            f"with them only; found {len(search)} to search, {trials or 'no'} trials, "
            f"{'a storage' if storage else 'no storage'}"
        )
    if words.data not in EXPERIMENTS:
        return Asked(replace(words, settings=tuple(settings)), axes, trials=trials, storage=storage), seeds
    if words != Job(words.data):
        raise ValueError(
            f"expected data for --corrupt, --model, --code-size, --size, --epochs and --minutes, found the experiment "
            f"{words.data}; change it with --set, as --set training.epochs=5"
        )
    return Asked(words.data, axes, tuple(settings), trials, storage), seeds


def carry_out(asked: Asked, settings: RunSettings, watcher: Watcher, on_point: Callable[[Point, State], None]) -> Sweep:
    """Train all points of a sweep that are neither done nor another process's, and write the report.

    Args:
        asked: what is swept.
        settings: how; the folder is the sweep's.
        watcher: told what is being done.
        on_point: told of each point that is done here.

    Raises:
        FileExistsError: the folder holds something else.
        FileNotFoundError: data are missing.
        ImportError: Optuna is not installed, and a search is asked for.
        ValueError: a value is refused, or another sweep is there.
    """
    folder = settings.folder
    check_sweep_folder(folder)
    choose_device(settings.device)
    if asked.trials is not None:
        require_optuna()
    data = read_subject_data(asked, settings, watcher)
    base = base_of(asked, data)
    check_points(base, asked.axes)
    axes, study = asked.axes, None
    with lock_of(folder, "sweep"):
        if undecided(asked.subject):
            known = read_description(folder)
            watcher.stage("trying a few steps")
            epochs = known["arm"]["training"]["epochs"] if known else chosen_epochs(base, settings)
            base = base_of(asked, data, epochs)
        now = identity(base, axes, settings, search=asked.trials is not None)
        if asked.trials is None:
            axes, seeds = begin_grid(folder, now, axes, settings.seeds)
            settings = replace(settings, seeds=seeds)
        else:
            study = open_study(asked.storage, folder, f"sweep of {base.experiment.name}", now)
            begin_search(folder, now)

    how_to = sweep_command(base, asked, axes, settings)
    paths = tuple(axis.path for axis in axes)

    def write(state: State) -> Sweep:
        return write_report(base, settings, paths, how_to, state)

    sweeping = Sweeping(base, settings, watcher, on_point, write)
    if asked.trials is None or study is None:
        state = train_grid(sweeping, axes)
    else:
        state = search(sweeping, axes, study, asked.trials)
    watcher.stage("report")
    return write(state)


def write_report(base: Base, settings: RunSettings, paths: tuple[str, ...], how_to: str, state: State) -> Sweep:
    """Write report.html with its figures, and points.csv, of the points that there are."""
    folder = settings.folder
    good = ranked(state.points)
    points = (*good, *(point for point in state.points if point.failure))
    best = folder.with_name(f"{folder.name}-best")
    judge = command(base, good[0].settings, settings, "--out", str(best)) if good else ""
    write_points(folder / "points.csv", points, paths)
    told = Told(folder, base.experiment, paths, points, state.total, how_to, judge)
    write_page(build_sweep_page(told), folder)
    return Sweep(folder, points, state.total - len(points), judge)
