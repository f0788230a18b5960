"""Classifiers of frozen features, one by one: ROC curves, learning curves, and which class is taken for which."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from narrows.report.arms import Arm
from narrows.report.numbers import count, figure
from narrows.report.page import Block, Cell, Column, Group, Line, Panel, Plot, Section, Table
from narrows.report.subject import Arrays, Subject
from narrows.report.text import file_name
from narrows.results import class_name

EVALUATION = "label_efficiency"
CURVES = (("cross_entropy", "cross-entropy (nats)"), ("accuracy", "accuracy"))


def classifiers(subject: Subject) -> Section | None:
    """What `LabelEfficiency` leaves of each arm's first seed, with its most labels; the rest behind folds."""
    read = {arm: subject.run.arrays(arm.name, arm.seeds[0], EVALUATION) for arm in subject.arms if arm.seeds}
    found: dict[Arm, Arrays] = {arm: arrays for arm, arrays in read.items() if "conditions" in arrays}
    if not found:
        return None
    learning = (_learning(arm, arrays) for arm, arrays in found.items())
    names = (subject.run.experiment.get("data") or {}).get("class_names") or ()
    blocks: list[Block] = [
        *roc(subject.split, found),
        *(plot for plot in learning if plot is not None),
        *(confusion(subject.split, names, arm, arrays) for arm, arrays in found.items()),
    ]
    return Section(
        "classifiers",
        "Each classifier by itself",
        tuple(blocks),
        lead="First seed. A ROC curve sets the share of a class's pictures that are found against the share of all"
        " others that are taken for it, mean over the classes; guessing lies on the diagonal.",
    )


def roc(split: str, found: Mapping[Arm, Arrays], name: str = "roc") -> list[Plot]:
    """The curves of all arms, a plot for each share of labels: the last one open."""
    shares = list(dict.fromkeys(str(each) for arrays in found.values() for each in arrays["conditions"]))
    plots = []
    for share in reversed(shares):
        lines = []
        for arm, arrays in found.items():
            conditions = [str(each) for each in arrays["conditions"]]
            if "roc" in arrays and share in conditions:
                rates, curve = arrays["false_positive_rates"], arrays["roc"][conditions.index(share)]
                lines.append(Line(arm.name, arm.style, rates, curve))
        if lines:
            areas = {line.label: float(np.trapezoid(line.y, line.x)) for line in lines}
            best = max(areas, key=lambda label: areas[label])
            plots.append(
                Plot(
                    name=f"{name}-{file_name(share)}",
                    claim=f"“{best}” ranks the classes best with {share.replace('=', ' ')}: an area of"
                    f" {figure(areas[best], 3)} under its curve.",
                    caption=f"Macro ROC curves on the {split} pictures, {share}; first seed.",
                    alt="Areas under the curves: "
                    + ", ".join(f"{label} {figure(area, 3)}" for label, area in areas.items()),
                    panels=(Panel(tuple(lines), x_label="false positive rate", y_label="true positive rate"),),
                    fold="" if share == shares[-1] else f"ROC curves with {share}",
                )
            )
    return plots


def _learning(arm: Arm, arrays: Arrays) -> Plot | None:
    """Loss and accuracy of training and validation over epochs, a line each, with the most labels."""
    if any(f"{split}_{metric}" not in arrays for split in ("train", "validation") for metric, _ in CURVES):
        return None
    trained = np.flatnonzero(~np.isnan(arrays["train_accuracy"]).all(1))
    if not len(trained):
        return None
    place = int(trained[-1])
    panels, ends = [], []
    for metric, label in CURVES:
        lines = []
        for split, dash in (("train", "train, labelled pictures"), ("validation", "validation")):
            values = arrays[f"{split}_{metric}"][place]
            values = values[~np.isnan(values)]
            style = arm.style if split == "validation" else replace(arm.style, dash=(2.0, 2.0))
            lines.append(Line(dash, style, np.arange(1, len(values) + 1, dtype=np.float64), values))
            ends.append(f"{split} {label} ends at {figure(float(values[-1]), 3)}")
        panels.append(Panel(tuple(lines), x_label="epoch", y_label=label))
    share = str(arrays["conditions"][place])
    return Plot(
        name=f"classifier-learning-{file_name(arm.name)}",
        claim=f"“{arm.name}”, {arrays['chosen'][place]}, {share}: {ends[-1]}, {ends[-2]}.",
        caption="After every epoch, on the labelled training pictures and on validation; first seed.",
        alt="; ".join(ends),
        panels=tuple(panels),
        columns=2,
        fold=f"Learning curves of {arm.name}",
    )


def confusion(split: str, names: Sequence[str], arm: Arm, arrays: Arrays) -> Table:
    """Pictures of the row's class that were taken for the column's; a group for each share, all labels first."""
    classes = [class_name(names, number) for number in range(arrays["confusion"].shape[1])]
    groups = tuple(
        Group(
            f"{condition}: {chosen}",
            tuple(
                (Cell(name), *(Cell(count(int(each)), best=column == place) for column, each in enumerate(row)))
                for place, (name, row) in enumerate(zip(classes, counts, strict=True))
            ),
        )
        for condition, chosen, counts in reversed(
            list(zip(arrays["conditions"], arrays["chosen"], arrays["confusion"], strict=True))
        )
    )
    return Table(
        caption=f"“{arm.name}”: how many {split} pictures of the row's class were taken for the column's; right"
        " answers are bold and marked ◆.",
        columns=(Column("class", numeric=False), *(Column(name) for name in classes)),
        groups=groups,
        fold=f"Confusion of {arm.name}",
    )
