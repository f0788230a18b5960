"""Which units of a code are active: in each shown picture, on average, and what the error is then."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.numbers import MISSING, count, figure, measured, percent
from narrows.report.page import Cell, Column, Gallery, Group, Line, Panel, Picture, Plot, Strip, Table
from narrows.report.raster import unit_grid
from narrows.report.sections.data import heads
from narrows.report.sections.shown import at, originals
from narrows.report.subject import Arrays, Measure, Subject, metric_of
from narrows.results import Interval

_SHOWN = 10
_WIDTH = 68
"""Of a grid on the page: twice the 34 columns of 1 156 units."""


def activations(subject: Subject, codes: Mapping[Arm, Arrays]) -> Gallery | None:
    """The codes of the shown pictures, a field a unit, a row an arm."""
    held = {arm: _held(subject, arm, codes) for arm in subject.trained}
    held = {arm: arrays for arm, arrays in held.items() if arrays}
    if not held:
        return None
    first = next(iter(held.values()))
    numbers = [
        number
        for number in first["index"].tolist()
        if all(number in arrays["index"].tolist() for arrays in held.values())
    ][:_SHOWN]
    if not numbers:
        return None
    shares = {arm.name: float((at(arrays, "codes", numbers) != 0).mean()) for arm, arrays in held.items()}
    return Gallery(
        name="activations",
        claim=_sparsest(shares),
        caption="Each field is one unit of the uncorrupted picture's code, in the order of its number, first seed; 0 is"
        " the page's own ground, the strongest colour the arm's largest value over these pictures, stated beside it."
        " Codes with negative values go from blue over neutral to orange. Below each, how many units are not 0.",
        strips=(originals(first, numbers), *(_strip(arm, arrays, numbers) for arm, arrays in held.items())),
        width=_WIDTH,
        heads=heads(subject, first, numbers),
    )


def usage(subject: Subject) -> Table | None:
    """Active and dead units of every trained arm, with its error beside them."""
    found = {arm: measure for arm in subject.trained if (measure := _checked(subject, arm, "active_units"))}
    if not found:
        return None
    merit = subject.merit

    def row(arm: Arm, active: Measure) -> tuple[Cell, ...]:
        dead, error = _checked(subject, arm, "dead_units"), subject.measure(arm, merit)
        size = arm.code_numbers
        return (
            Cell(arm.name, style=arm.style),
            Cell(count(size) if size else MISSING),
            Cell(measured(active.interval), percent(active.interval.mean / size, 2) if size else ""),
            Cell(_share(dead.interval) if dead else MISSING),
            Cell(measured(error.interval) if error else MISSING),
        )

    metric = metric_of(merit)
    return Table(
        caption=f"Units of the code on the {subject.split} pictures{_where(subject)}: active are those that are not"
        " 0, dead those that never vary. Mean over seeds, ± half-width of its 95\u202f% interval.",
        columns=(
            Column("arm", numeric=False),
            Column("units"),
            Column("active", "mean over pictures"),
            Column("dead", "of all units"),
            Column(metric.label, metric.unit),
        ),
        groups=(Group("", tuple(row(arm, active) for arm, active in found.items())),),
    )


def error_over_active(subject: Subject) -> Plot | None:
    """What few active units cost, among the arms with one code size.

    None below three different counts, and where none is twice another: codes that are not meant to be sparse.
    """
    points = [
        (arm, active.interval.mean, error.interval.mean)
        for arm in subject.trained
        if (active := _checked(subject, arm, "active_units")) and (error := subject.measure(arm, subject.merit))
    ]
    sizes = [arm.code_numbers for arm, _, _ in points if arm.code_numbers]
    size = max(sizes, key=sizes.count, default=0)
    alike = [point for point in points if point[0].code_numbers == size]
    shown = [point for point in alike if point[1] >= 1]
    counts = {active for _, active, _ in shown}
    if len(counts) < 3 or max(counts) < 2 * min(counts):
        return None
    metric = metric_of(subject.merit)
    best = (max if metric.better == "higher" else min)(shown, key=lambda point: point[2])
    fewest = min(shown, key=lambda point: point[1])
    none = [f"“{arm.name}”" for arm, active, _ in alike if active < 1]
    return Plot(
        name="error-over-active-units",
        claim=f"Of {count(size)} units, {_ones(best[1])} active give the best {metric.label}, {figure(best[2], 3)}"
        f" (“{best[0].name}”); the fewest, {_ones(fewest[1])}, give {figure(fewest[2], 3)} (“{fewest[0].name}”).",
        caption=f"The arms with {count(size)} units{_where(subject)}, one point each, mean over seeds."
        + (f" Left out, with less than one active unit a picture: {', '.join(none)}." if none else ""),
        alt=f"{metric.label} over active units: "
        + ", ".join(f"{arm.name} {figure(error, 3)} with {_ones(active)}" for arm, active, error in shown),
        panels=(
            Panel(
                tuple(Line(arm.name, arm.style, np.array([active]), np.array([error])) for arm, active, error in shown),
                x_label="active units, mean over pictures",
                y_label=metric.label + (f" ({metric.unit})" if metric.unit else ""),
                log_x=True,
            ),
        ),
    )


def _held(subject: Subject, arm: Arm, codes: Mapping[Arm, Arrays]) -> dict[str, NDArray[Any]]:
    """Numbers, targets and codes of an arm's shown pictures; empty where the run does not hold them."""
    shown, found = subject.reconstructions.get(arm.name, {}), codes.get(arm, {}).get("example_codes")
    if found is None or not {"index", "target"} <= set(shown) or not len(found) == len(shown["index"]) > 0:
        return {}
    values = np.nan_to_num(found.reshape(len(found), -1).astype(np.float64))
    kept = {key: shown[key] for key in ("index", "target", "labels") if key in shown}
    return kept | {"codes": values} if values.size else {}


def _strip(arm: Arm, arrays: Arrays, numbers: list[int]) -> Strip:
    values = at(arrays, "codes", numbers)
    limit, negative = float(np.abs(values).max()), bool((values < 0).any())
    active = (values != 0).sum(1).tolist()
    return Strip(
        arm.name,
        tuple(
            Picture(
                unit_grid(code, limit, two_sided=negative),
                f"code of picture {number} by {arm.name}, {many} of {len(code)} units not 0",
                count(many),
                coded=True,
            )
            for number, code, many in zip(numbers, values, active, strict=True)
        ),
        arm.style,
        note=f"{count(values.shape[1])} units, {f'up to {figure(limit, 2)}' if limit else 'all 0'}",
    )


def _sparsest(shares: Mapping[str, float]) -> str:
    low, high = (choose(shares, key=lambda name: shares[name]) for choose in (min, max))
    if shares[low] == shares[high]:
        return f"Each of these codes has {percent(shares[low], 2)} of its units active."
    return (
        f"On these pictures “{low}” has {percent(shares[low], 2)} of its units active, “{high}”"
        f" {percent(shares[high], 2)}."
    )


def _where(subject: Subject) -> str:
    return f" at {subject.condition}" if subject.condition else ""


def _checked(subject: Subject, arm: Arm, metric: str) -> Measure | None:
    return subject.measure(arm, metric, "checks")


def _share(found: Interval) -> str:
    if found.n < 2:
        return percent(found.mean)
    return f"{measured(Interval(100 * found.mean, 100 * found.half_width, found.n))}\u202f%"


def _ones(number: float) -> str:
    return figure(number, 2) if number < 10 else count(round(number))
