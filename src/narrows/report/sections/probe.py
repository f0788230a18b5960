"""What a classifier makes of the codes: accuracy over the number of labels, the encoder frozen or fine-tuned."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from narrows.report.arms import Arm
from narrows.report.numbers import MISSING, count, figure, measured
from narrows.report.page import Cell, Column, Group, Line, Panel, Plot, Section, Table
from narrows.report.sections.curves import curve, told
from narrows.report.subject import Arrays, Measure, Subject
from narrows.results import class_name


class Probed(NamedTuple):
    """One arm's accuracy by budget, and what else the run holds of it."""

    accuracy: Mapping[str, Measure]
    arrays: Arrays

    @property
    def labels(self) -> Mapping[str, int]:
        """How many labels a budget is, as far as it is known."""
        if "conditions" not in self.arrays:
            return {budget: int(budget) for budget in self.accuracy if budget.isdigit()}
        named = [str(condition).partition("labels=")[2] for condition in self.arrays["conditions"]]
        return dict(zip(named, self.arrays["num_labels"].tolist(), strict=True))


class Way(NamedTuple):
    """A way to learn the classes, and what all arms reach by it."""

    evaluation: str
    label: str
    learner: str
    found: Mapping[Arm, Probed]

    @property
    def budgets(self) -> tuple[str, ...]:
        """Fewest labels first, all of them last."""
        named = {budget for probed in self.found.values() for budget in probed.accuracy}
        return tuple(sorted(named, key=_rank))

    def means(self, budget: str) -> dict[Arm, float]:
        """The accuracy of every arm that was measured with a budget."""
        return {
            arm: probed.accuracy[budget].interval.mean
            for arm, probed in self.found.items()
            if budget in probed.accuracy
        }

    def best(self, budget: str) -> Arm | None:
        """The arm that leads a budget; None where only one was measured."""
        values = self.means(budget)
        return max(values, key=lambda arm: values[arm]) if len(values) > 1 else None


def probe(subject: Subject) -> Section | None:
    """The table and the curves of all arms that have a code."""
    frozen = _way(subject, "linear_probe", "frozen, linear", "a logistic regression on their codes")
    tuned = _way(subject, "fine_tuned", "fine-tuned", "a linear head on an encoder that learns with it")
    chosen = _way(subject, "label_efficiency", "frozen, chosen", "classifiers of their features, chosen on validation")
    ways = tuple(way for way in (frozen, chosen, tuned) if way.found)
    if not ways:
        return None
    drawn = curves(subject.split, ways)
    lead = []
    if frozen.found:
        lead += [
            "A linear classifier learns the classes from the codes of a few labelled training pictures: the better"
            " it does, the plainer a code says what a picture shows.",
            *_beside_pca(frozen),
            *_mistaken(subject, frozen),
        ]
    if chosen.found:
        lead += [
            "Each arm's classifiers learn the classes from frozen features of a share of the training pictures; where"
            " there are several, the one that does best on validation counts.",
            *_mistaken(subject, chosen),
        ]
    if tuned.found:
        lead += [
            "Fine-tuned, the encoder goes on learning with the classifier: the better that does, the better a start"
            " the encoder was; one in closed form, as PCA's, is left out.",
            *_gained(frozen, tuned),
        ]
    return Section(
        "probe",
        "What the codes tell of the classes",
        (*((drawn,) if drawn else ()), table(_caption(subject, ways), ways)),
        lead=" ".join(lead),
    )


def _way(subject: Subject, evaluation: str, label: str, learner: str) -> Way:
    found = {arm: _read(subject, arm, evaluation) for arm in subject.arms}
    return Way(evaluation, label, learner, {arm: probed for arm, probed in found.items() if probed.accuracy})


def _read(subject: Subject, arm: Arm, evaluation: str) -> Probed:
    accuracy = {
        key.condition.partition("labels=")[2]: measure
        for key, measure in subject.measures.items()
        if (key.evaluation, key.split, key.metric, key.arm) == (evaluation, subject.split, "accuracy", arm.name)
    }
    return Probed(accuracy, subject.run.arrays(arm.name, arm.seeds[0], evaluation) if accuracy else {})


def _rank(budget: str) -> tuple[bool, float]:
    return budget == "all", 0.0 if budget == "all" else float(budget)


def amount(budget: str) -> str:
    """A budget in words."""
    if budget.isdigit():
        return f"{count(int(budget))} labels"
    return "all labels" if budget in ("all", "1.0") else f"{100 * float(budget):g}\u202f% of the labels"


def table(caption: str, ways: tuple[Way, ...]) -> Table:
    """The ways below one another under the same budgets."""
    budgets = sorted({budget for way in ways for budget in way.budgets}, key=_rank)
    return Table(
        caption=caption,
        columns=(
            Column("arm", numeric=False),
            Column("learnt from", "numbers of the code"),
            *(Column(amount(budget), "accuracy, ↑") for budget in budgets),
        ),
        groups=tuple(Group(way.label[:1].upper() + way.label[1:], _rows(way, budgets)) for way in ways),
    )


def _rows(way: Way, budgets: list[str]) -> tuple[tuple[Cell, ...], ...]:
    best = {budget: way.best(budget) for budget in budgets}

    def cell(arm: Arm, budget: str) -> Cell:
        measure = way.found[arm].accuracy.get(budget)
        return Cell(measured(measure.interval), best=arm is best[budget]) if measure else Cell(MISSING)

    return tuple(
        (
            Cell(arm.name, style=arm.style),
            Cell(_learnt_from(arm, way.found[arm])),
            *(cell(arm, budget) for budget in budgets),
        )
        for arm in way.found
    )


def _learnt_from(arm: Arm, probed: Probed) -> str:
    """How many numbers of a code, or what else a classifier looks at."""
    features = str(probed.arrays.get("features", "code"))
    if features != "code":
        return features
    return count(arm.code_numbers) if arm.code_numbers else MISSING


def _caption(subject: Subject, ways: tuple[Way, ...]) -> str:
    learners = " or ".join(f"{way.learner} ({way.label})" for way in ways)
    group = ", group by group," if len(ways) > 1 else ""
    everything = sorted(
        {probed.labels["all"] for way in ways for probed in way.found.values() if "all" in probed.labels}
    )
    whole = f" All are {' or '.join(map(count, everything))} labels." if everything else ""
    return (
        f"Share of the {subject.split} pictures whose class {learners} names, by how many training pictures had a"
        f" label.{whole}{without_looking(ways)} Mean over seeds, ± half-width of its 95\u202f% interval; the best of a"
        f" column{group} is bold and marked ◆."
    )


def without_looking(ways: tuple[Way, ...]) -> str:
    """What is right without looking at the pictures; empty where the run does not hold how many a class has."""
    for way in ways:
        for probed in way.found.values():
            if "confusion" in probed.arrays:
                classes = probed.arrays["confusion"][0].sum(1)
                largest = figure(float(classes.max() / classes.sum()), 3)
                return (
                    f" Always naming their most frequent class would be right for {largest} of them, guessing"
                    f" among the {len(classes)} classes for {figure(1 / len(classes), 3)}."
                )
    return ""


def curves(split: str, ways: tuple[Way, ...], name: str = "accuracy-over-labels") -> Plot | None:
    """A panel for each way in which several budgets were measured."""
    drawn = [(way, lines) for way in ways if (lines := _lines(way))]
    if not drawn:
        return None
    return Plot(
        name=name,
        claim=" ".join(_claim(way, lines) for way, lines in drawn),
        caption=f"Accuracy of the classifier on the {split} pictures over the number of labelled training"
        " pictures; mean over seeds, the band its 95\u202f% interval."
        + (" Each panel has its own scale." if len(drawn) > 1 else ""),
        alt="; ".join(f"Accuracy over labels, {way.label}: {told(lines)}" for way, lines in drawn),
        panels=tuple(
            Panel(lines, way.label, x_label="labelled training pictures", y_label="accuracy", log_x=True)
            for way, lines in drawn
        ),
        columns=len(drawn),
    )


def _lines(way: Way) -> tuple[Line, ...]:
    """A curve for every arm of which several budgets' numbers of labels are known."""
    return tuple(line for arm, probed in way.found.items() if (line := _line(arm, probed)) is not None)


def _line(arm: Arm, probed: Probed) -> Line | None:
    points = {
        float(number): probed.accuracy[budget] for budget, number in probed.labels.items() if budget in probed.accuracy
    }
    return curve(arm.name, arm.style, points)


def _claim(way: Way, lines: tuple[Line, ...]) -> str:
    """Which arms lead at both ends of a panel."""
    first, last = (max(lines, key=lambda line: float(line.y[place])) for place in (0, -1))
    few, many = count(int(first.x[0])), count(int(last.x[-1]))
    low, high = figure(float(first.y[0]), 3), figure(float(last.y[-1]), 3)
    whose = {"linear_probe": "the codes of ", "fine_tuned": "the fine-tuned codes of "}.get(
        way.evaluation, "the features of "
    )
    if first is last:
        return (
            f"{whose.capitalize()}“{first.label}” tell most of the classes: an accuracy of {low} with {few} labels,"
            f" of {high} with {many}."
        )
    return (
        f"With {few} labels {whose}“{first.label}” tell most of the classes, an accuracy of {low}; with {many} those of"
        f" “{last.label}”, {high}."
    )


def _beside_pca(way: Way) -> tuple[str, ...]:
    """How many of the trained arms beat PCA, from the fewest labels and from the most."""
    said = []
    for budget in dict.fromkeys((way.budgets[0], way.budgets[-1])):
        values = way.means(budget)
        trained = [value for arm, value in values.items() if arm.role != "baseline"]
        floor = max((value for arm, value in values.items() if arm.is_pca), default=None)
        if trained and floor is not None:
            above = sum(value > floor for value in trained)
            said.append(f"with {amount(budget)} on those of {above} of {len(trained)} trained arms")
    return (f"It does better than on PCA's codes {', '.join(said)}.",) if said else ()


def _gained(frozen: Way, tuned: Way) -> tuple[str, ...]:
    """In how many arms fine-tuning beats the frozen codes, with the fewest labels that both had and with the most."""
    shared = [budget for budget in tuned.budgets if budget in frozen.budgets]
    said = []
    for budget in dict.fromkeys((*shared[:1], *shared[-1:])):
        before, after = frozen.means(budget), tuned.means(budget)
        both = [arm for arm in after if arm in before]
        if both:
            above = sum(after[arm] > before[arm] for arm in both)
            said.append(f"with {amount(budget)} in {above} of {len(both)} arms")
    return (f"It does better than on the frozen codes {', '.join(said)}.",) if said else ()


def _mistaken(subject: Subject, way: Way) -> tuple[str, ...]:
    """Which class the leading arm's classifier takes for which most often, with the most labels."""
    budget = way.budgets[-1]
    best = way.best(budget)
    arrays = way.found[best].arrays if best else {}
    if best is None or "confusion" not in arrays:
        return ()
    wrong = arrays["confusion"][arrays["conditions"].tolist().index(f"labels={budget}")].copy()
    np.fill_diagonal(wrong, 0)
    shown, named = np.unravel_index(int(wrong.argmax()), wrong.shape)
    if not wrong[shown, named]:
        return ()
    names = (subject.run.experiment.get("data") or {}).get("class_names") or ()
    return (
        f"On the codes of “{best.name}” and with {amount(budget)} its most frequent mistake is to take"
        f" {class_name(names, shown)} for {class_name(names, named)}, {count(int(wrong[shown, named]))} times.",
    )
