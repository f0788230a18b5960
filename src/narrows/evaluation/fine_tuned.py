"""What a classifier reaches whose encoder goes on learning with it: how good a start a model's weights are."""

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.label_budgets import Budgets, check_budgets, num_classes, over_budgets
from narrows.evaluation.reconstruction import Evaluation, Model
from narrows.models import Autoencoder
from narrows.training import Classifier, Training, fit_classifier, score
from narrows.training.fit import device_of

FINE_TUNING = Training(
    epochs=5, batch_size=100, optimizer="adamw", learning_rate=1e-3, weight_decay=0.01, schedule="cosine", warmup=0.1
)
"""Chosen on MNIST's validation split, where neither more epochs nor a lower rate named more digits."""


@dataclass(frozen=True)
class FineTuned:
    """Accuracy of a classifier whose encoder goes on learning, from few labels to all (Hinton and Salakhutdinov 2006).

    A linear head on the codes, and the encoder of a copy of the model, learn the classes from the labels that
    `LinearProbe` gets; the model itself stays as it is. The budgets are stratified and nested (see `kept`).

    Raises:
        ValueError: a budget is below 1, or a share not above 0 and at most 1.
    """

    budgets: Budgets = (1000, None)
    training: Training = FINE_TUNING
    """Of every budget. Its epochs are those of all training pictures: a smaller budget sees its own as many times
    more often, so that all take as many steps. Minutes count for each budget by itself."""
    name: ClassVar[str] = "fine_tuned"
    needs: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        check_budgets(self.budgets)

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """Figures and arrays as `over_budgets` gives them.

        Nothing for a model without a code, for pictures without labels, and for a model whose encoder is all in closed
        form: of a PCA only the head would be trained, which is the linear probe.

        Args:
            model: an Autoencoder or a baseline.
            pictures: the judged split.
            beside: the training pictures, from which the classifier learns.
        """
        labels, truth = beside.train.labels, pictures.labels
        if not isinstance(model, Autoencoder) or labels is None or truth is None or not can_learn(model):
            return Evaluation([])

        def answer(chosen: NDArray[np.int64]) -> NDArray[np.int64]:
            classifier = Classifier(deepcopy(model), num_classes(labels, truth)).to(device_of(model))
            epochs = round(self.training.epochs * len(labels) / len(chosen))
            fit_classifier(classifier, beside.train.take(chosen), training=replace(self.training, epochs=epochs))
            return score(classifier, pictures).argmax(1).numpy()

        return over_budgets(self.name, self.budgets, labels, truth, answer)


def can_learn(model: Autoencoder) -> bool:
    """Whether a parameter that makes the code wants a gradient."""
    return model.encode(torch.zeros(1, *model.image_shape, device=device_of(model))).requires_grad
