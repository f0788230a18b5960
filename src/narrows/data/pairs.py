"""Two sets of pictures paired up, for models that take a mixture apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from narrows.data.dataset import Pictures


@dataclass(frozen=True)
class Pairs:
    """Pairs of pictures, brought together in channels and size; made on the way, so that they need no memory."""

    first: Pictures
    second: Pictures
    index: NDArray[np.int64]
    """(pair, 2): positions in `first` and in `second`."""

    def __len__(self) -> int:
        """How many pairs."""
        return len(self.index)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channel, height, width of each source: the larger of the two sets' in every axis."""
        channels, height, width = map(max, self.first.image_shape, self.second.image_shape)
        return channels, height, width

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The sources of these pairs: (row, 2, channel, height, width), smaller pictures amid zeros, grey repeated.

        Raises:
            ValueError: the sets differ in channels and neither is grey.
        """
        channels, *area = self.image_shape
        sources = np.zeros((len(rows), 2, channels, *area), dtype=np.uint8)
        for place, pictures in enumerate((self.first, self.second)):
            own_channels, *own_area = pictures.image_shape
            if own_channels not in (1, channels):
                raise ValueError(f"expected grey pictures or {channels} channels, found {own_channels}; convert them")
            top, left = ((whole - part) // 2 for whole, part in zip(area, own_area, strict=True))
            rows_of_one = slice(top, top + own_area[0]), slice(left, left + own_area[1])
            sources[:, place, :, *rows_of_one] = pictures.images[self.index[rows, place]]
        return sources


def draw_pairs(first: Pictures, second: Pictures, *, num_pairs: int, seed: int) -> Pairs:
    """Pairs drawn by seed: no picture comes again before all others of its set have come.

    >>> grey, colour = Pictures(np.zeros((3, 1, 4, 4), np.uint8)), Pictures(np.zeros((5, 3, 2, 2), np.uint8))
    >>> draw_pairs(grey, colour, num_pairs=10, seed=0).take(np.arange(4)).shape
    (4, 2, 3, 4, 4)
    """
    generator = np.random.default_rng(seed)
    columns = [
        np.concatenate([generator.permutation(len(set_)) for _ in range(-(-num_pairs // len(set_)))])[:num_pairs]
        for set_ in (first, second)
    ]
    return Pairs(first, second, np.stack(columns, axis=1))
