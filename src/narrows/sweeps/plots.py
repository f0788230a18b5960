"""The plots of a sweep: error over each swept value, and over what it costs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrows.report.colours import DASHES, HUES, MARKERS, Style
from narrows.report.numbers import duration, figure, measured
from narrows.report.page import Cell, Column, Group, Line, Panel, Plot, Table
from narrows.report.sections.curves import curve
from narrows.report.sections.tables import unit_and_arrow
from narrows.report.subject import Measure
from narrows.report.text import file_name
from narrows.sweeps.axes import as_number, labels
from narrows.sweeps.points import MERIT, Point, pareto_front

NETWORK = Style("vermilion", (), MARKERS[0])
PCA = Style("ink", DASHES["baseline"], MARKERS[-1])
OTHERS = Style("grey", (), MARKERS[0])
MOST_LINES = 6
"""Values of the other path for which each has a line."""
LOG_X, LOG_Y = 4.0, 5.0
"""How far apart values lie from which on an axis is logarithmic."""


class Cost(NamedTuple):
    """What a point costs."""

    short: str
    label: str
    unit: str
    of: Callable[[Point], float]
    said: Callable[[float], str]


Costs = list[tuple[Cost, list[Point]]]
"""Costs in which points differ, each with its front."""

CODE = Cost(
    "code size", "numbers in the code", "numbers", lambda point: float(point.code_numbers), lambda n: f"{n:g} numbers"
)
SECONDS = Cost("seconds", "seconds of training, each seed", "seconds", lambda point: point.seconds, duration)


def costs_of(points: Sequence[Point]) -> Costs:
    """The fronts of the points, for each cost that all of them have and in which they differ."""
    found = []
    for cost in (CODE, SECONDS):
        spent = {cost.of(point) for point in points}
        if len(spent) > 1 and all(value > 0 for value in spent):
            found.append((cost, pareto_front(points, cost.of)))
    return found


def costs_plot(points: Sequence[Point], costs: Costs) -> Plot | None:
    """Error over code size and over seconds, the front a line; None where points differ in neither."""
    if not costs:
        return None
    panels = tuple(cost_panel(points, cost, front) for cost, front in costs)
    said = " ".join(told_front(cost, front) for cost, front in costs)
    return Plot(
        name="costs",
        claim=said,
        caption="Squared error a validation picture, mean over seeds. Seconds are those of the machine that trained a "
        "point.",
        alt=f"Squared error over {' and over '.join(cost.label for cost, _ in costs)}. {said}",
        panels=panels,
        columns=len(panels),
    )


def cost_panel(points: Sequence[Point], cost: Cost, front: Sequence[Point]) -> Panel:
    """The front as a line, the other points as dots; over the code's numbers PCA of as many beside them."""

    def places(some: Sequence[Point]) -> list[tuple[float, float]]:
        return [(cost.of(point), point.error.mean) for point in some]

    others = [point for point in points if point not in front]
    lines = [dots("other points", OTHERS, places(others))] if others else []
    if cost is CODE:
        lines += pca_line({cost.of(point): point for point in points})
    lines.append(replace(dots("Pareto front", NETWORK, places(front)), joined=True))
    return panel(lines, cost.label)


def told_front(cost: Cost, front: Sequence[Point]) -> str:
    """What the front says, from its cheap end to its good one."""
    first, last = front[0], front[-1]
    if len(front) == 1:
        return f"The point of least error is also that of fewest {cost.unit}, {cost.said(cost.of(first))}."
    return (
        f"From {cost.said(cost.of(first))} to {cost.said(cost.of(last))} the least error falls from "
        f"{figure(first.error.mean, 3)} to {figure(last.error.mean, 3)}."
    )


def axis_block(points: Sequence[Point], path: str) -> Plot | Table | None:
    """Error over one path: curves of a grid, dots of a search, a table where values are no numbers.

    None where the points have one value alone.
    """
    values = {point.values[path] for point in points}
    if len(values) < 2:
        return None
    called = labels(list(points[0].values))[path].replace("_", " ")
    if any(math.isnan(as_number(value)) for value in values):
        return values_table(points, path, called)
    places = {as_number(point.values[path]): point for point in reversed(points)}  # the best of each value
    lines = drawn_dots(points, path) if points[0].is_trial else grid_lines(points, path)
    codes = {(as_number(point.values[path]), point.code_numbers) for point in points}
    if len(codes) == len(places) == len({code for _, code in codes}):  # each value has a size of its own
        lines = [*pca_line(places), *lines]
    ends = (min(places), max(places))
    best = as_number(points[0].values[path])
    beyond = ", at an end of what was tried: there may be less beyond" if best in ends else ""
    return Plot(
        name=f"over-{file_name(path)}",
        claim=f"The least error is at {called} {figure(best, 3)}{beyond}.",
        caption=caption(points, path),
        alt=f"Squared error over {called}: "
        + "; ".join(f"{figure(places[place].error.mean, 3)} at {figure(place, 3)}" for place in sorted(places)),
        panels=(panel(lines, called),),
    )


def caption(points: Sequence[Point], path: str) -> str:
    """What the lines of a plot are."""
    others = [other for other in points[0].values if other != path]
    what = "Squared error a validation picture"
    if points[0].is_trial:
        return f"{what}, every point of the search; other paths differ as well."
    if others and other_path(points, path) is None:
        what += ", the other paths at their best"
    seeds = points[0].error.n
    band = f"; mean over {seeds} seeds, the band its 95\u202f% interval" if seeds > 1 else "; one seed"
    return f"{what}{band}."


def grid_lines(points: Sequence[Point], path: str) -> list[Line]:
    """A line for each value of the other path where there is one with few; else one, the others at their best."""
    other = other_path(points, path)
    if other is None:
        return lines_of({"the network": points}, path)
    called = labels(list(points[0].values))[other].replace("_", " ")
    values = sorted({point.values[other] for point in points}, key=lambda value: (as_number(value), value))
    groups = {f"{called} {value}": [p for p in points if p.values[other] == value] for value in values}
    return lines_of(groups, path)


def lines_of(groups: Mapping[str, Sequence[Point]], path: str) -> list[Line]:
    """A curve a group, through the best point of each value."""
    found = []
    for place, (label, group) in enumerate(groups.items()):
        style = Style(HUES[(place + 1) % len(HUES)], (), MARKERS[place]) if len(groups) > 1 else NETWORK
        best = {as_number(point.values[path]): Measure(point.error, 0) for point in reversed(group)}
        found.append(curve(label, style, best))
    return [line for line in found if line is not None]


def other_path(points: Sequence[Point], path: str) -> str | None:
    """The only other path, where it has few enough values for a line each."""
    others = [other for other in points[0].values if other != path]
    if len(others) != 1 or len({point.values[others[0]] for point in points}) > MOST_LINES:
        return None
    return others[0]


def drawn_dots(points: Sequence[Point], path: str) -> list[Line]:
    """Every point of a search, the best marked."""
    places = [(as_number(point.values[path]), point.error.mean) for point in points]
    return [dots("a point", OTHERS, places[1:]), dots("the best", NETWORK, places[:1])]


def dots(label: str, style: Style, places: Sequence[tuple[float, float]]) -> Line:
    """Points that are no curve."""
    x, y = np.array(places, np.float64).reshape(-1, 2).T
    return Line(label, style, x, y, joined=False)


def pca_line(places: dict[float, Point]) -> list[Line]:
    """PCA of as many numbers beside each point; none where one has no PCA."""
    ordered = sorted(places)
    errors = np.array([places[place].pca_error for place in ordered], np.float64)
    if len(ordered) < 2 or np.isnan(errors).any():
        return []
    return [Line("PCA, as many numbers", PCA, np.array(ordered, np.float64), errors)]


def panel(lines: Sequence[Line], x_label: str) -> Panel:
    """Axes that are logarithmic where values lie far apart."""
    x, y = (np.concatenate(found) for found in ([line.x for line in lines], [line.y for line in lines]))
    return Panel(tuple(lines), "", x_label, "squared error per picture", far(x, LOG_X), far(y, LOG_Y))


def far(values: NDArray[np.float64], times: float) -> bool:
    """Whether values lie so many times apart."""
    return bool(values.min() > 0 and values.max() >= times * values.min())


def values_table(points: Sequence[Point], path: str, called: str) -> Table:
    """The best point of each value that is no number."""
    best = {point.values[path]: point for point in reversed(points)}
    rows = sorted(best.items(), key=lambda item: item[1].error.mean)
    rest = [other for other in points[0].values if other != path]
    return Table(
        caption=f"The least error at each {called}{', the other paths at their best' if rest else ''}.",
        columns=(Column(called, numeric=False), Column("squared error", unit_and_arrow(MERIT))),
        groups=(
            Group(
                "",
                tuple(
                    (Cell(value), Cell(measured(point.error), best=place == 0))
                    for place, (value, point) in enumerate(rows)
                ),
            ),
        ),
    )
