"""A sweep as one page: the best point first, then the curves, what error costs, and every point."""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from narrows.experiments.experiment import Experiment
from narrows.report.building import QUICK, numbered
from narrows.report.numbers import MISSING, count, duration, figure, measured
from narrows.report.page import Cell, Code, Column, Facts, Group, Page, Prose, Section, Table, Tree, Trees
from narrows.report.sections.opening import flatten
from narrows.report.sections.tables import unit_and_arrow
from narrows.report.subject import metric_of
from narrows.report.text import listed
from narrows.results import Run
from narrows.sweeps.axes import as_number, labels
from narrows.sweeps.folder import POINTS
from narrows.sweeps.plots import NETWORK, Costs, axis_block, costs_of, costs_plot
from narrows.sweeps.points import MERIT, Point
from narrows.sweeps.subject import trained_arm

LONGEST = 6
"""Letters of a number that is shown as it was written."""


@dataclass(frozen=True)
class Told:
    """What a page tells."""

    folder: Path
    experiment: Experiment
    paths: tuple[str, ...]
    points: tuple[Point, ...]
    """Those with an error, the lowest first, then those that failed."""
    total: int
    command: str
    """Of the sweep."""
    judge: str
    """That trains the best point and reads the test split; empty where all failed."""

    @cached_property
    def good(self) -> tuple[Point, ...]:
        """The points with an error."""
        return tuple(point for point in self.points if not point.failure)

    @cached_property
    def run(self) -> Run | None:
        """The best run that lies in this folder; the others may be on other machines."""
        runs = (Run(self.folder / POINTS / point.name) for point in self.good)
        return next((run for run in runs if (run.folder / "report.html").is_file()), None)

    @property
    def environment(self) -> dict[str, Any]:
        """Where that run was made."""
        return self.run.environment if self.run else {}

    @property
    def num_pictures(self) -> int:
        """Validation pictures that every error is a mean over."""
        return int(self.run.experiment["data"]["n"]["validation"]) if self.run else 0


def build_sweep_page(told: Told) -> Page:
    """Everything that a sweep has to show."""
    costs = costs_of(told.good)
    found = (best(told), curves(told), trade(told, costs), every_point(told, costs), protocol(told), reproduce(told))
    date = str(told.environment.get("date") or "")
    return Page(
        title=f"{told.experiment.title}: a sweep",
        question=f"How does the error depend on {listed([c.replace('_', ' ') for c in labels(told.paths).values()])}?",
        answer=answer(told),
        status=status(told),
        byline=" · ".join(part for part in (f"Sweep of {told.experiment.name}", date) if part),
        sections=numbered([section for section in found if section is not None]),
    )


def status(told: Told) -> tuple[str, ...]:
    """Why the figures cannot be quoted."""
    missing = told.total - len(told.points)
    unfinished = f"{missing} of {told.total} points had not been finished when this was written."
    return ((QUICK,) if told.environment.get("quick") else ()) + ((unfinished,) if missing else ())


def answer(told: Told) -> tuple[str, ...]:
    """The best point, PCA beside it, and how far it can be trusted."""
    if not told.good:
        return ("No point has an error yet." if not told.points else "Every point failed; the reasons stand below.",)
    first = told.good[0]
    metric = metric_of(MERIT)
    over = f" over {count(told.num_pictures)} validation pictures" if told.num_pictures else ""
    seeds = f", mean of {first.error.n} seeds" if first.error.n > 1 else ""
    said = [
        f"The best of {len(told.good)} points is {name_of(first)}: {metric.label} {measured(first.error)} "
        f"{metric.unit}{over}{seeds}."
    ]
    if not math.isnan(first.pca_error):
        said.append(f"PCA of as many numbers, clamped to the range of pictures, reaches {figure(first.pca_error)}.")
    said += [beside(told), "It was chosen by these very pictures, which flatters it; the test split was not read."]
    if first.findings:
        said.append(f"The doctor has {first.findings} on its run.")
    return tuple(sentence for sentence in said if sentence)


def beside(told: Told) -> str:
    """Whether the seeds part the best point from the next one."""
    if len(told.good) < 2:
        return ""
    first, second = told.good[:2]
    if first.error.n < 2:
        return "With one seed a point, how far seeds alone differ is not known; --seeds 3 shows it."
    apart = second.error.mean - first.error.mean > first.error.half_width + second.error.half_width
    where = f"the next, {name_of(second)}, at {measured(second.error)}"
    return f"Seeds part it from {where}." if apart else f"Seeds do not part it from {where}."


def name_of(point: Point) -> str:
    """A point in words, its numbers short."""
    called = labels([path for path, _ in point.settings])
    return ", ".join(f"{called[path].replace('_', ' ')} {short(value)}" for path, value in point.settings)


def short(value: str) -> str:
    """A value as it was written; of what a search drew, three digits."""
    return value if len(value) <= LONGEST or math.isnan(as_number(value)) else figure(as_number(value), 3)


def best(told: Told) -> Section | None:
    """What the best point is, and the command that judges it."""
    if not told.good:
        return None
    first = told.good[0]
    items = tuple((path, short(value)) for path, value in first.settings)
    figures = (
        ("squared error", measured(first.error)),
        ("numbers in the code", count(first.code_numbers) if first.code_numbers else "something bypasses the code"),
        ("parameters", count(first.parameters)),
        ("training, each seed", duration(first.seconds)),
    )
    judge = Code("To judge it on the test split, once", told.judge)
    return Section("best", "The best point", (Facts((*items, *figures)), judge))


def curves(told: Told) -> Section | None:
    """The error over each swept value."""
    blocks = tuple(block for path in told.paths if (block := axis_block(told.good, path)) is not None)
    return Section("curves", "Error over what was swept", blocks) if blocks else None


def trade(told: Told, costs: Costs) -> Section | None:
    """The Pareto front of error against code size and seconds."""
    plot = costs_plot(told.good, costs)
    if plot is None:
        return None
    lead = "A point is on the front where no other has both less error and less cost."
    return Section("costs", "What less error costs", (plot,), lead=lead)


def every_point(told: Told, costs: Costs) -> Section | None:
    """A table of all points, each with a link to its own report."""
    if not told.points:
        return None
    columns = (
        Column("point", numeric=False),
        Column("squared error", unit_and_arrow(MERIT)),
        Column("PCA", "as many numbers"),
        Column("code", "numbers"),
        Column("training", "each seed"),
        Column("on the front of"),
        Column("doctor"),
    )
    good = tuple(row(told, point, costs) for point in told.good)
    failed = tuple(
        (Cell(name_of(point), point.failure, link=link(told, point)), *(Cell(MISSING),) * (len(columns) - 1))
        for point in told.points
        if point.failure
    )
    groups = tuple(group for group in (Group("", good), Group("Failed", failed)) if group.rows)
    seeds = max((point.error.n for point in told.good), default=1)
    over = f" Mean ± half-width of the 95\u202f% interval over {seeds} seeds." if seeds > 1 else " One seed each."
    caption = f"The least error on validation first.{over} PCA is clamped to the range of pictures."
    return Section("points", "Every point", (Table(caption, columns, groups),))


def row(told: Told, point: Point, costs: Costs) -> tuple[Cell, ...]:
    """A point's cells."""
    fronts = ", ".join(cost.short for cost, front in costs if point in front)
    return (
        Cell(name_of(point), point.name.replace("-", " ") if point.is_trial else "", link=link(told, point)),
        Cell(measured(point.error), best=point is told.good[0] and len(told.good) > 1),
        Cell(figure(point.pca_error)),
        Cell(count(point.code_numbers) if point.code_numbers else MISSING),
        Cell(duration(point.seconds)),
        Cell(fronts or MISSING),
        Cell(point.findings or MISSING),
    )


def link(told: Told, point: Point) -> str:
    """Where a point's own report lies; empty where it is not in this folder."""
    path = Path(POINTS, point.name, "report.html")
    return quote(path.as_posix()) if (told.folder / path).is_file() else ""


def protocol(told: Told) -> Section:
    """The experiment in its own words, and what all points start from."""
    arm = trained_arm(told.experiment)
    tree = Tree("What every point shares, but for what is swept", NETWORK, arm.note, flatten(arm.description()))
    lead = "The experiment as it is before anything is swept."
    return Section("protocol", "Protocol", (Prose(told.experiment.text), Trees((tree,))), lead=lead)


def reproduce(told: Told) -> Section:
    """The command, and where the best point was trained."""
    names = ("narrows", "torch", "processor", "threads", "precision", "git")
    facts = Facts(tuple((name, str(told.environment[name])) for name in names if told.environment.get(name)))
    return Section("reproduce", "Reproduce", (Code("Command", told.command), facts))
