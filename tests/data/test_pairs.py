import numpy as np
import pytest

from narrows.data import Pairs, Pictures, draw_pairs

from .layouts import random_bytes


def test_sources_stand_side_by_side_padded_and_repeated() -> None:
    grey, colour = random_bytes(3, 1, 2, 3), random_bytes(4, 3, 4, 4, seed=1)
    pairs = Pairs(Pictures(grey), Pictures(colour), np.array([[2, 0], [1, 3]]))
    assert len(pairs) == 2
    assert pairs.image_shape == (3, 4, 4)
    sources = pairs.take(np.array([1]))
    assert sources.shape == (1, 2, 3, 4, 4)
    assert np.array_equal(sources[0, 1], colour[3])
    expected = np.zeros((3, 4, 4), dtype=np.uint8)
    expected[:, 1:3, 0:3] = grey[1, 0]  # one row of zeros above and below; the odd column of zeros on the right
    assert np.array_equal(sources[0, 0], expected)


def test_pairs_are_seeded_and_no_picture_comes_again_before_all_have_come() -> None:
    first, second = Pictures(random_bytes(5, 1, 2, 2)), Pictures(random_bytes(3, 1, 2, 2))
    pairs = draw_pairs(first, second, num_pairs=15, seed=2)
    assert np.array_equal(pairs.index, draw_pairs(first, second, num_pairs=15, seed=2).index)
    assert not np.array_equal(pairs.index, draw_pairs(first, second, num_pairs=15, seed=3).index)
    assert np.array_equal(np.sort(pairs.index[:, 0].reshape(3, 5), axis=1), np.tile(np.arange(5), (3, 1)))
    assert np.array_equal(np.sort(pairs.index[:, 1].reshape(5, 3), axis=1), np.tile(np.arange(3), (5, 1)))


def test_channels_that_cannot_be_brought_together_are_refused() -> None:
    pairs = draw_pairs(Pictures(random_bytes(3, 2, 2, 2)), Pictures(random_bytes(3, 3, 2, 2)), num_pairs=3, seed=0)
    with pytest.raises(ValueError, match="grey pictures or 3 channels, found 2"):
        pairs.take(np.arange(3))
