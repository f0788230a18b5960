"""Whitening of patches: a linear map, set from data in closed form, after which no two numbers vary together."""

import numpy as np
import torch
from torch import Tensor, nn

FLOOR = 0.1
"""Added to the variances that are divided by, so that noise in weak ones stays small (Coates, Lee and Ng 2011)."""


class Whitening(nn.Module):
    """(patch - mean) @ matrix, the symmetric matrix that takes covariance away (Bell and Sejnowski 1997), and back."""

    mean: Tensor
    matrix: Tensor
    inverse: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("matrix", torch.eye(size))
        self.register_buffer("inverse", torch.eye(size))

    def set(self, patches: Tensor) -> None:
        """From patches (patch, number) that are brought to mean 0 and contrast 1."""
        centred = patches.double() - patches.double().mean(0)
        # NumPy's, as PyTorch's own eigenvalue solver has died in the mathematics library of a processor
        variances, directions = np.linalg.eigh((centred.T @ centred / len(centred)).numpy())
        root = np.sqrt(variances.clip(min=0) + FLOOR)
        self.mean.copy_(patches.mean(0))
        self.matrix.copy_(torch.from_numpy(directions / root @ directions.T))
        self.inverse.copy_(torch.from_numpy(directions * root @ directions.T))

    def forward(self, patches: Tensor) -> Tensor:
        """Shape (..., number) in and out."""
        return (patches - self.mean) @ self.matrix
