"""Seeded splits and label budgets: stratified wherever there are labels."""

import re
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from narrows.data.dataset import Dataset, Pictures

Split: TypeAlias = tuple[int, int, int]
"""Percent of the pictures that are for training, validation and test."""

SPLIT: Split = (80, 10, 10)
"""Of sets without an official split, unless another is asked for."""


class OwnSplit(NamedTuple):
    """How many pictures, in stratified order, are for training, validation and test."""

    num_train: int
    num_validation: int
    num_test: int


def parse_split(text: str) -> Split:
    """A split as the reports write it.

    Raises:
        ValueError: not three whole percentages above 0 that add up to 100.

    >>> parse_split("70-20-10")
    (70, 20, 10)
    """
    match = re.fullmatch(r"(\d+)-(\d+)-(\d+)", text)
    if match is None:
        raise ValueError(f"expected a split as train-validation-test in percent, found {text!r}; for example 80-10-10")
    train, validation, test = map(int, match.groups())
    return check_split((train, validation, test))


def check_split(split: Split) -> Split:
    """The split, if it is one.

    Raises:
        ValueError: not whole percentages above 0 that add up to 100.
    """
    if sum(split) != 100 or any(percent != int(percent) or percent < 1 for percent in split):
        raise ValueError(
            "expected whole percentages above 0 for training, validation and test that add up to 100, "
            f"found {', '.join(map(str, split))}; for example 80, 10, 10"
        )
    return split


def split_counts(num_pictures: int, split: Split = SPLIT) -> OwnSplit:
    """How a split cuts a set without an official one; every part gets at least one picture.

    Raises:
        ValueError: fewer than three pictures, or percentages that are no split.

    >>> split_counts(1797)
    OwnSplit(num_train=1437, num_validation=180, num_test=180)
    """
    if num_pictures < 3:
        raise ValueError(
            f"expected at least 3 pictures to split into train, validation and test, found {num_pictures}; add some"
        )
    validation, test = (max(1, round(num_pictures * percent / 100)) for percent in check_split(split)[1:])
    return OwnSplit(num_pictures - validation - test, validation, test)


def stratified_order(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """A seeded order of which every stretch holds the classes in their proportions, to a picture or two."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    place = (_rank_in_class(labels, shuffled) + 0.5) / np.bincount(labels)[labels]
    # Classes of one size tie at every rank: the stable sort leaves them as shuffled.
    return shuffled[np.argsort(place[shuffled], kind="stable")]


def split_order(num_pictures: int, labels: NDArray[np.int64] | None, seed: int) -> NDArray[np.int64]:
    """The order in which an own split cuts its parts: stratified, or shuffled where there are no labels."""
    if labels is None:
        return np.random.default_rng(seed).permutation(num_pictures)
    return stratified_order(labels, seed)


def cut(
    name: str,
    ordered: Pictures,
    *,
    split: Split = SPLIT,
    class_names: tuple[str, ...] = (),
    note: str = "",
    unreadable: tuple[tuple[str, str], ...] = (),
) -> Dataset:
    """A set without an official split, cut along an order that `split_order` gave.

    The parts follow one another, so that none of them is copied out of a memory-mapped array.

    Raises:
        ValueError: fewer than three pictures, or percentages that are no split.
    """
    num_train, num_validation, _ = split_counts(len(ordered), split)
    positions = np.arange(len(ordered))
    start_of_test = num_train + num_validation
    return Dataset(
        name,
        ordered.take(positions[:start_of_test]),
        positions[num_train:start_of_test],
        lambda: ordered.take(positions[start_of_test:]),
        class_names,
        official_test=False,
        note=note,
        unreadable=unreadable,
    )


def validation_index(labels: NDArray[np.int64], num_validation: int, seed: int) -> NDArray[np.int64]:
    """Which pictures of a training set to hold out: seeded, stratified, in ascending order.

    Raises:
        ValueError: nothing would be left to train on, or nothing held out.
    """
    if not 0 < num_validation < len(labels):
        raise ValueError(
            f"expected between 1 and {len(labels) - 1} validation pictures of {len(labels)}, found {num_validation}; "
            "hold out fewer"
        )
    return np.sort(stratified_order(labels, seed)[:num_validation])


def label_budget(labels: NDArray[np.int64], share: float, seed: int) -> NDArray[np.int64]:
    """Which pictures keep their label when only a share of the labels is used, in ascending order.

    Stratified, with at least one picture a class, and nested: under one seed, the pictures of a smaller share are
    among those of a larger one.

    Args:
        labels: class numbers from 0.
        share: above 0, at most 1.
        seed: of the shuffle that every share cuts.

    Raises:
        ValueError: the share is out of range, or a class has no picture to choose.

    >>> labels = np.repeat([0, 1], [60, 20])
    >>> np.bincount(labels[label_budget(labels, 0.1, seed=0)])
    array([6, 2])
    """
    if not 0 < share <= 1:
        raise ValueError(f"expected a share of labels above 0 and at most 1, found {share}; 0.1 keeps 10 %")
    counts = np.bincount(labels)
    if len(counts) == 0 or not counts.all():
        empty = ", ".join(str(number) for number in np.flatnonzero(counts == 0)) or "all"
        raise ValueError(
            f"expected labelled pictures of every class, found none of class {empty} among {len(labels)}; "
            "number the classes from 0 without gaps"
        )
    kept = np.maximum(1, np.rint(share * counts)).astype(np.int64)
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    return np.flatnonzero(_rank_in_class(labels, shuffled) < kept[labels])


def _rank_in_class(labels: NDArray[np.int64], shuffled: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each picture, how many of its class come before it in the shuffled order."""
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.bincount(labels)
    ranks = np.empty(len(labels), dtype=np.int64)
    ranks[by_class] = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ranks
