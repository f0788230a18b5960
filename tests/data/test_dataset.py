import numpy as np
import pytest

from narrows.data import Dataset, Pictures

from .layouts import random_bytes


def dataset(validation: list[int]) -> Dataset:
    pictures = Pictures(random_bytes(6, 1, 2, 2), np.arange(6))

    def refuse() -> Pictures:
        raise AssertionError("the test split was read")

    return Dataset("six", pictures, np.array(validation), refuse)


def test_train_and_validation_part_the_pictures_and_leave_test_unread() -> None:
    made = dataset([1, 4])
    assert made.train.labels is not None
    assert made.validation.labels is not None
    assert made.train.labels.tolist() == [0, 2, 3, 5]
    assert made.validation.labels.tolist() == [1, 4]
    with pytest.raises(AssertionError, match="test split was read"):
        _ = made.test


@pytest.mark.parametrize(("index", "shares"), [([2, 3, 4], True), ([3, 2], False), ([0, 2], False), ([5], True)])
def test_take_views_what_follows_one_another_and_copies_the_rest(index: list[int], shares: bool) -> None:
    pictures = Pictures(random_bytes(6, 1, 2, 2), np.arange(6))
    taken = pictures.take(np.array(index))
    assert np.array_equal(taken.images, pictures.images[index])
    assert taken.labels is not None
    assert taken.labels.tolist() == index
    assert np.shares_memory(taken.images, pictures.images) is shares


def test_take_of_nothing_is_no_picture() -> None:
    assert len(Pictures(random_bytes(6, 1, 2, 2)).take(np.array([], dtype=np.int64))) == 0


def test_wrong_images_and_labels_are_refused_with_both_shapes() -> None:
    with pytest.raises(ValueError, match=r"uint8 images of shape .*found uint8 of shape \(6, 2, 2\)"):
        Pictures(random_bytes(6, 2, 2))
    with pytest.raises(ValueError, match=r"one label a picture, 6 in all, found shape \(5,\)"):
        Pictures(random_bytes(6, 1, 2, 2), np.arange(5))


def test_a_set_without_unlabelled_pictures_says_so() -> None:
    with pytest.raises(ValueError, match="found six, which has none; use 'stl10'"):
        _ = dataset([0]).unlabelled
