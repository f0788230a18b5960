from pathlib import Path
from typing import Any

import numpy as np
import pytest

from narrows.data import pictures_from_array, read_array

from .layouts import random_bytes


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((9, 8, 7), (9, 1, 8, 7)),
        ((1, 8, 7), (1, 1, 8, 7)),
        ((9, 1, 8, 7), (9, 1, 8, 7)),
        ((9, 3, 8, 7), (9, 3, 8, 7)),
        ((9, 8, 7, 3), (9, 3, 8, 7)),
        ((9, 8, 7, 4), (9, 4, 8, 7)),
    ],
)
def test_layouts_are_recognised(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    images = random_bytes(*shape)
    found = pictures_from_array(images).images
    assert found.shape == expected
    assert np.array_equal(found, images.reshape(expected) if shape[-1] > 4 else np.moveaxis(images, -1, 1))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((28, 28), r"found \(28, 28\); reshape"),
        ((28, 28, 3), r"found \(28, 28, 3\), which may be one picture with channels"),
        ((3, 28, 28), r"found \(3, 28, 28\), which may be one picture with channels; write images\[:, None\]"),
        ((9, 3, 8, 3), r"shape \(9, 3, 8, 3\), where both can be; give channel_axis"),
        ((9, 7, 8, 7), r"shape \(9, 7, 8, 7\), where neither can be; give channel_axis"),
        ((2, 9, 3, 8, 8), r"found \(2, 9, 3, 8, 8\); reshape"),
        ((0, 8, 8), r"at least one picture of at least one pixel, found shape \(0, 8, 8\)"),
    ],
)
def test_what_could_be_several_layouts_or_none_is_refused(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pictures_from_array(np.zeros(shape, dtype=np.uint8))


def test_saying_the_channel_axis_admits_any_number_of_channels() -> None:
    assert pictures_from_array(random_bytes(9, 7, 8, 6), channel_axis="first").image_shape == (7, 8, 6)
    assert pictures_from_array(random_bytes(9, 7, 8, 6), channel_axis="last").image_shape == (6, 7, 8)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_are_scaled_and_bytes_come_back(kind: type[np.floating[Any]]) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    found = pictures_from_array((levels / 255).astype(kind)).images
    assert np.array_equal(found, levels)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((9, 8, 7), np.nan), r"missing values \(nan\)"),
        (np.linspace(-0.5, 1, 504).reshape(9, 8, 7), "values from -0.5 to 1;"),
        (np.linspace(0, 255, 504).reshape(9, 8, 7), "values from 0 to 255;"),
        (np.full((9, 8, 7), np.inf), "values from inf to inf"),
        (np.zeros((9, 8, 7), dtype=np.int64), "found int64; where the values are 0 to 255, convert"),
        (np.zeros((9, 8, 7), dtype=bool), "found bool"),
        (np.zeros((9, 8, 7), dtype=np.complex64), "found complex64"),
    ],
)
def test_other_types_and_ranges_are_refused(images: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pictures_from_array(images)


def test_one_missing_value_far_in_is_found() -> None:
    images = np.zeros((3000, 5, 5), dtype=np.float32)
    images[2999, 4, 4] = np.nan
    with pytest.raises(ValueError, match=r"missing values \(nan\)"):
        pictures_from_array(images)


def test_labels_are_renumbered_from_0() -> None:
    labels = pictures_from_array(random_bytes(5, 8, 7), np.array([10, -2, 5, 10, 5])).labels
    assert labels is not None
    assert labels.tolist() == [2, 0, 1, 2, 1]


@pytest.mark.parametrize("labels", [np.array([0.5, 1, 2, 3, 4]), np.zeros((5, 10), dtype=np.int64)])
def test_labels_that_are_no_whole_numbers_are_refused(labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"labels as \(n,\) whole numbers, found \w+ of shape"):
        pictures_from_array(random_bytes(5, 8, 7), labels)


def test_files_of_arrays_are_read(tmp_path: Path) -> None:
    images, labels = random_bytes(5, 8, 7), np.array([1, 0, 1, 0, 1])
    np.save(tmp_path / "a.npy", images)
    np.savez(tmp_path / "b.npz", images=images, labels=labels, other=labels)
    np.savez_compressed(tmp_path / "c.npz", whatever=images)
    for name in ("a.npy", "b.npz", "c.npz"):
        assert np.array_equal(read_array(tmp_path / name).images[:, 0], images), name
    found = read_array(tmp_path / "b.npz").labels
    assert found is not None
    assert found.tolist() == [1, 0, 1, 0, 1]


def test_broken_and_unclear_files_are_refused_by_name(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "whole.npy", random_bytes(5, 8, 7))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "whole.npy").read_bytes()[:-5])
    (tmp_path / "text.npz").write_text("no zip")
    np.savez(tmp_path / "two.npz", first=random_bytes(5, 8, 7), second=random_bytes(5, 8, 7))
    np.save(tmp_path / "range.npy", np.full((5, 8, 7), 2.0))
    for name, message in [
        ("objects.npy", "plain arrays in .*objects.npy, found one that cannot be read"),
        ("cut.npy", "plain arrays in .*cut.npy, found one that cannot be read"),
        ("text.npz", "plain arrays in .*text.npz, found one that cannot be read"),
        ("two.npz", r"an array 'images', .* found first, second; save it as"),
        ("range.npy", r"range.npy: expected floats in \[0, 1\], found values from 2 to 2"),
    ]:
        with pytest.raises(ValueError, match=message):
            read_array(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"found none at .*nowhere.npy"):
        read_array(tmp_path / "nowhere.npy")
