"""Reconstruction losses: what each number of a reconstruction costs, and how costs become one number.

The losses are elementwise, so that weighting and reduction stand in one place, `weighted_error`. They raise ValueError
where the shapes differ, which subtraction alone might broadcast.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from narrows.types import Scalar

Reduction: TypeAlias = Literal["mean", "sum"]
"""Over the numbers of a picture; over pictures it is always the mean."""


def squared_error(reconstruction: Tensor, target: Tensor) -> Tensor:
    """(reconstruction - target)^2, elementwise: no 1/2, no reduction."""
    _check_shapes(reconstruction, target)
    return (reconstruction - target).square()


def absolute_error(reconstruction: Tensor, target: Tensor) -> Tensor:
    """|reconstruction - target|, elementwise: no reduction."""
    _check_shapes(reconstruction, target)
    return (reconstruction - target).abs()


def binary_cross_entropy(reconstruction: Tensor, target: Tensor) -> Tensor:
    """-(target log r + (1 - target) log(1 - r)) in nats, r the reconstruction in [0, 1], elementwise: no reduction.

    For a target strictly between 0 and 1 the least value is that target's own entropy, not 0 (Loaiza-Ganem and
    Cunningham 2019).

    Raises:
        ValueError: the shapes differ, or the reconstruction leaves [0, 1].
    """
    _check_shapes(reconstruction, target)
    if ((reconstruction < 0) | (reconstruction > 1)).any():
        low, high = torch.aminmax(reconstruction)
        raise ValueError(
            f"binary cross-entropy expects a reconstruction in [0, 1], found {low:.4g} to {high:.4g}; "
            "end the decoder with a sigmoid"
        )
    # float32's spacing at 1: the closest that 1 - r comes to 0 without being 0. A pixel then costs at most 15.9 nats.
    closest = torch.finfo(torch.float32).eps
    probability = reconstruction.clamp(closest, 1 - closest)
    return -(target * probability.log() + (1 - target) * (-probability).log1p())


RECONSTRUCTION_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": squared_error,
    "mae": absolute_error,
    "bce": binary_cross_entropy,
}
"""Every reconstruction loss by the name that an objective and a description on disk use."""


def normalise_patches(images: Tensor, side: int) -> Tensor:
    """Every patch of every picture at mean 0 and variance 1: (x - mean) / sqrt(variance + 1e-6).

    Shape (..., channel, height, width) in and out. Mean and variance (unbiased, as in the authors' code) are over all
    numbers of a patch of side x side pixels (He et al. 2022, section 3, "reconstruction target").

    Raises:
        ValueError: the side does not divide height and width.
    """
    height, width = images.shape[-2:]
    if height % side or width % side:
        raise ValueError(
            f"expected height and width to be multiples of normalised_patches={side}, found {height} x {width}; "
            "choose a side that divides both, or crop the pictures"
        )
    patches = nn.functional.pixel_unshuffle(images, side)
    variance, mean = torch.var_mean(patches, dim=-3, keepdim=True)
    return nn.functional.pixel_shuffle((patches - mean) / (variance + 1e-6).sqrt(), side)


def weighted_error(errors: Tensor, weight: Tensor, reduction: Reduction) -> Scalar:
    """Sum of weight x error over all numbers / how many pictures ("sum") or how many numbers ("mean").

    `errors` is (batch, ...); `weight` is broadcastable to it and does not enter the divisor: weights that should give a
    mean over some pixels come scaled so, as those of a mask do.
    """
    # expand_as refuses a weight that would enlarge the errors, where the product alone would broadcast them.
    weighted = errors * weight.expand_as(errors)
    return weighted.mean() if reduction == "mean" else weighted.flatten(1).sum(1).mean()


def _check_shapes(reconstruction: Tensor, target: Tensor) -> None:
    if reconstruction.shape != target.shape:
        raise ValueError(
            f"expected a reconstruction in the target's shape {tuple(target.shape)}, "
            f"found {tuple(reconstruction.shape)}; let the decoder end in that shape"
        )
