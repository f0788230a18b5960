"""Metrics over one key of the conditions, a curve an arm."""

from collections.abc import Mapping, Sequence

import numpy as np

from narrows.report.colours import Style
from narrows.report.numbers import count, figure
from narrows.report.page import Line, Panel, Plot
from narrows.report.subject import MERITS, Measure, Subject, metric_of
from narrows.report.text import file_name


def numeric(condition: str) -> list[tuple[str, float, str]]:
    """Each key=number of a condition with the rest of it: `noise=0.5 pixels=all` gives (noise, 0.5, pixels=all)."""
    found = []
    pairs = condition.split()
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            number = float(value)
        except ValueError:
            continue
        found.append((name, number, " ".join(other for other in pairs if other != pair)))
    return found


def over(subject: Subject, name: str, *, metric: str = "") -> Plot | None:
    """One metric over one key, else the two foremost, in the rest of the condition that has most points."""
    points = _points(subject, name)
    sizes: dict[str, int] = {}
    for (rest, _, _), numbers in points.items():
        sizes[rest] = sizes.get(rest, 0) + len(numbers)
    fullest = max(sizes, key=lambda rest: sizes[rest], default="")
    metrics = [merit for merit in MERITS if any(place[:2] == (fullest, merit) for place in points)]
    chosen = [metric] if metric else metrics[:2]
    panels = []
    for merit in chosen:
        curves = (curve(arm.name, arm.style, points.get((fullest, merit, arm.name), {})) for arm in subject.arms)
        lines = tuple(line for line in curves if line is not None)
        unit = metric_of(merit).unit
        if lines:
            label = metric_of(merit).label + (f" ({unit})" if unit else "")
            # decibels are logarithms already
            panels.append(Panel(lines, x_label=name, y_label=label, log_y=unit != "dB" and _far_apart(lines)))
    return _conditional(subject, (name, fullest, chosen[0]), panels) if panels else None


def _points(subject: Subject, name: str) -> dict[tuple[str, str, str], dict[float, Measure]]:
    """The judged figures by (rest of the condition, metric, arm), then by the key's number."""
    points: dict[tuple[str, str, str], dict[float, Measure]] = {}
    for key, measure in subject.measures.items():
        if (key.evaluation, key.split) == ("reconstruction", subject.split):
            for found, number, rest in numeric(key.condition):
                if found == name:
                    points.setdefault((rest, key.metric, key.arm), {})[number] = measure
    return points


def told(lines: Sequence[Line]) -> str:
    """Every point of curves over a count, for those who cannot see them."""
    return "; ".join(
        f"{line.label} "
        + ", ".join(f"{figure(float(y), 3)} with {count(int(x))}" for x, y in zip(line.x, line.y, strict=True))
        for line in lines
    )


def _far_apart(lines: tuple[Line, ...]) -> bool:
    """Whether one curve would press all others to the floor of a linear axis."""
    lowest = min(float(line.y.min()) for line in lines)
    return lowest > 0 and max(float(line.y.max()) for line in lines) > 20 * lowest


def curve(label: str, style: Style, points: Mapping[float, Measure]) -> Line | None:
    """Means over seeds with their intervals as the band; None where there are fewer than two points."""
    if len(points) < 2:
        return None
    ordered = sorted(points)
    mean = np.array([points[place].interval.mean for place in ordered], np.float64)
    width = np.nan_to_num(np.array([points[place].interval.half_width for place in ordered], np.float64))
    return Line(label, style, np.array(ordered, np.float64), mean, mean - width, mean + width)


def _conditional(subject: Subject, place: tuple[str, str, str], panels: list[Panel]) -> Plot:
    name, rest, metric = place
    lines = [line for line in panels[0].marks if isinstance(line, Line)]
    hardest = max(float(line.x[-1]) for line in lines)
    judged = [line for line in lines if float(line.x[-1]) == hardest and line.label != "input"]
    choose = max if metric_of(metric).better == "higher" else min
    winner = choose(judged, key=lambda line: float(line.y[-1])) if judged else None
    return Plot(
        name=f"over-{file_name(name)}",
        claim=f"At {name} {hardest:g} “{winner.label}” does best: {panels[0].y_label} {figure(float(winner.y[-1]))}."
        if winner
        else f"Every arm as {name} grows.",
        caption=f"{subject.split.capitalize()} pictures{' at ' + rest if rest else ''}; mean over seeds, the band its"
        " 95\u202f% interval.",
        alt=f"Curves of {' and '.join(panel.y_label for panel in panels)} over {name}, one an arm",
        panels=tuple(panels),
        columns=len(panels),
    )
