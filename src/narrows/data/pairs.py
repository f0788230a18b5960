"""Sets of pictures paired up: sources to be mixed and told apart again, and their mean as a picture of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from narrows.data.dataset import Dataset, Pictures
from narrows.data.picture import Size


def pair(
    *sets: Pictures,
    names: tuple[str, ...],
    size: Size = (0, 0),
    seed: int | None = None,
    exchangeable: bool = False,
) -> Pictures:
    """Pairs, triples and so on of pictures, one of each set, as sources of one shape; labels are left behind.

    As many as the smallest set has, in the largest shape in every axis: smaller pictures stand amid zeros, grey ones
    are repeated.

    Args:
        sets: the pictures of the first come in their order.
        names: of the sources.
        size: least height and width.
        seed: draws those of the other sets, none twice; without a seed they come in their order too.
        exchangeable: whether the sets are of one kind.

    Raises:
        ValueError: the sets differ in channels and one of them is not grey, or there are not as many names as sets.

    >>> grey, colour = Pictures(np.zeros((3, 1, 4, 4), np.uint8)), Pictures(np.zeros((5, 3, 2, 2), np.uint8))
    >>> pair(grey, colour, names=("grey", "colour"), seed=0).images.shape
    (3, 2, 3, 4, 4)
    """
    count = min(map(len, sets))
    shapes = ((1, *size), *(pictures.image_shape for pictures in sets))
    channels, *area = (max(lengths) for lengths in zip(*shapes, strict=True))
    generator = np.random.default_rng(seed)
    sources = np.zeros((count, len(sets), channels, *area), dtype=np.uint8)
    for place, pictures in enumerate(sets):
        order = generator.permutation(len(pictures)) if place and seed is not None else np.arange(len(pictures))
        own, *inner = pictures.image_shape
        if own not in (1, channels):
            raise ValueError(f"expected grey pictures or {channels} channels, found {own}; convert them")
        top, left = ((whole - part) // 2 for whole, part in zip(area, inner, strict=True))
        sources[:, place, :, top : top + inner[0], left : left + inner[1]] = pictures.images[order[:count]]
    return Pictures(sources, source_names=names, exchangeable=exchangeable)


def pair_sets(name: str, sets: Sequence[Dataset], names: tuple[str, ...], *, size: Size = (0, 0), seed: int) -> Dataset:
    """The pairs of each split, made of that split of every set; test pictures are read when they are asked for.

    Of sets that are one and the same the sources are exchangeable; sources of one name are numbered.

    Args:
        name: of the pairs.
        sets: as many as names.
        names: of the sets.
        size: least height and width.
        seed: draws what is paired with the pictures of the first set.

    Raises:
        ValueError: from `pair`.
    """
    exchangeable = all(each is sets[0] for each in sets)
    # a name stands in conditions, which are parted by blanks
    short = [name.replace(" ", "-").replace("=", "-") for name in names]
    labels = tuple(f"{name}-{place}" if short.count(name) > 1 else name for place, name in enumerate(short, start=1))

    def pairs(pictures: Iterable[Pictures]) -> Pictures:
        return pair(*pictures, names=labels, size=size, seed=seed, exchangeable=exchangeable)

    train, validation = pairs(each.train for each in sets), pairs(each.validation for each in sets)
    tests = [each.read_test for each in sets]
    return Dataset(
        name,
        replace(train, images=np.concatenate([train.images, validation.images])),
        np.arange(len(train), len(train) + len(validation)),
        lambda: pairs(read() for read in tests),
        official_test=all(each.official_test for each in sets),
        note=f"In every split the pictures of {names[0]} in their order, each with those of {', '.join(names[1:])} "
        f"that numpy.random.default_rng({seed}).permutation draws for it, set after set.",
        unreadable=tuple(dict.fromkeys(found for each in sets for found in each.unreadable)),
    )


def mean_picture(pairs: Pictures) -> Pictures:
    """The mean of each picture's sources, rounded to 8 bits, which leaves a psnr of 57 dB between it and the mean.

    >>> mean_picture(Pictures(np.array([1, 4], np.uint8).reshape(1, 2, 1, 1, 1), source_names=("a", "b"))).images.item()
    2
    """
    # in chunks, which keep the floats few
    means: list[NDArray[np.uint8]] = [
        np.rint(part.mean(1, dtype=np.float32)).astype(np.uint8)
        for part in np.array_split(pairs.images, max(1, len(pairs) // 1000))
    ]
    return Pictures(np.concatenate(means))
