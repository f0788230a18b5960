"""What a linear classifier reads off the codes of a few labelled pictures: how far apart a code keeps the classes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from narrows.data import Pictures, stratified_order
from narrows.evaluation.beside import Beside
from narrows.evaluation.reconstruction import Evaluation, Model, reconstruct
from narrows.evaluation.tally import Figure
from narrows.models import Autoencoder

REGULARISATION = 1.0
"""Scikit-learn's C, the same for every budget and code: half the squared weights beside the summed cross-entropy."""
MAX_ITERATIONS = 1000
"""Of L-BFGS: the fastest solver on 50 000 codes of 32 numbers (0.9 s, one thread), which needs some 50 of them."""
SEED = 0
"""Of the order in which pictures get their labels: the same for all models, whatever they were trained with."""


@dataclass(frozen=True)
class LinearProbe:
    """Accuracy of a linear classifier on codes, from few labels to all (Alain and Bengio 2017).

    A logistic regression of the classes on the codes of labelled training pictures, standardised by the codes of all
    training pictures. The budgets are stratified and nested: the pictures of a smaller one are among a larger one's.

    Raises:
        ValueError: a budget is below 1.
    """

    budgets: tuple[int | None, ...] = (100, 1000, None)
    """How many training pictures keep their label; None keeps all."""
    name: ClassVar[str] = "linear_probe"
    needs: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if any(budget is not None and budget < 1 for budget in self.budgets):
            raise ValueError(f"expected budgets of at least 1 label, or None for all, found {self.budgets}")

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """Accuracy in [0, 1] under a condition labels=COUNT or labels=all.

        A budget of as many labels as there are, or more, is all of them. A model without a code and pictures without
        labels have nothing to probe; a budget whose pictures are of one class has nothing to tell apart.

        Args:
            model: an Autoencoder or a baseline.
            pictures: the judged split.
            beside: the training pictures, from which the classifier learns.

        Returns:
            Figures, and the arrays `conditions` and `num_labels`, (budget,), and `confusion`, (budget, class, class):
            how many pictures of the row's class were taken for the column's.
        """
        labels, truth = beside.train.labels, pictures.labels
        if not isinstance(model, Autoencoder) or labels is None or truth is None:
            return Evaluation([])
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import confusion_matrix
        from sklearn.preprocessing import StandardScaler

        learnt, judged = (codes_of(model, some) for some in (beside.train, pictures))
        scaler = StandardScaler().fit(learnt)
        learnt, judged = scaler.transform(learnt), scaler.transform(judged)
        order = stratified_order(labels, SEED)
        classes = np.arange(1 + max(labels.max(), truth.max()))
        figures, confusion = [], []
        kept = self._counts(labels[order])
        for condition, count in kept.items():
            chosen = order[:count]
            probe = LogisticRegression(C=REGULARISATION, max_iter=MAX_ITERATIONS).fit(learnt[chosen], labels[chosen])
            answers = probe.predict(judged)
            figures.append(Figure(self.name, condition, "accuracy", float((answers == truth).mean()), len(truth)))
            confusion.append(confusion_matrix(truth, answers, labels=classes))
        arrays = {"conditions": np.array(list(kept)), "num_labels": np.array(list(kept.values()), dtype=np.int64)}
        return Evaluation(figures, arrays | {"confusion": np.array(confusion)} if figures else {})

    def _counts(self, labels: NDArray[np.int64]) -> dict[str, int]:
        """How many labels each condition keeps, of labels in the order in which they are given out."""
        counts = {}
        for budget in self.budgets:
            count = len(labels) if budget is None else min(budget, len(labels))
            if len(np.unique(labels[:count])) > 1:
                counts["labels=all" if count == len(labels) else f"labels={count}"] = count
        return counts


def codes_of(model: Model, pictures: Pictures) -> NDArray[np.float64]:
    """The codes of all pictures as they are, (picture, code); in float64, in which the solver always converges."""
    return torch.cat([output.latent.code for _, _, output in reconstruct(model, pictures)]).double().numpy()
