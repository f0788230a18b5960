import numpy as np
import pytest

from narrows.data import Pictures, mean_picture, pair

from .layouts import random_bytes


def test_sources_stand_side_by_side_padded_and_repeated() -> None:
    grey, colour = random_bytes(3, 1, 2, 3), random_bytes(4, 3, 4, 4, seed=1)
    pairs = pair(Pictures(grey), Pictures(colour, np.arange(4)), names=("grey", "colour"))
    assert len(pairs) == 3
    assert pairs.image_shape == (3, 4, 4)
    assert pairs.source_names == ("grey", "colour")
    assert pairs.labels is None
    assert pairs.images.shape == (3, 2, 3, 4, 4)
    assert np.array_equal(pairs.images[:, 1], colour[:3])
    expected = np.zeros((3, 4, 4), dtype=np.uint8)
    expected[:, 1:3, 0:3] = grey[1, 0]  # one row of zeros above and below; the odd column of zeros on the right
    assert np.array_equal(pairs.images[1, 0], expected)


def test_a_seed_draws_the_second_and_none_comes_twice() -> None:
    first, second = Pictures(random_bytes(5, 1, 2, 2)), Pictures(random_bytes(9, 1, 2, 2))
    drawn = pair(first, second, names=("a", "b"), seed=2).images
    assert np.array_equal(drawn, pair(first, second, names=("a", "b"), seed=2).images)
    assert not np.array_equal(drawn, pair(first, second, names=("a", "b"), seed=3).images)
    assert np.array_equal(drawn[:, 0], first.images)
    found = [np.flatnonzero((second.images == each).all((1, 2, 3))) for each in drawn[:, 1]]
    assert len(set(np.concatenate(found).tolist())) == 5


def test_three_of_one_set_are_exchangeable() -> None:
    digits = Pictures(random_bytes(20, 1, 2, 2))
    triples = pair(digits, digits, digits, names=("a", "b", "c"), seed=0, exchangeable=True)
    assert triples.images.shape == (20, 3, 1, 2, 2)
    assert triples.take(np.arange(3)).exchangeable
    assert not np.array_equal(triples.images[:, 1], triples.images[:, 2])


def test_parts_of_pairs_keep_their_sources() -> None:
    pairs = pair(Pictures(random_bytes(5, 1, 2, 2)), Pictures(random_bytes(5, 1, 2, 2)), names=("a", "b"))
    few = pairs.take(np.array([3, 0]))
    assert few.source_names == ("a", "b")
    assert np.array_equal(few.images, pairs.images[[3, 0]])


def test_channels_that_cannot_be_brought_together_are_refused() -> None:
    with pytest.raises(ValueError, match="grey pictures or 3 channels, found 2"):
        pair(Pictures(random_bytes(3, 2, 2, 2)), Pictures(random_bytes(3, 3, 2, 2)), names=("a", "b"))


@pytest.mark.parametrize(("names", "message"), [((), "shape \\(picture, channel"), (("a",), "expected 1 sources")])
def test_as_many_names_as_sources(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pictures(random_bytes(2, 2, 1, 4, 4), source_names=names)


def test_the_mean_is_rounded_to_the_nearest_level() -> None:
    images = random_bytes(4, 2, 1, 3, 3)
    means = mean_picture(Pictures(images, source_names=("a", "b"))).images
    assert means.shape == (4, 1, 3, 3)
    assert np.abs(means - images.astype(float).mean(1)).max() <= 0.5
