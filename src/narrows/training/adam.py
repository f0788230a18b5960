"""Adam and AdamW: PyTorch's steps, without its classes around them."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim.adam import adam
from torch.optim.adamw import adamw

EPSILON = 1e-8
"""Added to the root of a gradient's mean square before it divides; PyTorch's own."""


class Adam:
    """Adam (Kingma and Ba 2015) or, where weight decay is decoupled, AdamW (Loshchilov and Hutter 2019).

    What is here is the part of an Optimizer that a training needs. PyTorch's classes give the same bits, but import its
    compiler with their first step, whether or not anything is compiled: 2 s at every start.
    """

    def __init__(
        self,
        parameters: Sequence[nn.Parameter],
        *,
        rate: float,
        betas: tuple[float, float],
        weight_decay: float,
        decoupled: bool,
    ) -> None:
        """Over parameters that are on their device; one without a gradient stays as it is."""
        self.parameters = list(parameters)
        self.state = [
            {
                "step": torch.zeros((), device=each.device),
                "exp_avg": torch.zeros_like(each, requires_grad=False),
                "exp_avg_sq": torch.zeros_like(each, requires_grad=False),
            }
            for each in self.parameters
        ]
        self.group: dict[str, Any] = {"params": self.parameters, "lr": rate}
        self.betas, self.weight_decay = betas, weight_decay
        self.take_steps = adamw if decoupled else adam

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The one group, whose learning rate can be set."""
        return [self.group]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for each in self.parameters:
            each.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change all weights that have a gradient in one pass, which is faster than a loop over them."""
        found = [
            (each, each.grad, state)
            for each, state in zip(self.parameters, self.state, strict=True)
            if each.grad is not None
        ]
        self.take_steps(
            [each for each, _, _ in found],
            [gradient for _, gradient, _ in found],
            [state["exp_avg"] for _, _, state in found],
            [state["exp_avg_sq"] for _, _, state in found],
            [],
            [state["step"] for _, _, state in found],
            foreach=False,
            fused=True,
            amsgrad=False,
            beta1=self.betas[0],
            beta2=self.betas[1],
            lr=self.group["lr"],
            weight_decay=self.weight_decay,
            eps=EPSILON,
            maximize=False,
        )

    def state_dict(self) -> dict[str, Any]:
        """Step and averages of every parameter under "state", by its number."""
        return {"state": dict(enumerate(self.state))}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        for key, state in enumerate(self.state):
            for name, tensor in state.items():
                tensor.copy_(saved["state"][key][name])
