"""The points of a grid, each trained into a run of its own."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from narrows.experiments.describe import completed
from narrows.experiments.run import run_experiment
from narrows.experiments.session import RunSettings, Watcher
from narrows.files import write_json
from narrows.results import open_run
from narrows.sweeps.axes import Axis, Settings, folder_name, grid, spoken
from narrows.sweeps.folder import POINTS, claimed, is_done
from narrows.sweeps.points import Point, read_point
from narrows.sweeps.subject import Base, command, experiment_at, trained_arm

FAILURE = "failed.json"
"""In the run of a point that has no error, the reason."""
REPORT_SECONDS = 60.0
"""How old the report of a sweep that goes on may be; one of many points takes a second or two."""


class State(NamedTuple):
    """How far a sweep is."""

    points: tuple[Point, ...]
    """That are done."""
    total: int


@dataclass
class Sweeping:
    """What the points of one sweep share."""

    base: Base
    settings: RunSettings
    """Of the sweep; its folder holds the points."""
    watcher: Watcher
    on_point: Callable[[Point, State], None]
    """Told of every point that this process has trained."""
    on_report: Callable[[State], object]
    """Writes the report of what there is."""
    reported: float = field(default_factory=time.monotonic)

    def folder_of(self, name: str) -> Path:
        """The run of a point."""
        return self.settings.folder / POINTS / name

    def tell(self, point: Point, state: State) -> None:
        """A point is done; the report is written anew where it is old."""
        self.on_point(point, state)
        if time.monotonic() - self.reported > REPORT_SECONDS:
            self.on_report(state)
            self.reported = time.monotonic()


def train_point(sweeping: Sweeping, name: str, settings: Settings, called: str) -> Point:
    """Train a point, or go on with it; one that diverges, or is too large for pictures or memory, has a reason instead.

    Its place must have been claimed. One that failed is not tried again: the same seed gives the same numbers.

    Raises:
        ValueError: its settings are refused together, or its folder holds another run.
    """
    base, folder = sweeping.base, sweeping.folder_of(name)
    experiment = experiment_at(base, settings, called)
    if (done := done_point(sweeping, name, settings, called)) is not None:
        return done
    how = replace(
        sweeping.settings,
        folder=folder,
        read_test=False,
        resume=(folder / "experiment.json").is_file(),
        command=command(base, settings, sweeping.settings, "--no-test"),
    )
    try:
        run = run_experiment(experiment, how, sweeping.watcher, base.data)
    except (FloatingPointError, torch.OutOfMemoryError, ValueError) as error:
        if isinstance(error, ValueError) and how.resume:
            raise  # another run is there, which is no fault of this point
        reason = str(error).splitlines()[0]
        write_json(folder / FAILURE, {"reason": reason, "settings": dict(settings)})
        return Point(name, settings, failure=reason)
    return read_point(run, name, settings, trained_arm(experiment).name)


def done_point(sweeping: Sweeping, name: str, settings: Settings, called: str) -> Point | None:
    """A point that was trained before, or failed; None of one that is not finished.

    Raises:
        ValueError: its folder holds a run with other settings.
    """
    folder = sweeping.folder_of(name)
    if (folder / FAILURE).is_file():
        failed = json.loads((folder / FAILURE).read_text(encoding="utf-8"))
        check_same(failed["settings"], dict(settings), folder)
        return Point(name, settings, failure=failed["reason"])
    if not is_done(folder, sweeping.settings.seeds):
        return None
    arm = trained_arm(experiment_at(sweeping.base, settings, called))
    arm = replace(arm, training=replace(arm.training, precision=sweeping.settings.precision))
    run = open_run(folder)
    trained = [completed(entry)["description"] for entry in run.experiment["arms"] if entry["name"] == arm.name]
    check_same(trained, [arm.description()], folder)
    return read_point(run, name, settings, arm.name)


def check_same(found: Any, asked: Any, folder: Path) -> None:
    """Refuse a point that was trained otherwise.

    Raises:
        ValueError: it was, as where a folder meets another study than its own.
    """
    if found != asked:
        raise ValueError(
            f"expected {folder} to have the settings of this point, found others; choose another --out, or the "
            "--storage that the folder was made with"
        )


def train_grid(sweeping: Sweeping, axes: Sequence[Axis]) -> State:
    """Train every point that is neither done nor another process's."""
    wanted = {folder_name(settings): settings for settings in grid(axes)}
    known = find_done(sweeping, wanted, {})
    for name in [name for name in wanted if name not in known]:
        settings = wanted[name]
        with claimed(sweeping.settings.folder, name) as mine:
            if mine:
                known[name] = train_point(sweeping, name, settings, spoken(settings))
        if mine:
            sweeping.tell(known[name], in_order(wanted, known))
    return in_order(wanted, find_done(sweeping, wanted, known))


def find_done(sweeping: Sweeping, wanted: dict[str, Settings], known: dict[str, Point]) -> dict[str, Point]:
    """The points that are known, and those that this process or another has done besides."""
    others = {name: settings for name, settings in wanted.items() if name not in known}
    found = {name: done_point(sweeping, name, settings, spoken(settings)) for name, settings in others.items()}
    return known | {name: point for name, point in found.items() if point is not None}


def in_order(wanted: dict[str, Settings], known: dict[str, Point]) -> State:
    """The points that are known, in the grid's order."""
    return State(tuple(known[name] for name in wanted if name in known), len(wanted))
