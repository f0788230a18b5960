"""Pictures as uint8 arrays, and the three splits of a data set."""

from collections.abc import Callable
from dataclasses import dataclass, replace
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
    """(picture, channel, height, width), 0 to 255; of sources (picture, source, channel, height, width)."""
    labels: NDArray[np.int64] | None = None
    """(picture,), class numbers from 0; None where there are none."""
    source_names: tuple[str, ...] = ()
    """Of the pictures that are to be mixed and told apart again; none where each stands alone."""
    exchangeable: bool = False
    """Whether the sources are of one kind, so that nothing says which comes first."""

    def __post_init__(self) -> None:
        sources = (len(self.source_names),) if self.source_names else ()
        if self.images.dtype != np.uint8 or self.images.ndim != 4 + len(sources):
            axes = "picture, source, channel" if sources else "picture, channel"
            raise ValueError(
                f"expected uint8 images of shape ({axes}, height, width), "
                f"found {self.images.dtype} of shape {self.images.shape}; scale to 0..255 and move the axes"
            )
        if self.images.shape[1:-3] != sources:
            raise ValueError(
                f"expected {len(self.source_names)} sources, one a name, found {self.images.shape[1]}; name each"
            )
        if self.labels is not None and self.labels.shape != (len(self.images),):
            raise ValueError(
                f"expected one label a picture, {len(self.images)} in all, found shape {self.labels.shape}; give one "
                "for each"
            )

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channel, height, width, of each source where there are several."""
        channel, height, width = self.images.shape[-3:]
        return channel, height, width

    def take(self, index: NDArray[np.int64]) -> "Pictures":
        """The pictures at these positions, in this order: a copy, or a view where they follow one another.

        Views are what lets a memory-mapped folder larger than memory be split without being read.
        """
        chosen: NDArray[np.int64] | slice = index
        if len(index) and np.all(np.diff(index) == 1) and index[0] >= 0:
            chosen = slice(int(index[0]), int(index[-1]) + 1)
        return replace(self, images=self.images[chosen], labels=None if self.labels is None else self.labels[chosen])


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
    """Names of the classes, by label; empty where there are none."""
    official_test: bool = True
    """False where the test split was made here rather than by the set's authors."""
    note: str = ""
    """What a report must say of where the pictures came from; empty where the name says it all."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """(file, reason) of pictures that were left out because they could not be decoded."""
    read_unlabelled: Callable[[], Pictures] | None = None
    """Further pictures without labels, which some sets bring along; None where there are none."""

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
    def whole(self) -> "Dataset":
        """Everything of `official_train` as training split, nothing held out: for a final fit."""
        return replace(self, validation_index=self.validation_index[:0])

    def few(self, num_train: int, num_other: int) -> "Dataset":
        """The first pictures of every split, at most so many: for a quick look."""

        def first(pictures: Pictures, count: int) -> Pictures:
            return pictures.take(np.arange(min(count, len(pictures))))

        train, validation = first(self.train, num_train), first(self.validation, num_other)
        both = np.concatenate([train.images, validation.images])
        labels = None
        if train.labels is not None and validation.labels is not None:
            labels = np.concatenate([train.labels, validation.labels])
        return replace(
            self,
            official_train=replace(train, images=both, labels=labels),
            validation_index=np.arange(len(train), len(both)),
            read_test=lambda: first(self.test, num_other),
        )

    def pieces(self, cut: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> "Dataset":
        """What a function cuts from the pictures, training and validation apart and without labels; no test split."""
        train, validation = cut(self.train.images), cut(self.validation.images)
        both = Pictures(np.concatenate([train, validation]))
        return Dataset(
            f"pieces of {self.name}", both, np.arange(len(train), len(both)), lambda: both.take(np.arange(0))
        )

    @cached_property
    def unlabelled(self) -> Pictures:
        """The pictures without labels that come with the set.

        Raises:
            ValueError: the set brings none.
        """
        if self.read_unlabelled is None:
            raise ValueError(f"expected a set with unlabelled pictures, found {self.name}, which has none; use 'stl10'")
        return self.read_unlabelled()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channel, height, width of every picture."""
        return self.official_train.image_shape
