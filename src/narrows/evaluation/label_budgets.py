"""Classifiers that learn from few labels to all: which pictures keep theirs, and how often the answers are right."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from narrows.data import label_budget, stratified_order
from narrows.evaluation.reconstruction import Evaluation
from narrows.evaluation.tally import Figure

Budgets: TypeAlias = tuple[int | float | None, ...]
"""How many training pictures keep their label, or which share of them; None keeps all."""

SEED = 0
"""Of the order in which pictures get their labels: the same for all models, whatever they were trained with."""


def check_budgets(budgets: Budgets) -> None:
    """Pass over budgets that make sense.

    Raises:
        ValueError: a number is below 1, or a share not above 0 and at most 1.
    """
    shares = [budget for budget in budgets if isinstance(budget, float)]
    counts = [budget for budget in budgets if isinstance(budget, int)]
    if any(count < 1 for count in counts) or not all(0 < share <= 1 for share in shares):
        raise ValueError(
            "expected budgets of at least 1 label, of a share such as 0.1, or None for all, "
            f"found {budgets}; a share is above 0 and at most 1.0"
        )


def over_budgets(
    name: str,
    budgets: Budgets,
    labels: NDArray[np.int64],
    truth: NDArray[np.int64],
    answer: Callable[[NDArray[np.int64]], NDArray[np.int64]],
) -> Evaluation:
    """Accuracy in [0, 1] under a condition labels=COUNT, labels=SHARE or labels=all.

    Args:
        name: of the evaluation.
        budgets: whose pictures are as `kept` draws them.
        labels: of the training pictures.
        truth: labels of the judged pictures.
        answer: learns from the training pictures at these positions, and names the class of each judged picture.

    Returns:
        Figures, and the arrays of `answered`.
    """
    budgeted = kept(budgets, labels, SEED)
    answers = {condition: answer(chosen) for condition, chosen in budgeted.items()}
    figures = [
        Figure(name, condition, "accuracy", float((found == truth).mean()), len(truth))
        for condition, found in answers.items()
    ]
    return Evaluation(figures, answered(budgeted, answers, truth, num_classes(labels, truth)))


def kept(budgets: Budgets, labels: NDArray[np.int64], seed: int) -> dict[str, NDArray[np.int64]]:
    """Positions of the pictures that keep their label, by the condition that says how many.

    The budgets are stratified and nested: the pictures of a smaller number are among a larger one's, those of a smaller
    share among a larger one's, which has a picture of every class. A number of as many labels as there are, or more, is
    all of them; one whose pictures are of one class has nothing to tell apart.
    """
    order = stratified_order(labels, seed)
    found = {}
    for budget in budgets:
        if isinstance(budget, float):
            condition, chosen = f"labels={budget}", label_budget(labels, budget, seed)
        else:
            chosen = order if budget is None else order[:budget]
            condition = "labels=all" if len(chosen) == len(labels) else f"labels={budget}"
        if len(np.unique(labels[chosen])) > 1:
            found[condition] = chosen
    return found


def answered(
    budgeted: dict[str, NDArray[np.int64]],
    answers: dict[str, NDArray[np.int64]],
    truth: NDArray[np.int64],
    classes: int,
) -> dict[str, NDArray[np.generic]]:
    """The arrays `conditions` and `num_labels`, (budget,), and `confusion`, (budget, class, class).

    The last says how many pictures of the row's class were taken for the column's. Nothing where nothing was answered.
    """
    from sklearn.metrics import confusion_matrix

    if not answers:
        return {}
    named = np.arange(classes)
    return {
        "conditions": np.array(list(answers)),
        "num_labels": np.array([len(budgeted[condition]) for condition in answers], dtype=np.int64),
        "confusion": np.array([confusion_matrix(truth, found, labels=named) for found in answers.values()]),
    }


def num_classes(labels: NDArray[np.int64], truth: NDArray[np.int64]) -> int:
    """How many classes training and judged pictures have between them."""
    return 1 + int(max(labels.max(), truth.max()))
