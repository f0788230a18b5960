"""A few pictures by their positions: what the source reports state figures of, and the condition that names them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.reconstruction import Evaluation, Model, output_of
from narrows.evaluation.tally import Figure
from narrows.types import Images


@dataclass(frozen=True)
class ChosenPictures:
    """The error of a few pictures, noisy where asked, whatever a model was trained on."""

    positions: tuple[int, ...]
    """In the split that is judged."""
    data: str = ""
    """Another set than the model's own, by name."""
    noise: float | None = None
    """Standard deviation of Gaussian noise, where pictures span [0, 1]; not clipped."""
    draw: int | None = None
    """Number of the noise's draw, where a report states several."""
    name: ClassVar[str] = "chosen_pictures"

    @property
    def needs(self) -> tuple[str, ...]:
        """The other set, if any."""
        return (self.data,) if self.data else ()

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """Squared error a picture and mse against the clean pictures, under the condition that names them."""
        condition, clean = self.take(pictures, beside)
        clean = clean / 255
        squares = (output_of(model, self.noisy(clean)) - clean).square().flatten(1)
        errors = {"squared_error": squares.sum(1), "mse": squares.mean(1)}
        return Evaluation(
            [
                Figure("reconstruction", condition, name, error.mean().item(), len(clean))
                for name, error in errors.items()
            ]
        )

    def take(self, pictures: Pictures, beside: Beside) -> tuple[str, Images]:
        """The condition, and the clean pictures as float32 of 0 to 255."""
        found = beside.other(self.data) if self.data else pictures
        index = present(self.positions, found)
        named = {"data": self.data or None, "noise": self.noise}
        parts = [f"{key}={value}" for key, value in named.items() if value is not None]
        parts.append(pictures_condition(index))
        if self.draw is not None:
            parts.append(f"draw={self.draw}")
        return " ".join(parts), torch.from_numpy(found.take(index).images).float()

    def noisy(self, images: Images) -> Images:
        """Images with the noise added, in the unit that they have; as they are where there is none."""
        if self.noise is None:
            return images
        return images + self.noise * torch.randn(images.shape, generator=torch.Generator().manual_seed(self.draw or 0))


def present(positions: Sequence[int], pictures: Pictures) -> NDArray[np.int64]:
    """The positions that a split has, ascending; as many of its first where it has none of them.

    >>> images = np.zeros((5, 1, 2, 2), dtype=np.uint8)
    >>> present((3, 9), Pictures(images)).tolist(), present((8, 9), Pictures(images)).tolist()
    ([3], [0, 1])
    """
    found = sorted(position for position in positions if position < len(pictures))
    return np.array(found or range(min(len(positions), len(pictures))), dtype=np.int64)


def pictures_condition(index: NDArray[np.int64]) -> str:
    """The condition of some pictures, runs of them joined.

    >>> pictures_condition(np.array([0, 1, 2])), pictures_condition(np.array([3, 7, 8]))
    ('pictures=0-2', 'pictures=3,7-8')
    """
    runs = [list(run) for _, run in groupby(enumerate(index.tolist()), lambda pair: pair[1] - pair[0])]
    parts = [str(run[0][1]) if len(run) == 1 else f"{run[0][1]}-{run[-1][1]}" for run in runs]
    return f"pictures={','.join(parts)}"
