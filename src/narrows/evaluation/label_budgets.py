"""Classifiers that learn from few labels to all: which pictures keep theirs, and how often the answers are right."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from narrows.data import stratified_order
from narrows.evaluation.reconstruction import Evaluation
from narrows.evaluation.tally import Figure

SEED = 0
"""Of the order in which pictures get their labels: the same for all models, whatever they were trained with."""


def check_budgets(budgets: tuple[int | None, ...]) -> None:
    """Pass over budgets that make sense.

    Raises:
        ValueError: one is below 1.
    """
    if any(budget is not None and budget < 1 for budget in budgets):
        raise ValueError(f"expected budgets of at least 1 label, or None for all, found {budgets}")


def over_budgets(
    name: str,
    budgets: tuple[int | None, ...],
    labels: NDArray[np.int64],
    truth: NDArray[np.int64],
    answer: Callable[[NDArray[np.int64]], NDArray[np.int64]],
) -> Evaluation:
    """Accuracy in [0, 1] under a condition labels=COUNT or labels=all.

    The budgets are stratified and nested: the pictures of a smaller one are among a larger one's. One of as many labels
    as there are, or more, is all of them; one whose pictures are of one class has nothing to tell apart.

    Args:
        name: of the evaluation.
        budgets: how many training pictures keep their label; None keeps all.
        labels: of the training pictures.
        truth: labels of the judged pictures.
        answer: learns from the training pictures at these positions, and names the class of each judged picture.

    Returns:
        Figures, and the arrays `conditions` and `num_labels`, (budget,), and `confusion`, (budget, class, class):
        how many pictures of the row's class were taken for the column's.
    """
    from sklearn.metrics import confusion_matrix

    order = stratified_order(labels, SEED)
    classes = np.arange(num_classes(labels, truth))
    figures, confusion = [], []
    kept = _counts(budgets, labels[order])
    for condition, count in kept.items():
        answers = answer(order[:count])
        figures.append(Figure(name, condition, "accuracy", float((answers == truth).mean()), len(truth)))
        confusion.append(confusion_matrix(truth, answers, labels=classes))
    arrays = {"conditions": np.array(list(kept)), "num_labels": np.array(list(kept.values()), dtype=np.int64)}
    return Evaluation(figures, arrays | {"confusion": np.array(confusion)} if figures else {})


def num_classes(labels: NDArray[np.int64], truth: NDArray[np.int64]) -> int:
    """How many classes training and judged pictures have between them."""
    return 1 + int(max(labels.max(), truth.max()))


def _counts(budgets: tuple[int | None, ...], labels: NDArray[np.int64]) -> dict[str, int]:
    """How many labels each condition keeps, of labels in the order in which they are given out."""
    counts = {}
    for budget in budgets:
        count = len(labels) if budget is None else min(budget, len(labels))
        if len(np.unique(labels[:count])) > 1:
            counts["labels=all" if count == len(labels) else f"labels={count}"] = count
    return counts
