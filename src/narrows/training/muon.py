"""Muon: steps of one size in every direction of a weight, and AdamW for what is no matrix."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from narrows.training.adam import Adam

NARROW = 4
"""Inputs or outputs of a weight up to which it reads or gives a picture's channels, and is left to AdamW."""
MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the polynomial a x + b x^3 + c x^5, which five times over takes 0.01 to 1 near 1 (both are Jordan et al.'s)."""
ROOT_MEAN_SQUARE = 0.2
"""Of a step at a rate of 1: what AdamW's have, so that its rates can be used (Liu et al. 2025)."""


class Muon:
    """Steps of one size in every direction of a weight matrix (Jordan et al. 2024), as long as AdamW's would be.

    A convolution's weight is the matrix of its outputs by everything that each sums up. Biases, and weights of few
    inputs or outputs, take AdamW's steps. What is here is the part of an Optimizer that a training needs. PyTorch's own
    takes matrices alone and multiplies them as bfloat16, which is slow on a processor without such units.
    """

    def __init__(
        self,
        parameters: Sequence[nn.Parameter],
        *,
        rate: float,
        betas: tuple[float, float],
        weight_decay: float,
        precision: torch.dtype = torch.float32,
    ) -> None:
        """Over parameters that are on their device, whose matrices are multiplied in this precision."""
        self.weights = [each for each in parameters if each.ndim > 1 and min(each.shape[:2]) > NARROW]
        self.averages = [torch.zeros_like(weight, requires_grad=False) for weight in self.weights]
        self.group: dict[str, Any] = {"params": self.weights, "lr": rate, "weight_decay": weight_decay}
        self.precision = precision
        theirs = set(self.weights)
        rest = [each for each in parameters if each not in theirs]
        self.adamw = Adam(rest, rate=rate, betas=betas, weight_decay=weight_decay, decoupled=True)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """All groups, whose learning rate can be set."""
        return [self.group, *self.adamw.param_groups]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        self.adamw.zero_grad()
        for weight in self.weights:
            weight.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change weights along the direction of the gradients' average, looking one gradient ahead (Nesterov)."""
        rate, weight_decay = self.group["lr"], self.group["weight_decay"]
        for weight, average in zip(self.weights, self.averages, strict=True):
            if weight.grad is None:
                continue
            average.lerp_(weight.grad, 1 - MOMENTUM)
            matrix = weight.grad.lerp(average, MOMENTUM).flatten(1)
            direction = orthogonal(matrix.to(self.precision)).to(weight.dtype).view(weight.shape)
            weight.mul_(1 - rate * weight_decay)
            weight.add_(direction, alpha=-rate * ROOT_MEAN_SQUARE * max(matrix.shape) ** 0.5)
        self.adamw.step()

    def state_dict(self) -> dict[str, Any]:
        """The averages of both under "state", numbered on end."""
        ours = {key: {"momentum_buffer": average} for key, average in enumerate(self.averages)}
        theirs = self.adamw.state_dict()["state"]
        return {"state": ours | {len(ours) + key: value for key, value in theirs.items()}}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        count = len(self.averages)
        for key, average in enumerate(self.averages):
            average.copy_(saved["state"][key]["momentum_buffer"])
        adamw = {key - count: value for key, value in saved["state"].items() if key >= count}
        self.adamw.load_state_dict({"state": adamw})


def orthogonal(matrix: Float[Tensor, "row column"]) -> Float[Tensor, "row column"]:
    """A matrix with the same singular vectors and singular values near 1, by five Newton-Schulz iterations."""
    tall = matrix.shape[0] > matrix.shape[1]
    found = matrix.T if tall else matrix
    found = found / found.norm().clamp(min=1e-7)
    linear, cubic, quintic = COEFFICIENTS
    for _ in range(5):
        gram = found @ found.T
        found = torch.addmm(found, torch.addmm(gram, gram, gram, beta=cubic, alpha=quintic), found, beta=linear)
    return found.T if tall else found
