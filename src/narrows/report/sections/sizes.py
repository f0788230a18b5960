"""The error over the number of code numbers, a curve for each kind of arm."""

from narrows.report.arms import Arm
from narrows.report.numbers import count, figure
from narrows.report.page import Panel, Plot, Section
from narrows.report.sections.curves import curve, told
from narrows.report.subject import Measure, Subject, metric_of

_FEWEST = 3
"""Sizes that make a curve."""

Sizes = dict[int, tuple[Arm, Measure]]


def sizes(subject: Subject) -> Section | None:
    """Kinds of arms that differ in nothing but the size that ends their name, `code 16` to `code 256`."""
    kinds = {kind: found for kind, found in _kinds(subject).items() if len(found) >= _FEWEST}
    curves = (
        curve(kind, found[min(found)][0].style, {float(size): measure for size, (_, measure) in found.items()})
        for kind, found in kinds.items()
    )
    lines = tuple(line for line in curves if line is not None)
    if not lines:
        return None
    metric = metric_of(subject.merit)
    choose = max if metric.better == "higher" else min
    few, many = (choose(lines, key=lambda line: float(line.y[place])) for place in (0, -1))
    label = f"{metric.label} ({metric.unit})" if metric.unit else metric.label
    plot = Plot(
        name="over-code-size",
        claim=f"With {count(int(few.x[0]))} numbers “{few.label}” has the best {metric.label},"
        f" {figure(float(few.y[0]))}; with {count(int(many.x[-1]))} “{many.label}”, {figure(float(many.y[-1]))}.",
        caption=f"{subject.split.capitalize()} pictures, raw output, over the numbers in the code; mean over seeds, the"
        " band its 95\u202f% interval.",
        alt=f"{metric.label} over numbers in the code: {told(lines)}",
        panels=(
            # decibels are logarithms already
            Panel(lines, x_label="numbers in the code", y_label=label, log_x=True, log_y=metric.unit != "dB"),
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
