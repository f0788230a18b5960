"""Checks of classifiers: what they learn from, and whether they tell any classes apart."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.diagnostics.arms import trained
from narrows.results import PROBED, Finding, Reported, Run

EVALUATIONS = ("label_efficiency", "linear_probe", "fine_tuned", PROBED)
"""Those that name classes; each keeps its confusion of every budget."""

CHANCE = 1.5
"""Reported accuracy over a guess's. Of 500 pictures of ten classes a guess is right for 0.074 to 0.126, and naming the
class that the split has most of for 0.124 in report 000: an accuracy below 0.15 is nothing that was learnt."""


def features_are_no_codes(run: Run) -> Iterable[Finding]:
    """Fault: classifiers learn from what the decoder gives, which has the pictures' shape, and not from codes.

    Threshold: any. Report 000 encodes 96 x 96 x 3 numbers to a code of 16 and classifies 96 x 96 x 3 numbers.
    """
    for arm in trained(run):
        arrays = run.arrays(arm.name, 0, "label_efficiency")
        if "features" in arrays and str(arrays["features"]) == "reconstruction":
            shape = run.experiment.get("data", {}).get("image_shape", [])
            yield Finding(
                "error",
                "features are no codes",
                arm.name,
                f"its classifier learns from reconstructions of {' x '.join(map(str, shape))} numbers",
                "Classify what the encoder gives, encode(images), before any decoder.",
            )


def classifier_predicts_one_class(run: Run) -> Iterable[Finding]:
    """Fault: every judged picture is taken for the same class, so that its accuracy is that class's share.

    Threshold: one column of the confusion holds all pictures, of several classes. Report 000's MLP takes all 500 for
    class 3. What names the most frequent class on purpose is left out.
    """
    for arm in trained(run):
        found = [place for place, confusion in _confusions(run, arm.name) if _names_one(confusion)]
        if found:
            yield Finding(
                "error",
                "classifier predicts one class",
                arm.name,
                f"all pictures of all classes are taken for one ({', '.join(found)})",
                "Look whether its features vary between pictures, then at scale and learning rate.",
            )


def accuracy_at_chance(run: Run) -> Iterable[Finding]:
    """Fault: classes are named no better than without looking.

    Thresholds: an accuracy that does not exceed the largest class's share by 1.96 of its binomial standard errors; of
    reported figures an accuracy below `CHANCE` of a guess's, or a cross-entropy at or above its ln(classes). A
    classifier that names one class alone is left to the check of that.
    """
    for arm in trained(run):
        said = []
        for place, confusion in _confusions(run, arm.name):
            count, accuracy = confusion.sum(), np.trace(confusion) / confusion.sum()
            largest = confusion.sum(1).max() / count
            if not _names_one(confusion) and accuracy <= largest + 1.96 * math.sqrt(largest * (1 - largest) / count):
                said.append(f"{accuracy:.3f} ({place}), where the largest class alone gives {largest:.3f}")
        if said:
            yield Finding(
                "error",
                "accuracy at chance",
                arm.name,
                f"accuracy {'; '.join(said)}",
                "Look whether its features vary between pictures and tell the classes apart at all.",
            )
    classes = len(run.experiment.get("data", {}).get("class_names", ()))
    for name in dict.fromkeys(row.arm for row in run.reported) if classes > 1 else ():
        rows = [row for row in run.reported if row.arm == name and _no_better_than_a_guess(row, classes)]
        if rows:
            figures = ", ".join(f"{row.metric.replace('_', '-')} {row.value:g}" for row in rows)
            yield Finding(
                "error",
                "accuracy at chance",
                name,
                f"report {rows[0].report}: {figures}; a guess among {classes} classes has accuracy {1 / classes:g} and "
                f"cross-entropy ln {classes} = {math.log(classes):.4f}",
                "Nothing was learnt: no number of labels, layers or units can be compared by such figures.",
            )


def _names_one(confusion: NDArray[Any]) -> bool:
    return bool(np.count_nonzero(confusion.sum(0)) == 1)


def _no_better_than_a_guess(row: Reported, classes: int) -> bool:
    if row.metric == "cross_entropy":
        return row.value >= math.log(classes)
    return row.metric == "accuracy" and row.value < CHANCE / classes


def _confusions(run: Run, arm: str) -> Iterator[tuple[str, NDArray[Any]]]:
    """The confusion of every budget of an arm's first seed, where pictures of several classes were judged."""
    for evaluation in EVALUATIONS:
        arrays = run.arrays(arm, 0, evaluation)
        chosen = arrays.get("chosen", np.full(len(arrays.get("conditions", ())), ""))
        for condition, confusion, classifier in zip(
            arrays.get("conditions", ()), arrays.get("confusion", ()), chosen, strict=True
        ):
            if classifier != "majority" and np.count_nonzero(confusion.sum(1)) > 1:
                yield f"{evaluation.replace('_', ' ')}, {condition}", confusion
