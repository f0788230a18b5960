"""How the errors spread over pictures, and how they follow the condition of the input."""

import numpy as np

from narrows.report.arms import Arm
from narrows.report.numbers import figure
from narrows.report.page import Line, Panel, Plot, Section
from narrows.report.sections.pictures import worst
from narrows.report.subject import MERITS, Key, Subject, metric_of
from narrows.report.text import file_name

_SHARES = np.linspace(0.0, 1.0, 101)
_NAMES_OF_PICTURES = ("pictures", "draw", "labels")
"""Keys of a condition whose numbers name what was measured rather than how hard it was."""


def spread(subject: Subject) -> Section | None:
    """The distribution of per-picture errors, and the worst pictures."""
    blocks = tuple(block for block in (_distribution(subject), worst(subject)) if block is not None)
    return Section("spread", "Good pictures and bad ones", blocks) if blocks else None


def conditions(subject: Subject) -> Section | None:
    """One figure for each numeric key of the conditions, such as noise."""
    keys = dict.fromkeys(
        name
        for key in subject.measures
        if key.evaluation == "reconstruction"
        for name, value, _ in _numeric(key.condition)
        if name not in _NAMES_OF_PICTURES
    )
    plots = tuple(plot for name in keys if (plot := _over(subject, name)) is not None)
    return Section("conditions", "As the input gets harder", plots) if plots else None


def _distribution(subject: Subject) -> Plot | None:
    found = {
        arm: np.sort(subject.reconstructions[arm.name]["per_picture"].astype(np.float64))
        for arm in subject.pictured
        if len(subject.reconstructions[arm.name].get("per_picture", ()))
    }
    if not found:
        return None
    lines = tuple(Line(arm.name, arm.style, np.quantile(errors, _SHARES), _SHARES) for arm, errors in found.items())
    medians = {arm.name: float(np.median(errors)) for arm, errors in found.items()}
    winner = min(medians, key=lambda name: medians[name])
    tail = next(float(np.quantile(errors, 0.99)) for arm, errors in found.items() if arm.name == winner)
    return Plot(
        name="error-distribution",
        claim=f"Half of the pictures of “{winner}” stay below {figure(medians[winner], 3)}, one in a hundred exceeds"
        f" {figure(tail, 3)}.",
        caption=f"Share of the {subject.split} pictures whose squared error is at most the value below, first seed.",
        alt="Cumulative distribution of the squared error, one curve an arm: "
        + ", ".join(f"{name} has median {figure(median, 3)}" for name, median in medians.items()),
        panels=(
            Panel(
                lines,
                x_label="squared error of a picture",
                y_label="share of pictures",
                log_x=all(float(line.x[0]) > 0 for line in lines),
            ),
        ),
    )


def _numeric(condition: str) -> list[tuple[str, float, str]]:
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


def _over(subject: Subject, name: str) -> Plot | None:
    """The two foremost metrics over one key, in the rest of the condition that has most points."""
    points = _points(subject, name)
    sizes: dict[str, int] = {}
    for (rest, _, _), numbers in points.items():
        sizes[rest] = sizes.get(rest, 0) + len(numbers)
    fullest = max(sizes, key=lambda rest: sizes[rest], default="")
    metrics = [metric for metric in MERITS if any(place[:2] == (fullest, metric) for place in points)]
    panels = []
    for metric in metrics[:2]:
        curves = (_curve(subject, arm, points.get((fullest, metric, arm.name), {})) for arm in subject.arms)
        lines = tuple(line for line in curves if line is not None)
        unit = metric_of(metric).unit
        if lines:
            label = metric_of(metric).label + (f" ({unit})" if unit else "")
            panels.append(Panel(lines, x_label=name, y_label=label, log_y=_far_apart(lines)))
    return _conditional(subject, (name, fullest, metrics[0]), panels) if panels else None


def _points(subject: Subject, name: str) -> dict[tuple[str, str, str], dict[float, Key]]:
    """Where the judged figures stand by (rest of the condition, metric, arm), then by the key's number."""
    points: dict[tuple[str, str, str], dict[float, Key]] = {}
    for key in subject.measures:
        if (key.evaluation, key.split) == ("reconstruction", subject.split):
            for found, number, rest in _numeric(key.condition):
                if found == name:
                    points.setdefault((rest, key.metric, key.arm), {})[number] = key
    return points


def _far_apart(lines: tuple[Line, ...]) -> bool:
    """Whether one curve would press all others to the floor of a linear axis."""
    lowest = min(float(line.y.min()) for line in lines)
    return lowest > 0 and max(float(line.y.max()) for line in lines) > 20 * lowest


def _curve(subject: Subject, arm: Arm, numbers: dict[float, Key]) -> Line | None:
    if len(numbers) < 2:
        return None
    ordered = sorted(numbers)
    found = [subject.measures[numbers[number]].interval for number in ordered]
    mean = np.array([one.mean for one in found], np.float64)
    width = np.nan_to_num(np.array([one.half_width for one in found], np.float64))
    return Line(arm.name, arm.style, np.array(ordered, np.float64), mean, mean - width, mean + width)


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
