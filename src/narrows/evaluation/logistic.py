"""The linear classifier of features: logistic regression, and what brings it to its minimum in few steps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from narrows.evaluation.classifiers import CHUNK, Fitted, Labelled
from narrows.types import Codes, Scores

SAMPLED, STRONGEST = 1000, 200
"""Pictures from which a linear classifier takes directions of its features, and how many it takes."""
CERTAIN = 0.01
"""How much of its second moment a picture adds to the curvature: p (1 - p), small once its class is told by p near 1.
With 0.1, a guess's, digits took twice as many steps; with 0.003 patch features took more."""
SMALLEST = 1e-6
"""Share of the largest second moment below which a direction is rounding alone."""


@dataclass(frozen=True)
class Linear:
    """Multinomial logistic regression: cross-entropy plus half the squared weights, by L-BFGS (Liu and Nocedal 1989).

    Products are float32's whatever the features are: a processor without units for bfloat16 is many times slower in it.

    Raises:
        ValueError: a negative weight decay, fewer than one iteration, or a tolerance that is not above 0.
    """

    weight_decay: float = 1e-3
    """On half the sum of squared weights, beside the mean cross-entropy: 1 / (pictures x C) of scikit-learn's C."""
    max_iterations: int = 100
    tolerance: float = 1e-8
    """It ends with the first step that lowers the error, in nats, by less than this share of it, or of 1 if that is
    more."""

    def __post_init__(self) -> None:
        if self.weight_decay < 0 or self.max_iterations < 1:
            raise ValueError(
                "expected a weight decay of at least 0 and at least 1 iteration, found "
                f"{self.weight_decay} and {self.max_iterations}; 0.001 and 100 are usual"
            )
        if not self.tolerance > 0:
            raise ValueError(f"expected a tolerance above 0, found {self.tolerance}; 1e-8 is as near as float32 comes")

    @property
    def title(self) -> str:
        """With its weight decay."""
        return f"linear, weight decay {self.weight_decay:g}"

    def fit(self, learnt: Labelled, validation: Labelled, num_classes: int, seed: int) -> Fitted:  # noqa: ARG002
        """The minimum, as near as iterations and tolerance lead; it hangs on neither validation nor seed."""
        from scipy.optimize import minimize

        features, labels = learnt
        conditioned = preconditioner(features, self.weight_decay)
        shape = (num_classes, features.shape[1] + 1)
        truth = nn.functional.one_hot(labels, num_classes).float()

        def value_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            weights = conditioned(torch.from_numpy(flat).float().view(shape))
            scores = linear(features, weights)
            surplus = (scores.softmax(1) - truth) / len(labels)
            gradient = torch.cat([summed(features, surplus), surplus.sum(0)[:, None]], dim=1)
            gradient[:, :-1] += self.weight_decay * weights[:, :-1]
            penalty = 0.5 * self.weight_decay * weights[:, :-1].square().sum()
            error = nn.functional.cross_entropy(scores, labels) + penalty
            return error.item(), conditioned(gradient).double().flatten().numpy()

        start = np.zeros(shape[0] * shape[1])
        options = {"maxiter": self.max_iterations, "ftol": self.tolerance, "gtol": 1e-6}
        found = minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
        weights = conditioned(torch.from_numpy(found.x).float().view(shape))
        return Fitted(lambda features: linear(features, weights))


def preconditioner(features: Codes, weight_decay: float) -> Callable[[Tensor], Tensor]:
    """A symmetric map of weights (class, number + 1) after which the error curves about as much in every direction.

    It curves as the features' second moments do, nearly all of which lie in a few directions: the strongest ones of
    `SAMPLED` pictures are shrunk to the weakest of them. On the 12 800 numbers of patch features L-BFGS then came
    closer to the minimum in 30 to 45 steps than in 100 without, and validation accuracy rose with it.
    """
    some = features[:: -(-len(features) // SAMPLED)].float()
    # NumPy's, as PyTorch's own eigenvalue solver has died in the mathematics library of a processor
    moments, vectors = np.linalg.eigh((some @ some.T / len(some)).double().numpy())
    strong = np.flatnonzero(moments > SMALLEST * moments[-1])[-STRONGEST:]
    directions = some.T @ torch.from_numpy(vectors[:, strong] / np.sqrt(moments[strong] * len(some))).float()
    curvature = torch.from_numpy(moments[strong]).float() * CERTAIN + weight_decay
    shrunk = 1 - (curvature[:1] / curvature).sqrt()

    def conditioned(weights: Tensor) -> Tensor:
        numbers = weights[:, :-1]
        return torch.cat([numbers - (numbers @ directions * shrunk) @ directions.T, weights[:, -1:]], dim=1)

    return conditioned


def linear(features: Codes, weights: Tensor) -> Scores:
    """Features weighted by weights (class, number + 1), whose last column is added."""
    # class by class: on the CPU (picture, class) took up to eight times as long
    parts = [weights[:, :-1] @ chunk.float().T for chunk in features.split(CHUNK)]
    return (torch.cat(parts, dim=1) + weights[:, -1:]).T


def summed(features: Codes, shares: Scores) -> Tensor:
    """Sums over the pictures of their features times their shares, (class, number)."""
    chunks = zip(features.split(CHUNK), shares.split(CHUNK), strict=True)
    return torch.stack([part.T @ chunk.float() for chunk, part in chunks]).sum(0)
