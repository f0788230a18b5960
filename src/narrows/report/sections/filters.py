"""The filters of the first layer: the first of them side by side, all of them, and single ones enlarged."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.numbers import count
from narrows.report.page import Gallery, Picture, Section, Strip
from narrows.report.raster import STEPS, Pixels, enlarged, mosaic, near_square, signed
from narrows.report.scales import signed_scale
from narrows.report.subject import Subject
from narrows.report.text import file_name

_MOST_FILTERS = 64
_TILE = 28
"""Least width of one filter in the mosaic of them."""
_MOST_PIXELS = 1_600_000
"""Of all filters of an arm side by side: 512 as large as a photograph of 64 x 64 took 11 MB an arm."""
_MANY = 1000
"""Units of a first layer from which single ones are enlarged."""
_ENLARGED = (0, 6)
"""The units that report 004 shows."""
_LARGE_TILE = 84
_FEW_STEPS = 24
"""Of the colours in a mosaic of all units, whose pixels are too small to tell more apart: half the bytes."""

Weights = NDArray[Any]
"""Of a first layer: (unit, channel, height, width)."""


def filters(subject: Subject) -> Section | None:
    """What the units of the first layer look for."""
    found = {
        arm: weights
        for arm in subject.trained
        if (weights := subject.run.arrays(arm.name, arm.seeds[0], "filters").get("first_layer")) is not None
        and weights.ndim == 4
        and len(weights)
    }
    if not found:
        return None
    many = {
        arm: weights
        for arm, weights in found.items()
        if len(weights) > _MOST_FILTERS and weights[:, 0].size <= _MOST_PIXELS
    }
    single = _single(found) if any(len(weights) >= _MANY for weights in found.values()) else None
    whole = (_whole(place, arm, weights) for place, (arm, weights) in enumerate(many.items()))
    return Section("filters", "First-layer filters", (_first(found), *((single,) if single else ()), *whole))


def _first(found: Mapping[Arm, Weights]) -> Gallery:
    tiles = tuple(_picture(arm, weights[:_MOST_FILTERS]) for arm, weights in found.items())
    return Gallery(
        name="filters",
        claim="What each unit of the first layer looks for.",
        caption=f"Up to {_MOST_FILTERS} units of the first layer, first seed, each scaled to its own largest weight.",
        strips=(Strip("", tiles),),
        width=8 * (_TILE + 1),
        scale=signed_scale() if any(tile.coded for tile in tiles) else None,
        flow=True,
    )


def _single(found: Mapping[Arm, Weights]) -> Gallery | None:
    held = {arm: weights for arm, weights in found.items() if len(weights) > max(_ENLARGED)}
    tiles = tuple(
        Picture(
            mosaic([_tile(weights[unit], _LARGE_TILE) for unit in _ENLARGED], columns=len(_ENLARGED), gap=6),
            f"weights of units {_named()} of {arm.name}",
            arm.name,
            coded=weights.shape[1] != 3,
        )
        for arm, weights in held.items()
    )
    if not tiles:
        return None
    return Gallery(
        name="filters-single",
        claim=f"Units {_named()} of each arm.",
        caption="The same units of the first layer enlarged, first seed, each scaled to its own largest weight.",
        strips=(Strip("", tiles),),
        width=max(tile.pixels.shape[1] for tile in tiles),
        scale=signed_scale() if any(tile.coded for tile in tiles) else None,
        flow=True,
    )


def _whole(place: int, arm: Arm, weights: Weights) -> Gallery:
    tile = _picture(arm, weights, _FEW_STEPS)
    return Gallery(
        name=f"filters-all-{place}-{file_name(arm.name)}",
        claim=f"All {count(len(weights))} units of “{arm.name}”.",
        caption="In the order of their numbers, first seed, each scaled to its own largest weight.",
        strips=(Strip("", (tile,)),),
        width=tile.pixels.shape[1],
        scale=signed_scale() if tile.coded else None,
        fold=f"all {count(len(weights))} units of {arm.name}",
        flow=True,
        exact=True,
    )


def _picture(arm: Arm, weights: Weights, steps: int = STEPS) -> Picture:
    tiles = [_tile(unit, _TILE, steps) for unit in weights]
    alt = f"{len(weights)} first-layer filters of {arm.name}"
    return Picture(mosaic(tiles, near_square(len(weights))[1]), alt, arm.name, coded=weights.shape[1] != 3)


def _tile(unit: Weights, least: int, steps: int = STEPS) -> Pixels:
    return enlarged(signed(unit, float(np.abs(unit).max()), steps=steps), least)


def _named() -> str:
    return " and ".join(map(str, _ENLARGED))
