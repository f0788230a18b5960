"""What a linear classifier reads off the codes of a few labelled pictures: how far apart a code keeps the classes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.label_budgets import Budgets, check_budgets, over_budgets
from narrows.evaluation.reconstruction import Evaluation, Model, reconstruct
from narrows.models import Autoencoder

REGULARISATION = 1.0
"""Scikit-learn's C, the same for every budget and code: half the squared weights beside the summed cross-entropy."""
MAX_ITERATIONS = 1000
"""Of L-BFGS: the fastest solver on 50 000 codes of 32 numbers (0.9 s, one thread), which needs some 50 of them."""
MAX_NUMBERS = 4096
"""Of a code that is probed: a U-Net's 8 192 of 50 000 pictures would take 3 GB."""


@dataclass(frozen=True)
class LinearProbe:
    """Accuracy of a linear classifier on codes, from few labels to all (Alain and Bengio 2017).

    A logistic regression of the classes on the codes of labelled training pictures, standardised by the codes of all
    training pictures. The budgets are stratified and nested (see `kept`).

    Raises:
        ValueError: a budget is below 1, or a share not above 0 and at most 1.
    """

    budgets: Budgets = (100, 1000, None)
    name: ClassVar[str] = "linear_probe"
    needs: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        check_budgets(self.budgets)

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """Figures and arrays as `over_budgets` gives them.

        A model without a code and pictures without labels have nothing to probe; codes of more than 4 096 numbers are
        left alone.

        Args:
            model: an Autoencoder or a baseline.
            pictures: the judged split.
            beside: the training pictures, from which the classifier learns.
        """
        labels, truth = beside.train.labels, pictures.labels
        if not isinstance(model, Autoencoder) or labels is None or truth is None or model.code_size > MAX_NUMBERS:
            return Evaluation([])
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        learnt, judged = (codes_of(model, some) for some in (beside.train, pictures))
        scaler = StandardScaler().fit(learnt)
        learnt, judged = scaler.transform(learnt), scaler.transform(judged)

        def answer(chosen: NDArray[np.int64]) -> NDArray[np.int64]:
            probe = LogisticRegression(C=REGULARISATION, max_iter=MAX_ITERATIONS).fit(learnt[chosen], labels[chosen])
            answers: NDArray[np.int64] = probe.predict(judged)
            return answers

        return over_budgets(self.name, self.budgets, labels, truth, answer)


def codes_of(model: Model, pictures: Pictures) -> NDArray[np.float64]:
    """The codes of all pictures as they are, (picture, code); in float64, in which the solver always converges."""
    return torch.cat([output.latent.code for _, _, output in reconstruct(model, pictures)]).double().numpy()
