"""Muon: PyTorch's, over weights of any number of axes, and AdamW for what is no matrix."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

NARROW = 4
"""Inputs or outputs of a weight up to which it reads or gives a picture's channels, and is left to AdamW."""


class Muon:
    """Steps of one size in every direction of a weight matrix (Jordan et al. 2024), as long as AdamW's would be.

    A convolution's weight is the matrix of its outputs by everything that each sums up. Biases, and weights of few
    inputs or outputs, take AdamW's steps. What is here is the part of an Optimizer that a training needs.
    """

    def __init__(
        self, parameters: Sequence[nn.Parameter], *, rate: float, betas: tuple[float, float], weight_decay: float
    ) -> None:
        """Over parameters that keep their memory: move and reorder them before.

        Raises:
            RuntimeError: this PyTorch has no Muon.
        """
        if not hasattr(torch.optim, "Muon"):
            raise RuntimeError(
                f"expected PyTorch 2.9 or later for the optimizer muon, found {torch.__version__}; upgrade it, or use "
                "adamw"
            )
        self.weights = [each for each in parameters if each.ndim > 1 and min(each.shape[:2]) > NARROW]
        self.matrices = [nn.Parameter(as_matrix(weight.detach(), weight)) for weight in self.weights]
        theirs = set(self.weights)
        rest = [each for each in parameters if each not in theirs]
        # in groups, since an optimiser refuses an empty list of parameters, but no empty group
        # Liu et al. 2025 scale the step to the root mean square that AdamW's have, so that its rates can be used
        self.muon = torch.optim.Muon(
            [{"params": self.matrices}], lr=rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"
        )
        self.adamw = torch.optim.AdamW([{"params": rest}], lr=rate, betas=betas, weight_decay=weight_decay, fused=True)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Both optimisers' groups, whose learning rate can be set."""
        return [*self.muon.param_groups, *self.adamw.param_groups]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        self.adamw.zero_grad()
        for weight in self.weights:
            weight.grad = None

    def step(self) -> None:
        """Change weights, which the matrices share their memory with, and the other parameters."""
        for weight, matrix in zip(self.weights, self.matrices, strict=True):
            matrix.grad = None if weight.grad is None else as_matrix(weight.grad, weight)
        self.muon.step()
        self.adamw.step()

    def state_dict(self) -> dict[str, Any]:
        """The averages of both under "state", numbered on end."""
        muon, adamw = self.muon.state_dict()["state"], self.adamw.state_dict()["state"]
        return {"state": muon | {len(self.matrices) + key: value for key, value in adamw.items()}}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        count = len(self.matrices)
        muon = {key: value for key, value in saved["state"].items() if key < count}
        adamw = {key - count: value for key, value in saved["state"].items() if key >= count}
        self.muon.load_state_dict(self.muon.state_dict() | {"state": muon})
        self.adamw.load_state_dict(self.adamw.state_dict() | {"state": adamw})


def as_matrix(values: Tensor, weight: Tensor) -> Tensor:
    """A weight's values, or its gradient's, as (output, everything else) in the order that its memory has."""
    ordered = values if weight.is_contiguous() else values.movedim(1, -1)
    return ordered.reshape(len(weight), -1)
