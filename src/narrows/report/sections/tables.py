"""Every arm and baseline by every metric."""

import math

from narrows.report.arms import ROLES, Arm
from narrows.report.numbers import MISSING, count, duration, figure, measured
from narrows.report.page import Cell, Column, Group, Section, Table
from narrows.report.sections.hiding import of_a_part
from narrows.report.subject import MERITS, Key, Measure, Subject, metric_of
from narrows.results import METRICS

ARROWS = {"lower": "↓", "higher": "↑", "": ""}
PLURAL = {"as reported": "As reported", "improved": "Improved", "compared": "Compared", "baseline": "Baselines"}
_ELSEWHERE = ("clamped", "training", "checks", "linear_probe", "fine_tuned", "bound", "code_noise", "by_formula")
"""Evaluations that stand in a cell's second line, in the comparison, with the doctor, or in a section of their own."""


def results(subject: Subject) -> Section | None:
    """The table of the judged pictures, then one folded table for each other evaluation and condition."""
    if not subject.measures:
        return None
    places = list(dict.fromkeys((key.evaluation, key.condition, key.split) for key in subject.measures))
    judged = ("reconstruction", subject.condition, subject.split)
    rest = [
        place
        for place in places
        if place != judged
        and place[0] not in _ELSEWHERE
        and not of_a_part(subject, place[1])
        and not (place[1].startswith("source=") and place[2] == subject.split)
    ]
    tables = [_table(subject, place, fold) for place, fold in [(judged, False), *((place, True) for place in rest)]]
    sizes = _sizes(subject)
    blocks = tuple(table for table in (tables[0], sizes, *tables[1:]) if table is not None)
    return Section(
        "results",
        "Results",
        blocks,
        lead=_shared_input(subject)
        + "Metrics judge the raw output of the decoder against the clean picture; where clamping it to the range"
        " of pictures changes a figure, the clamped one stands below it in brackets. ↓ lower is better, ↑ higher is"
        " better; the best of a column is bold and marked ◆.",
    )


def _shared_input(subject: Subject) -> str:
    if not subject.mixed or not subject.condition:
        return ""
    return (
        "The arms were trained on inputs that were corrupted in different ways. They are judged on one that all of them"
        f" are given, {subject.condition}; on their own, in a folded table, no best is marked. "
    )


def _table(subject: Subject, place: tuple[str, str, str], folded: bool) -> Table | None:
    found = {
        (key.arm, key.metric): measure
        for key, measure in subject.measures.items()
        if (key.evaluation, key.condition, key.split) == place
    }
    metrics = [
        name for name in dict.fromkeys([*MERITS, *METRICS, *(metric for _, metric in found)]) if _shown(name, found)
    ]
    if not metrics:
        return None
    comparable = subject.comparable(place[1])
    best = {metric: leader(subject, metric, found, place) if comparable else "" for metric in metrics}

    def row(arm: Arm) -> tuple[Cell, ...]:
        cells = [_cell(found.get((arm.name, metric)), _clamped(subject, arm, metric, place)) for metric in metrics]
        marked = [
            Cell(cell.text, cell.note, best=arm.name == best[metric])
            for cell, metric in zip(cells, metrics, strict=True)
        ]
        return (Cell(arm.name, style=arm.style), *marked)

    present = {arm for arm, _ in found}
    groups = tuple(
        Group(PLURAL[role], rows)
        for role in ROLES
        if (rows := tuple(row(arm) for arm in subject.arms if arm.role == role and arm.name in present))
    )
    evaluation, condition, split = place
    shown = condition if comparable else " ".join((condition, "each arm's own input")).strip()
    where = " · ".join(part for part in (evaluation, shown, split) if part)
    return Table(
        caption=_caption(where, list(found.values())),
        columns=(
            Column("arm", numeric=False),
            *(Column(metric_of(metric).label, unit_and_arrow(metric)) for metric in metrics),
        ),
        groups=groups,
        fold=where if folded else "",
    )


def _shown(metric: str, found: dict[tuple[str, str], Measure]) -> bool:
    return any(name == metric for _, name in found) and metric not in ("parameters", "training_seconds")


def unit_and_arrow(name: str) -> str:
    """A metric's unit, and which way is better, as a column's second line."""
    metric = metric_of(name)
    return ",\u00a0".join(part for part in (metric.unit, ARROWS[metric.better]) if part)


def _cell(measure: Measure | None, clamped: Measure | None) -> Cell:
    if measure is None:
        return Cell(MISSING)
    second = figure(clamped.interval.mean) if clamped else ""
    changed = bool(clamped) and second != figure(measure.interval.mean)
    return Cell(measured(measure.interval), f"({second})" if changed else "")


def _clamped(subject: Subject, arm: Arm, metric: str, place: tuple[str, str, str]) -> Measure | None:
    evaluation, condition, split = place
    if evaluation != "reconstruction":
        return None
    return subject.measures.get(Key("clamped", condition, split, metric, arm.name))


def leader(subject: Subject, metric: str, found: dict[tuple[str, str], Measure], place: tuple[str, str, str]) -> str:
    """The arm that leads a column; what hands its input back does not compete. Empty where no way is better."""
    better = metric_of(metric).better
    _, condition, split = place
    values = {
        arm.name: found[arm.name, metric].interval.mean
        for arm in subject.arms
        if (arm.name, metric) in found
        and not subject.hands_back(arm, condition, split)
        and not math.isnan(found[arm.name, metric].interval.mean)
    }
    if not better or len(values) < 2:
        return ""
    return (min if better == "lower" else max)(values, key=lambda name: values[name])


def _caption(where: str, found: list[Measure]) -> str:
    pictures = sorted({measure.pictures for measure in found})
    seeds = sorted({measure.interval.n for measure in found})
    over = f"over {count(pictures[0])} pictures" if len(pictures) == 1 else "over " + " or ".join(map(count, pictures))
    if seeds == [1]:
        return f"{where}: {over}, one seed, so without an interval."
    many = " or ".join(str(number) for number in seeds if number > 1)
    lone = " A figure without ± is of one seed." if seeds[0] == 1 else ""
    return f"{where}: {over}. Mean ± half-width of the 95\u202f% interval over {many} seeds.{lone}"


def _sizes(subject: Subject) -> Table | None:
    """What each arm spends: numbers in the code and around it, the model's own numbers, seconds."""
    rows = tuple(
        (Cell(arm.name, style=arm.style), *(_whole(number) for number in _numbers(arm)), Cell(_seconds(subject, arm)))
        for arm in subject.arms
        if any(number is not None for number in _numbers(arm))
    )
    if not rows:
        return None
    return Table(
        caption="What each arm spends. Numbers around the code reach the decoder without passing the bottleneck.",
        columns=(
            Column("arm", numeric=False),
            Column("in the code", "numbers a picture"),
            Column("around the code", "numbers a picture"),
            Column("parameters", "numbers"),
            Column("training", "mean over seeds"),
        ),
        groups=(Group("", rows),),
    )


def _numbers(arm: Arm) -> tuple[int | None, int | None, int | None]:
    return arm.code_numbers, arm.bypass_numbers, arm.parameters


def _whole(number: int | None) -> Cell:
    return Cell(MISSING if number is None else count(number))


def _seconds(subject: Subject, arm: Arm) -> str:
    found = [
        measure.interval.mean
        for key, measure in subject.measures.items()
        if (key.arm, key.metric) == (arm.name, "training_seconds")
    ]
    return duration(found[0]) if found else MISSING
