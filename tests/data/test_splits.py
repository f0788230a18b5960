import re
from typing import Any

import jaxtyping
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.data import Pictures, label_budget, stratified_order, validation_index
from narrows.data.splits import cut, parse_split, split_counts

from .layouts import random_bytes


def labels_of(*counts: int) -> np.ndarray:
    """So many labels of each class, in an order that is not sorted."""
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(9).permutation(labels)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 50))
@settings(max_examples=50, deadline=None)
def test_every_stretch_of_a_stratified_order_holds_the_classes_in_proportion(counts: list[int], seed: int) -> None:
    labels = labels_of(*counts)
    order = stratified_order(labels, seed)
    assert sorted(order) == list(range(len(labels)))
    shares = np.array(counts) / len(labels)
    for length in range(len(labels) + 1):
        found = np.bincount(labels[order[:length]], minlength=len(counts))
        # Between two thresholds of the sort key a prefix is at most half a picture off in each class; ties add one.
        assert np.all(np.abs(found - length * shares) <= 1 + len(counts) / 2)


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=5),
    st.floats(0.001, 1),
    st.floats(0.001, 1),
    st.integers(0, 50),
)
@settings(max_examples=100, deadline=None)
def test_label_budgets_are_nested_stratified_and_never_empty(
    counts: list[int], one: float, other: float, seed: int
) -> None:
    labels = labels_of(*counts)
    small, large = (label_budget(labels, share, seed) for share in sorted((one, other)))
    assert set(small) <= set(large)
    kept = np.bincount(labels[small], minlength=len(counts))
    assert kept.tolist() == [max(1, round(min(one, other) * count)) for count in counts]


def test_label_budgets_follow_the_seed_and_the_whole_is_everything() -> None:
    labels = labels_of(50, 50)
    assert np.array_equal(label_budget(labels, 0.1, 3), label_budget(labels, 0.1, 3))
    assert not np.array_equal(label_budget(labels, 0.1, 3), label_budget(labels, 0.1, 4))
    assert np.array_equal(label_budget(labels, 1.0, 3), np.arange(100))


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01, float("nan")])
def test_an_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share of labels above 0 and at most 1"):
        label_budget(labels_of(5, 5), share, 0)


def test_a_class_without_pictures_is_named() -> None:
    with pytest.raises(ValueError, match="found none of class 1 among 3"):
        label_budget(np.array([0, 2, 2]), 0.5, 0)


def test_validation_is_stratified_seeded_and_ascending() -> None:
    labels = labels_of(60, 30, 10)
    index = validation_index(labels, 20, 1)
    assert np.bincount(labels[index]).tolist() == [12, 6, 2]
    assert np.all(np.diff(index) > 0)
    assert np.array_equal(index, validation_index(labels, 20, 1))
    assert not np.array_equal(index, validation_index(labels, 20, 2))


@pytest.mark.parametrize("count", [0, 10])
def test_validation_must_leave_something_to_train_on(count: int) -> None:
    with pytest.raises(ValueError, match=f"between 1 and 9 validation pictures of 10, found {count}"):
        validation_index(labels_of(5, 5), count, 0)


@pytest.mark.parametrize(("total", "parts"), [(3, (1, 1, 1)), (10, (8, 1, 1)), (1797, (1437, 180, 180))])
def test_own_splits_are_80_10_10_and_no_part_is_empty(total: int, parts: tuple[int, int, int]) -> None:
    assert split_counts(total) == parts


@pytest.mark.parametrize(("total", "parts"), [(3, (1, 1, 1)), (10, (7, 2, 1)), (1912, (1339, 382, 191))])
def test_another_split_has_its_shares(total: int, parts: tuple[int, int, int]) -> None:
    assert split_counts(total, (70, 20, 10)) == parts


@pytest.mark.parametrize("text", ["80-10", "0.8-0.1-0.1", "a-b-c", "-80-10-10", "80-10-10-0", ""])
def test_text_that_is_no_split_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"in percent, found '{re.escape(text)}'; for example 80-10-10"):
        parse_split(text)


@pytest.mark.parametrize("split", [(80, 20, 0), (80, 10, 11), (80.5, 9.5, 10), (0.8, 0.1, 0.1)])
def test_shares_that_are_no_split_are_refused(split: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # the annotation alone would refuse fractions
    with pytest.raises(ValueError, match=f"add up to 100, found {split[0]}, {split[1]}, {split[2]}; for example"):
        split_counts(100, split)


def test_two_pictures_cannot_be_split() -> None:
    with pytest.raises(ValueError, match=r"at least 3 pictures .* found 2"):
        split_counts(2)


def test_a_cut_parts_all_pictures_in_order_without_copying_them() -> None:
    pictures = Pictures(random_bytes(20, 1, 2, 2))
    made = cut("twenty", pictures)
    parts = (made.train, made.validation, made.test)
    assert [len(part) for part in parts] == [16, 2, 2]
    assert np.array_equal(np.concatenate([part.images for part in parts]), pictures.images)
    assert all(np.shares_memory(part.images, pictures.images) for part in parts)
    assert not made.official_test
