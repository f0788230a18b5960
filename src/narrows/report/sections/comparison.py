"""The table reported / rerun / improved: every figure of the source reports beside what this run found."""

from statistics import fmean

from narrows.report.arms import Arm
from narrows.report.numbers import MINUS, MISSING, measured
from narrows.report.page import Cell, Column, Group, Section, Table
from narrows.report.sections.summary import best_arm
from narrows.report.subject import Key, Measure, Subject, metric_of
from narrows.results import LOSSES, Reported, interval

_VALIDITY = {"yes": "valid", "doubtful": "doubtful", "no": "not valid"}
AS_MEASURED = "as measured in the report"
_MEANT = {"matrix_product_lowest": "squared_error", "matrix_product_highest": "squared_error"}
"""What a report meant to measure, where the metric that it names is none."""


def comparison(subject: Subject) -> Section | None:
    """Each reported figure, its rerun measured as the report did and measured right, the improved arm."""
    if not subject.run.reported:
        return None
    named = {arm.name: arm for arm in subject.arms}
    reports = list(dict.fromkeys(row.report for row in subject.run.reported))
    groups = tuple(
        Group(
            f"Report {report}" if len(reports) > 1 else "",
            tuple(_row(subject, named, row) for row in subject.run.reported if row.report == report),
        )
        for report in reports
    )
    table = Table(
        caption="Figures in the metric's own unit. A dash: not measured in this run.",
        columns=(
            Column("what the report states", numeric=False),
            Column("reported"),
            Column("rerun", "as measured in the report"),
            Column("rerun", "measured right"),
            Column("improved"),
        ),
        groups=groups,
    )
    return Section(
        "comparison",
        "Reported, rerun, improved",
        (table,),
        lead=f"What {'report ' + reports[0] + ' states' if len(reports) == 1 else 'the source reports state'}, the same"
        " recipe run again, and a better one. A figure marked “not valid” cannot be what it is called; its note says"
        " why.",
    )


def _row(subject: Subject, named: dict[str, Arm], row: Reported) -> tuple[Cell, ...]:
    split = subject.split if row.split == "unstated" else row.split
    arm = named.get(row.arm)
    meant = row._replace(metric=_MEANT.get(row.metric, row.metric))
    right = _find(subject, meant, split, row.arm)
    as_measured = subject.measures.get(Key(AS_MEASURED, row.condition, split, row.metric, row.arm))
    if (curve := _of_curve(subject, row)) is not None:
        right, as_measured = curve, _standardised(arm, curve)
    improved = _improved(subject, row)
    better = _find(subject, meant, split, improved.name) if improved else None
    metric = metric_of(row.metric)
    context = [metric.label + (f" {metric.unit}" if metric.unit else ""), f"{row.split} split", row.condition]
    return (
        Cell(
            row.arm,
            "\n".join([" · ".join(part for part in context if part), *filter(None, [row.note])]),
            style=arm.style if arm else None,
        ),
        Cell(f"{row.value:.6g}".replace("-", MINUS), _VALIDITY.get(row.valid, row.valid)),
        _cell(as_measured),
        _cell(right, _said_of_right(row, meant) if right else ""),
        _cell(better, improved.name if improved and better else ""),
    )


def _said_of_right(row: Reported, meant: Reported) -> str:
    """What the right figure is where it is not of the row's own metric and split."""
    if row.split == "test" and row.metric in LOSSES:
        return "on validation"
    return metric_of(meant.metric).label if meant != row else ""


def _of_curve(subject: Subject, row: Reported) -> Measure | None:
    """A loss at a step or an epoch: while training the epoch's mean, of a total its last step; else on validation."""
    place, _, number = row.condition.partition("=")
    if row.metric not in LOSSES or place not in ("step", "epoch"):
        return None
    split = "train" if row.split == "train" else "validation"
    values: dict[int, list[float]] = {}
    for entry in subject.run.history:
        at = entry.step if place == "step" else entry.epoch
        if (entry.arm, entry.term, entry.split, at) == (row.arm, "loss", split, int(number)):
            values.setdefault(entry.seed, []).append(entry.value)
    means = [found[-1] if row.metric == "total_loss" else fmean(found) for found in values.values()]
    return Measure(interval(means), 1) if means else None


def _standardised(arm: Arm | None, measure: Measure) -> Measure | None:
    """A loss in the unit of an arm that standardises its pictures; None where it does not."""
    model = (arm.description or {}).get("model", {}) if arm else {}
    if model.get("type") != "Standardised":
        return None
    scale = float(model["deviation"]) ** -2
    found = measure.interval
    return Measure(found._replace(mean=scale * found.mean, half_width=scale * found.half_width), measure.pictures)


def _find(subject: Subject, row: Reported, split: str, arm: str) -> Measure | None:
    """The right figure: on the train split the mean while training, as the reports give it, else an evaluation's."""
    order = ("training", "reconstruction") if split == "train" else ("reconstruction", "training")
    keys = [Key(evaluation, row.condition, split, row.metric, arm) for evaluation in (*order, "label_efficiency")]
    return next((subject.measures[key] for key in keys if key in subject.measures), None)


def _improved(subject: Subject, row: Reported) -> Arm | None:
    """The improved arm of the same variant, else of as many code numbers, else the best of all improved arms."""
    improved = tuple(arm for arm in subject.arms if arm.role == "improved")
    variant = row.arm.partition(", ")[2]
    size = next((arm.code_numbers for arm in subject.arms if arm.name == row.arm), None)
    same = [arm for arm in improved if arm.variant == variant]
    as_many = [arm for arm in improved if size is not None and arm.code_numbers == size]
    nearest = same or as_many
    return nearest[0] if nearest else best_arm(subject, improved, subject.merit)


def _cell(measure: Measure | None, note: str = "") -> Cell:
    return Cell(MISSING) if measure is None else Cell(measured(measure.interval), note)
