"""Pictures as uint8 arrays, and the three splits of a data set."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pictures:
    """A set of pictures in memory or memory-mapped.

    Raises:
        ValueError: the arrays have the wrong type, shape or length.
    """

    images: NDArray[np.uint8]
    """(picture, channel, height, width), 0 to 255."""
    labels: NDArray[np.int64] | None = None
    """(picture,), class numbers from 0; None where there are none."""

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 4:
            raise ValueError(
                "expected uint8 images of shape (picture, channel, height, width), "
                f"found {self.images.dtype} of shape {self.images.shape}; scale to 0..255 and move the axes"
            )
        if self.labels is not None and self.labels.shape != (len(self.images),):
            raise ValueError(
                f"expected one label a picture, {len(self.images)} in all, found shape {self.labels.shape}"
            )

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channel, height, width."""
        channel, height, width = self.images.shape[1:]
        return channel, height, width

    def take(self, index: NDArray[np.int64]) -> "Pictures":
        """The pictures at these positions, in this order (a copy)."""
        return Pictures(self.images[index], None if self.labels is None else self.labels[index])


@dataclass(frozen=True)
class Dataset:
    """A named set with its splits; the test split is read on first use, and only evaluation uses it."""

    name: str
    official_train: Pictures
    """Everything that may be trained on, in the source's order."""
    validation_index: NDArray[np.int64]
    """Which of `official_train` are held out for validation, in ascending order."""
    read_test: Callable[[], Pictures]
    class_names: tuple[str, ...] = ()
    official_test: bool = True
    """False where the test split was made here rather than by the set's authors."""

    @cached_property
    def train(self) -> Pictures:
        """The training split: `official_train` without the validation pictures."""
        keep = np.ones(len(self.official_train), dtype=bool)
        keep[self.validation_index] = False
        return self.official_train.take(np.flatnonzero(keep))

    @cached_property
    def validation(self) -> Pictures:
        """The validation split, on which settings are chosen."""
        return self.official_train.take(self.validation_index)

    @cached_property
    def test(self) -> Pictures:
        """The test split; reading it is what `--no-test` forbids."""
        return self.read_test()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channel, height, width of every picture."""
        return self.official_train.image_shape
