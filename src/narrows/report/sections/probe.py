"""What a linear classifier reads off the codes: accuracy over the number of labels."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from narrows.report.arms import ROLES, Arm
from narrows.report.numbers import MISSING, count, figure, measured
from narrows.report.page import Cell, Column, Group, Line, Panel, Plot, Section, Table
from narrows.report.sections.curves import curve
from narrows.report.sections.data import class_name
from narrows.report.sections.tables import PLURAL
from narrows.report.subject import Measure, Subject

_EVALUATION = "linear_probe"


class _Probed(NamedTuple):
    """One arm's accuracy by budget, and how many labels a budget is, as far as the run holds it."""

    accuracy: Mapping[str, Measure]
    labels: Mapping[str, int]


def probe(subject: Subject) -> Section | None:
    """The table and the curves of all arms that have a code."""
    found = {arm: probed for arm in subject.arms if (probed := _read(subject, arm)).accuracy}
    if not found:
        return None
    budgets = _budgets(found)
    curves = _curves(subject, found)
    return Section(
        "probe",
        "What the codes tell of the classes",
        (*((curves,) if curves else ()), _table(subject, found, budgets)),
        lead=" ".join(
            (
                "A linear classifier learns the classes from the codes of a few labelled training pictures: the better"
                " it does, the plainer a code says what a picture shows.",
                *_beside_pca(found, budgets),
                *_mistaken(subject, found, budgets[-1]),
            )
        ),
    )


def _read(subject: Subject, arm: Arm) -> _Probed:
    accuracy = {
        key.condition.partition("labels=")[2]: measure
        for key, measure in subject.measures.items()
        if (key.evaluation, key.split, key.metric, key.arm) == (_EVALUATION, subject.split, "accuracy", arm.name)
    }
    arrays = subject.run.arrays(arm.name, arm.seeds[0], _EVALUATION) if accuracy else {}
    if "conditions" not in arrays:
        return _Probed(accuracy, {budget: int(budget) for budget in accuracy if budget.isdigit()})
    named = [str(condition).partition("labels=")[2] for condition in arrays["conditions"]]
    return _Probed(accuracy, dict(zip(named, arrays["num_labels"].tolist(), strict=True)))


def _budgets(found: Mapping[Arm, _Probed]) -> tuple[str, ...]:
    """Fewest labels first, all of them last."""
    named = {budget for probed in found.values() for budget in probed.accuracy}
    return tuple(sorted(named, key=lambda budget: (not budget.isdigit(), int(budget) if budget.isdigit() else 0)))


def _said(budget: str) -> str:
    return f"{count(int(budget))} labels" if budget.isdigit() else f"{budget} labels"


def _best(found: Mapping[Arm, _Probed], budget: str) -> Arm | None:
    """The arm that leads a budget; None where only one was measured."""
    values = {arm: probed.accuracy[budget].interval.mean for arm, probed in found.items() if budget in probed.accuracy}
    return max(values, key=lambda arm: values[arm]) if len(values) > 1 else None


def _table(subject: Subject, found: Mapping[Arm, _Probed], budgets: tuple[str, ...]) -> Table:
    best = {budget: _best(found, budget) for budget in budgets}

    def cell(arm: Arm, budget: str) -> Cell:
        measure = found[arm].accuracy.get(budget)
        return Cell(measured(measure.interval), best=arm is best[budget]) if measure else Cell(MISSING)

    rows = {
        role: tuple(
            (
                Cell(arm.name, style=arm.style),
                Cell(count(arm.code_numbers) if arm.code_numbers else MISSING),
                *(cell(arm, budget) for budget in budgets),
            )
            for arm in found
            if arm.role == role
        )
        for role in ROLES
    }
    everything = sorted({probed.labels["all"] for probed in found.values() if "all" in probed.labels})
    whole = f" All are {' or '.join(map(count, everything))} labels." if everything else ""
    return Table(
        caption=f"Share of the {subject.split} pictures whose class a logistic regression on their codes names, by how"
        f" many training pictures had a label.{whole} Mean over seeds, ± half-width of its 95\u202f% interval; the best"
        " of a column is bold and marked ◆.",
        columns=(
            Column("arm", numeric=False),
            Column("in the code", "numbers"),
            *(Column(_said(budget), "accuracy, ↑") for budget in budgets),
        ),
        groups=tuple(Group(PLURAL[role], found) for role, found in rows.items() if found),
    )


def _curves(subject: Subject, found: Mapping[Arm, _Probed]) -> Plot | None:
    lines = tuple(line for arm, probed in found.items() if (line := _line(arm, probed)) is not None)
    if not lines:
        return None
    first, last = (max(lines, key=lambda line: float(line.y[place])) for place in (0, -1))
    few, many = count(int(first.x[0])), count(int(last.x[-1]))
    low, high = figure(float(first.y[0]), 3), figure(float(last.y[-1]), 3)
    return Plot(
        name="linear-probe",
        claim=f"The codes of “{first.label}” tell most of the classes: an accuracy of {low} with {few} labels,"
        f" of {high} with {many}."
        if first is last
        else f"With {few} labels the codes of “{first.label}” tell most of the classes, an accuracy of {low};"
        f" with {many} those of “{last.label}”, {high}.",
        caption=f"Accuracy of the linear classifier on the {subject.split} pictures over the number of labelled"
        " training pictures; mean over seeds, the band its 95\u202f% interval.",
        alt="Accuracy over labels: "
        + "; ".join(
            f"{line.label} "
            + ", ".join(f"{figure(float(y), 3)} with {count(int(x))}" for x, y in zip(line.x, line.y, strict=True))
            for line in lines
        ),
        panels=(Panel(lines, x_label="labelled training pictures", y_label="accuracy", log_x=True),),
    )


def _line(arm: Arm, probed: _Probed) -> Line | None:
    points = {
        float(number): probed.accuracy[budget] for budget, number in probed.labels.items() if budget in probed.accuracy
    }
    return curve(arm.name, arm.style, points)


def _beside_pca(found: Mapping[Arm, _Probed], budgets: tuple[str, ...]) -> tuple[str, ...]:
    """How many of the trained arms beat PCA, from the fewest labels and from the most."""
    baseline = {budget: _pca(found, budget) for budget in budgets}
    said = []
    for budget in dict.fromkeys((budgets[0], budgets[-1])):
        trained = [
            probed.accuracy[budget].interval.mean
            for arm, probed in found.items()
            if arm.role != "baseline" and budget in probed.accuracy
        ]
        floor = baseline[budget]
        if trained and floor is not None:
            above = sum(value > floor for value in trained)
            said.append(f"with {_said(budget)} on those of {above} of {len(trained)} trained arms")
    return (f"It does better than on PCA's codes {', '.join(said)}.",) if said else ()


def _mistaken(subject: Subject, found: Mapping[Arm, _Probed], budget: str) -> tuple[str, ...]:
    """Which class the leading arm's classifier takes for which most often."""
    best = _best(found, budget)
    arrays = subject.run.arrays(best.name, best.seeds[0], _EVALUATION) if best else {}
    if best is None or "confusion" not in arrays:
        return ()
    wrong = arrays["confusion"][arrays["conditions"].tolist().index(f"labels={budget}")].copy()
    np.fill_diagonal(wrong, 0)
    shown, named = np.unravel_index(int(wrong.argmax()), wrong.shape)
    if not wrong[shown, named]:
        return ()
    names = (subject.run.experiment.get("data") or {}).get("class_names") or ()
    return (
        f"On the codes of “{best.name}” and with {_said(budget)} its most frequent mistake is to take"
        f" {class_name(names, shown)} for {class_name(names, named)}, {count(int(wrong[shown, named]))} times.",
    )


def _pca(found: Mapping[Arm, _Probed], budget: str) -> float | None:
    """The best accuracy on a PCA's codes."""
    values = [
        probed.accuracy[budget].interval.mean
        for arm, probed in found.items()
        if arm.is_pca and budget in probed.accuracy
    ]
    return max(values, default=None)
