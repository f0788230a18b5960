"""The other source by the mixture's algebra: 2 x mixture - the one a model decoded, and what breaks it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from narrows.corruption import Mixing
from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.reconstruction import Evaluation, Model, reconstruct
from narrows.evaluation.tally import Figure
from narrows.metrics import mean_metric, mse, psnr, ssim
from narrows.types import Images


@dataclass(frozen=True)
class ByFormula:
    """One of two mixed sources taken from a model, the other by second = 2 x mixture - first (report 003).

    By algebra the second's error is minus the first's, as long as the mixture is exact and nothing is clamped. Of a
    mixture stored with 8 bits, the second has twice the mixture's rounding error besides. To show the rounding by
    itself, the formula is also given the true first source.

    Raises:
        ValueError: `decoded` is neither 0 nor 1.
    """

    decoded: int = 1
    """Which source is taken from the model."""
    num_shown: int = 20
    """Pictures, from the first on, of which panels are kept."""
    name: ClassVar[str] = "by_formula"
    needs: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if self.decoded not in (0, 1):
            raise ValueError(f"expected decoded to be 0 or 1, one of two sources, found {self.decoded}")

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """mse, psnr and ssim of the other source.

        Nothing for pictures that are not pairs, or whose mixture is not their mean.

        Returns:
            Figures under the evaluation `by_formula` and conditions `source=NAME first=decoded|true
            mixture=exact|8bit`, and again with `clamped=yes`; arrays `mixture`, `first`, `second`, `first_decoded`
            and `second_by_formula` of the first pictures, (picture, channel, height, width), their positions, `index`,
            and `names`, the first source's and the second's.
        """
        mixing = beside.corruption
        if len(pictures.source_names) != 2 or not isinstance(mixing, Mixing) or len(set(mixing.weights or (1.0,))) > 1:
            return Evaluation([])
        other = 1 - self.decoded
        values: dict[tuple[str, str], list[Tensor]] = {}
        panels: dict[str, list[Tensor]] = {}
        for start, batch, output in reconstruct(model, pictures, mixing):
            first, second = batch.target[:, self.decoded], batch.target[:, other]
            decoded = output.reconstruction[:, self.decoded]
            for said, image in ways(batch.input, {"decoded": decoded, "true": first}):
                condition = f"source={pictures.source_names[other]} {said}"
                for metric, measure in (("mse", mse), ("psnr", psnr), ("ssim", ssim)):
                    values.setdefault((condition, metric), []).append(measure(image, second))
            kept_panels = {
                "mixture": batch.input,
                "first": first,
                "second": second,
                "first_decoded": decoded,
                "second_by_formula": 2 * batch.input - decoded,
            }
            for name, images in kept_panels.items():
                panels.setdefault(name, []).append(images[: max(0, self.num_shown - start)])
        means = {key: mean_metric(key[1], torch.cat(parts)) for key, parts in values.items()}
        figures = [Figure(self.name, *key, *found) for key, found in means.items() if math.isfinite(found.mean)]
        arrays = {name: torch.cat(parts).numpy() for name, parts in panels.items()}
        names = np.array([pictures.source_names[self.decoded], pictures.source_names[other]])
        return Evaluation(figures, arrays | {"index": np.arange(len(arrays["mixture"])), "names": names})


def ways(mixture: Images, firsts: Mapping[str, Images]) -> Iterator[tuple[str, Images]]:
    """The second source, and what its condition says: of every first one, mixture exact or rounded, then clamped."""
    for known, first in firsts.items():
        for kept, mixed in (("exact", mixture), ("8bit", (mixture * 255).round() / 255)):
            second = 2 * mixed - first
            yield f"first={known} mixture={kept}", second
            yield f"first={known} mixture={kept} clamped=yes", second.clamp(0, 1)
