"""Metrics: one number a picture, and how a set's figure comes of them.

A reconstruction is judged as the decoder gives it, unclamped, against the clean picture in [0, 1]. Every metric takes
(batch, channel, height, width) or sources (batch, source, channel, height, width), whose channels then count as one
picture's: means run over sources too, sums add them up. For a figure a source, hand in `reconstruction[:, i]`.
Inputs may be of any floating type; errors are taken in float64 and returned as float32, shape (batch,).

`where` counts the marked pixels only, all channels of each: `hidden` or `~hidden` of a batch; a picture with none is
nan (0 for a sum). All raise ValueError where shapes differ, and those that depend on the pixels' range where the target
leaves [0, 1]: nothing is guessed from the data.
"""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from narrows.types import Images, Mask, PerImage, Sources

THRESHOLD = 0.1
"""Largest absolute error that `threshold_accuracy` accepts."""
WINDOW, SIGMA = 11, 1.5
"""Wang's Gaussian window, in pixels (Wang et al. 2004, section III.C)."""


class MeanMetric(NamedTuple):
    """A metric of a set."""

    mean: float
    """Mean of the pictures' values; of psnr over those with an error, and inf where none has one."""
    n: int
    """How many pictures it is a mean over."""


class SquaredSums(NamedTuple):
    """What a batch adds to the explained variance of a set."""

    error: float
    """Squared error of the reconstruction."""
    spread: float
    """Squared distance of the target from the mean picture."""


def mse(reconstruction: Images | Sources, target: Images | Sources, *, where: Mask | None = None) -> PerImage:
    """Squared error, mean over pixels."""
    return _mean(_errors(reconstruction, target).square(), where).float()


def mae(reconstruction: Images | Sources, target: Images | Sources, *, where: Mask | None = None) -> PerImage:
    """Absolute error, mean over pixels."""
    return _mean(_errors(reconstruction, target).abs(), where).float()


def squared_error(reconstruction: Images | Sources, target: Images | Sources, *, where: Mask | None = None) -> PerImage:
    """Squared error, sum over pixels (Hinton and Salakhutdinov 2006): pixels x channels x mse."""
    squares = _errors(reconstruction, target).square()
    return (squares if where is None else squares * _checked(where, squares)).sum((1, 2, 3)).float()


def psnr(reconstruction: Images | Sources, target: Images | Sources, *, where: Mask | None = None) -> PerImage:
    """Peak signal-to-noise ratio in dB: -10 log10(mse) for peak 1; inf for a perfect picture."""
    _check_range(target)
    return (-10 * _mean(_errors(reconstruction, target).square(), where).log10()).float()


def threshold_accuracy(reconstruction: Images | Sources, target: Images | Sources) -> PerImage:
    """Share of pixels with absolute error at most 0.1, each channel by itself."""
    _check_range(target)
    return (_errors(reconstruction, target).abs() <= THRESHOLD).double().mean((1, 2, 3)).float()


def keras_accuracy(reconstruction: Images | Sources, target: Images | Sources) -> PerImage:
    """Share of pixels whose output, rounded at 0.5, equals the target: Keras' binary_accuracy.

    The target is real-valued, so a grey pixel counts as wrong whatever the output; kept to rerun report 001 only.
    """
    _check_range(target)
    output, wanted = _pair(reconstruction, target)
    return ((output > 0.5) == wanted).double().mean((1, 2, 3)).float()


def ssim_window(height: int, width: int) -> tuple[int, float]:
    """Side and sigma of the Gaussian window of `ssim` for pictures of this size, in pixels.

    11 and 1.5; on pictures smaller than 11 the largest odd side that fits, and sigma 1.5 x side / 11.

    >>> ssim_window(28, 28), ssim_window(8, 8)[0]
    ((11, 1.5), 7)
    """
    largest = min(height, width, WINDOW)
    side = largest if largest % 2 else largest - 1
    return side, SIGMA * side / WINDOW


def ssim(reconstruction: Images | Sources, target: Images | Sources) -> PerImage:
    """Structural similarity, at most 1 (Wang et al. 2004, equation 13): K1 = 0.01, K2 = 0.03, data range 1.

    Gaussian window of `ssim_window`, population covariances, windows that lie inside the picture only, each channel by
    itself, mean over all. The filter is two products with a banded matrix in float64: float32 loses up to 1e-4 to
    cancellation on bright, flat pictures, and torchmetrics, which averages over a reflected border as well, needs a
    hundred times as long in float64 (28 x 28).
    """
    _check_range(target)
    first, second = (pictures.double() for pictures in _pair(reconstruction, target))
    height, width = first.shape[-2:]
    side, sigma = ssim_window(height, width)
    down, across = (_window_matrix(length, side, sigma).to(first.device) for length in (height, width))

    def local_mean(maps: Tensor) -> Tensor:
        return down @ maps @ across.T

    mean_1, mean_2 = local_mean(first), local_mean(second)
    variances = local_mean(first * first + second * second) - mean_1.square() - mean_2.square()
    covariance = local_mean(first * second) - mean_1 * mean_2
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2 * mean_1 * mean_2 + c1) * (2 * covariance + c2)
    similarity = similarity / ((mean_1.square() + mean_2.square() + c1) * (variances + c2))
    return similarity.mean((1, 2, 3)).float()


PER_IMAGE: dict[str, Callable[[Images | Sources, Images | Sources], PerImage]] = {
    "mse": mse,
    "mae": mae,
    "squared_error": squared_error,
    "psnr": psnr,
    "ssim": ssim,
    "threshold_accuracy": threshold_accuracy,
    "keras_accuracy": keras_accuracy,
}
"""Every metric of a single picture by its name in results."""


def mean_metric(metric: str, values: PerImage) -> MeanMetric:
    """A metric's mean over pictures; perfect ones are left out of a psnr's.

    >>> mean_metric("psnr", torch.tensor([20.0, 30.0, torch.inf]))
    MeanMetric(mean=25.0, n=2)
    """
    # nan stays in: a picture that cannot be judged must not vanish from a mean
    counted = values[values != math.inf] if metric.endswith("psnr") else values
    return MeanMetric(counted.double().mean().item() if len(counted) else math.inf, len(counted))


def squared_sums(reconstruction: Images | Sources, target: Images | Sources, mean_picture: Tensor) -> SquaredSums:
    """A batch's part in the explained variance; `mean_picture` has the shape of one target."""
    if mean_picture.shape != target.shape[1:]:
        raise ValueError(
            f"expected a mean picture in the shape of one target {tuple(target.shape[1:])}, "
            f"found {tuple(mean_picture.shape)}; take the mean over the batch axis only"
        )
    error = _errors(reconstruction, target).square().sum()
    return SquaredSums(error.item(), _errors(mean_picture.expand_as(target), target).square().sum().item())


def explained_variance(parts: Iterable[SquaredSums]) -> float:
    """1 - squared error / squared distance from the mean picture, both summed over a set's batches.

    1 is perfect, 0 is the mean picture, below 0 is worse than it; nan where the targets all equal the mean picture.

    >>> explained_variance([SquaredSums(1.0, 4.0), SquaredSums(1.0, 4.0)])
    0.75
    """
    batches = list(parts)
    spread = math.fsum(batch.spread for batch in batches)
    return 1 - math.fsum(batch.error for batch in batches) / spread if spread else math.nan


def _pair(reconstruction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both as (batch, channel, height, width), sources counted as channels."""
    if reconstruction.shape != target.shape:
        raise ValueError(
            f"expected reconstruction and target of one shape, found {tuple(reconstruction.shape)} and "
            f"{tuple(target.shape)}; compare the pictures that the batch's target holds"
        )
    if target.ndim not in (4, 5) or not (reconstruction.is_floating_point() and target.is_floating_point()):
        raise ValueError(
            "expected floats of shape (batch, channel, height, width), or with a source axis after the batch's, found "
            f"{reconstruction.dtype} and {target.dtype} of shape {tuple(target.shape)}; divide 8 bits by 255"
        )
    return (reconstruction.flatten(1, 2), target.flatten(1, 2)) if target.ndim == 5 else (reconstruction, target)


def _errors(reconstruction: Tensor, target: Tensor) -> Tensor:
    reconstruction, target = _pair(reconstruction, target)
    return reconstruction.double() - target.double()


def _mean(errors: Tensor, where: Mask | None) -> Tensor:
    if where is None:
        return errors.mean((1, 2, 3))
    marked = _checked(where, errors)
    return (errors * marked).sum((1, 2, 3)) / (marked.sum((1, 2, 3)) * errors.shape[1])


def _checked(where: Mask, errors: Tensor) -> Mask:
    expected = (len(errors), 1, *errors.shape[2:])
    if where.shape != expected or where.dtype != torch.bool:
        raise ValueError(
            f"expected a bool mask of shape {expected} for these pictures, "
            f"found {where.dtype} of shape {tuple(where.shape)}; hand in a batch's hidden or ~hidden"
        )
    return where


def _check_range(target: Tensor) -> None:
    if not ((target >= 0) & (target <= 1)).all():
        low, high = torch.aminmax(target)
        raise ValueError(
            f"expected a target in [0, 1], found {low:.4g} to {high:.4g}; divide 8 bits by 255, and judge pictures "
            "after undoing any standardisation"
        )


def _window_matrix(length: int, side: int, sigma: float) -> Tensor:
    """(length - side + 1, length): row i holds the normalised Gaussian over i to i + side - 1."""
    offsets = torch.arange(side, dtype=torch.float64) - side // 2
    gaussian = torch.exp(-offsets.square() / (2 * sigma**2))
    rows = torch.arange(length - side + 1)[:, None]
    matrix = torch.zeros(len(rows), length, dtype=torch.float64)
    return matrix.scatter_(1, rows + torch.arange(side), (gaussian / gaussian.sum()).expand(len(rows), side))
