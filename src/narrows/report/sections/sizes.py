"""The error over the number of code numbers, a curve for each kind of arm."""

import numpy as np

from narrows.report.arms import Arm
from narrows.report.numbers import count, figure
from narrows.report.page import Line, Panel, Plot, Section
from narrows.report.subject import Measure, Subject, metric_of

_FEWEST = 3
"""Sizes that make a curve."""

Sizes = dict[int, tuple[Arm, Measure]]


def sizes(subject: Subject) -> Section | None:
    """Kinds of arms that differ in nothing but the size that ends their name, `code 16` to `code 256`."""
    kinds = {kind: found for kind, found in _kinds(subject).items() if len(found) >= _FEWEST}
    if not kinds:
        return None
    metric = metric_of(subject.merit)
    lines = tuple(_line(kind, found) for kind, found in kinds.items())
    choose = max if metric.better == "higher" else min
    few, many = (choose(lines, key=lambda line: float(line.y[place])) for place in (0, -1))
    unit = f" ({metric.unit})" if metric.unit else ""
    plot = Plot(
        name="over-code-size",
        claim=f"With {count(int(few.x[0]))} numbers “{few.label}” has the best {metric.label},"
        f" {figure(float(few.y[0]))}; with {count(int(many.x[-1]))} “{many.label}”, {figure(float(many.y[-1]))}.",
        caption=f"{subject.split.capitalize()} pictures, raw output, over the numbers in the code; mean over seeds, the"
        " band its 95\u202f% interval.",
        alt=f"{metric.label} over numbers in the code: "
        + "; ".join(
            f"{line.label} "
            + ", ".join(f"{figure(float(y), 3)} with {count(int(x))}" for x, y in zip(line.x, line.y, strict=True))
            for line in lines
        ),
        panels=(
            Panel(lines, x_label="numbers in the code", y_label=metric.label + unit, log_x=True, log_y=unit != " (dB)"),
        ),
    )
    return Section("sizes", "What more numbers buy", (plot,))


def _kinds(subject: Subject) -> dict[str, Sizes]:
    kinds: dict[str, Sizes] = {}
    for arm in subject.arms:
        kind, comma, size = arm.name.rpartition(", code ")
        measure = subject.measure(arm, subject.merit)
        if comma and measure and size.isdecimal():
            kinds.setdefault(kind, {})[int(size)] = (arm, measure)
    return kinds


def _line(kind: str, found: Sizes) -> Line:
    ordered = sorted(found)
    intervals = [found[size][1].interval for size in ordered]
    mean = np.array([interval.mean for interval in intervals], np.float64)
    width = np.nan_to_num(np.array([interval.half_width for interval in intervals], np.float64))
    return Line(kind, found[ordered[0]][0].style, np.array(ordered, np.float64), mean, mean - width, mean + width)
