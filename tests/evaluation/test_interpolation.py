"""Fills that learn nothing, on pictures whose right answer is known."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.restoration import inpaint_biharmonic

from narrows.evaluation import Interpolation, MeanFill, biharmonic, linear


@pytest.fixture
def hidden() -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = np.random.default_rng(0).random((12, 10)) < 0.5
    mask[[0, 0, -1, -1], [0, -1, 0, -1]] = False  # the corners show, so that every pixel lies in their hull
    return mask


def test_a_slope_is_put_back_exactly(hidden: NDArray[np.bool_]) -> None:
    rows, columns = np.mgrid[:12, :10]
    slope = np.stack([0.1 + rows / 30 + columns / 50, 0.9 - rows / 40], axis=-1)
    np.testing.assert_allclose(linear(np.where(hidden[..., None], 0, slope), hidden), slope, atol=1e-12)


def test_outside_the_visible_hull_the_nearest_visible_pixel_counts() -> None:
    picture = np.zeros((4, 4, 1))
    picture[:2, :2, 0] = [[0.1, 0.2], [0.3, 0.4]]
    hidden = np.ones((4, 4), bool)
    hidden[:2, :2] = False
    found = linear(picture, hidden)[..., 0]
    np.testing.assert_allclose(found[2:, 0], 0.3)
    np.testing.assert_allclose(found[0, 2:], 0.2)
    assert found[3, 3] == 0.4


def test_visible_pixels_on_one_line_are_enough() -> None:
    picture = np.zeros((3, 3, 1))
    picture[0, :, 0] = [0.2, 0.4, 0.6]
    hidden = np.ones((3, 3), bool)
    hidden[0] = False
    np.testing.assert_allclose(linear(picture, hidden)[..., 0], [[0.2, 0.4, 0.6]] * 3)


def test_pictures_go_in_and_out_with_their_axes(hidden: NDArray[np.bool_]) -> None:
    images = torch.rand(2, 3, 12, 10)
    masks = torch.from_numpy(np.stack([hidden, hidden[::-1].copy()]))[:, None]
    found = Interpolation(biharmonic)(images.masked_fill(masks, 0), masks).reconstruction
    for image, mask, filled in zip(images.double().numpy(), masks.numpy(), found, strict=True):
        expected = inpaint_biharmonic(np.where(mask, 0, image), mask[0], channel_axis=0)
        np.testing.assert_allclose(filled, expected, atol=1e-6)
    assert torch.equal(found[~masks.expand_as(found)], images[~masks.expand_as(images)])


def test_nothing_and_everything_hidden_leave_the_picture_as_it_is() -> None:
    images = torch.rand(2, 1, 5, 5)
    nothing = torch.zeros(2, 1, 5, 5, dtype=torch.bool)
    for mask in (None, nothing, ~nothing):
        assert torch.equal(Interpolation(linear)(images, mask).reconstruction, images)


def test_the_mean_fills_hidden_pixels_alone() -> None:
    images, mean = torch.rand(2, 3, 5, 5), torch.rand(3, 5, 5)
    hidden = torch.rand(2, 1, 5, 5) < 0.5
    found = MeanFill(mean)(images, hidden).reconstruction
    assert torch.equal(found, torch.where(hidden, mean, images))
    assert MeanFill(mean)(images, None).reconstruction is images
