"""What lies between the codes of pictures: ways from one to another, along single numbers, and a map of them."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.code_noise import decoded
from narrows.evaluation.codes import MAX_CODES, PERCENTILES, principal_plane
from narrows.evaluation.reconstruction import Evaluation, Model, reconstruct
from narrows.models import Autoencoder, bypass_numbers
from narrows.training.fit import as_images

NUM_STEPS = 7
MAX_WALKS = 16
ACROSS = 14
"""Thumbnails that fit side by side on a map, between the outermost codes."""
GAP = 1.1
"""Least distance of two thumbnails' middles, in widths of a thumbnail."""


@dataclass(frozen=True)
class Manifold:
    """Arrays to draw of the surface that a decoder makes of codes.

    Raises:
        ValueError: no pair of pictures is named.
    """

    pairs: tuple[tuple[int, int], ...]
    """Positions of the pictures between which the straight line of their codes is walked."""
    start: int = 0
    """Position of the picture from whose code single numbers are walked."""
    name: ClassVar[str] = "manifold"
    needs: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if not self.pairs:
            raise ValueError("expected at least one pair of pictures to walk between, found none")

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:  # noqa: ARG002
        """No figures. Positions beyond a small split count from its beginning again.

        Arrays: `codes_between` and `pixels_between` (pair, step, ...), with `codes_distance` and `pixels_distance`
        (pair, step), mse to the nearest picture of the split; `walks` (number, percentile, ...) with `walk_values`;
        `positions` (picture, 2) on the map, `labels`, and `thumbnails` of the pictures at `thumbnail_index`, which do
        not overlap where `across` of them span the map.

        Empty for a model whose code cannot be decoded alone.
        """
        if not isinstance(model, Autoencoder) or bypass_numbers(model):
            return Evaluation([])
        codes = torch.cat([output.latent.code for _, _, output in reconstruct(model, pictures)]).float()
        images = as_images(pictures)
        ends = torch.tensor(self.pairs) % len(pictures)
        by_code = decoded(model, between(codes, ends).flatten(0, 1))
        by_pixel = between(images, ends).flatten(0, 1)
        walked = self.start % len(pictures)
        values = torch.quantile(codes[:, :MAX_WALKS], torch.tensor(PERCENTILES) / 100, dim=0).T
        few = codes[:MAX_CODES].numpy()
        positions = principal_plane(few)
        chosen = apart(positions)
        arrays: dict[str, NDArray[Any]] = {
            "pairs": ends.numpy(),
            "codes_between": by_code.unflatten(0, (len(ends), NUM_STEPS)).numpy(),
            "pixels_between": by_pixel.unflatten(0, (len(ends), NUM_STEPS)).numpy(),
            "codes_distance": nearest(by_code, images).unflatten(0, (len(ends), NUM_STEPS)).numpy(),
            "pixels_distance": nearest(by_pixel, images).unflatten(0, (len(ends), NUM_STEPS)).numpy(),
            "walked": np.array(walked),
            "percentiles": np.array(PERCENTILES),
            "walk_values": values.numpy(),
            "walks": decoded(model, walks(codes[walked], values)).unflatten(0, tuple(values.shape)).numpy(),
            "positions": positions,
            "across": np.array(ACROSS),
            "thumbnail_index": chosen,
            "thumbnails": images[chosen].numpy(),
        }
        if pictures.labels is not None:
            arrays["labels"] = pictures.labels[: len(few)]
        return Evaluation([], arrays)


def between(ends: Tensor, pairs: Tensor) -> Tensor:
    """Even steps (pair, step, ...) on the straight line from the first to the second of each pair, both included."""
    share = torch.linspace(0, 1, NUM_STEPS).reshape(1, -1, *[1] * (ends.dim() - 1))
    first, second = ends[pairs[:, 0], None], ends[pairs[:, 1], None]
    return (1 - share) * first + share * second


def walks(code: Tensor, values: Tensor) -> Tensor:
    """Codes (number x value, code) that are `code` but for one number each, which takes its row of values."""
    codes = code.repeat(*values.shape, 1)
    for number, row in enumerate(values):
        codes[number, :, number] = row
    return codes.flatten(0, 1)


def nearest(outputs: Tensor, images: Tensor) -> Tensor:
    """Mean squared distance of each output to the picture nearest to it, over pixels; shape (output,)."""
    # the faster mode loses small distances to rounding
    distances = torch.cdist(outputs.flatten(1), images.flatten(1), compute_mode="donot_use_mm_for_euclid_dist")
    return distances.amin(1).square() / images[0].numel()


def apart(positions: NDArray[np.float32]) -> NDArray[np.int64]:
    """The first points (n, 2) of which no two are closer than `GAP` thumbnails, `ACROSS` of which span the points."""
    places = positions / (np.ptp(positions, axis=0) + 1e-12) * ACROSS
    chosen: list[int] = []
    for number, place in enumerate(places):
        if (np.abs(places[chosen] - place).max(1) >= GAP).all():
            chosen.append(number)
    return np.array(chosen)
