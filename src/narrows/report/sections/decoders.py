"""The kernels of convolutional decoders, stage by stage, and how large they are."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.numbers import MISSING, figure
from narrows.report.page import Cell, Column, Gallery, Group, Picture, Section, Strip, Table
from narrows.report.raster import enlarged, mosaic, signed
from narrows.report.scales import signed_scale
from narrows.report.subject import Subject

_TILE = 10
"""Most width of a kernel in a grid of them."""
_WIDTH = 170
_NOTHING = Picture(np.zeros((1, 8, 4), np.uint8), "no kernels", MISSING)
"""Where an arm has no convolution, or one that the run does not keep."""

Kernels = NDArray[Any]
"""Of one stage: (to, from, height, width)."""
Stages = Mapping[int, Kernels]
"""By their distance from the picture, the deepest first."""


def decoders(subject: Subject) -> Section | None:
    """Every decoder's kernels as grids, and their root mean square."""
    found = {arm: stages for arm in subject.trained if (stages := _stages(subject, arm))}
    return Section("decoders", "Decoder weights", (_sizes(found), _grids(found))) if found else None


def _stages(subject: Subject, arm: Arm) -> Stages:
    arrays = subject.run.arrays(arm.name, arm.seeds[0], "filters")
    numbers = sorted(
        (int(name.removeprefix("decoder_")) for name in arrays if name.startswith("decoder_")), reverse=True
    )
    return {number: arrays[f"decoder_{number}"] for number in numbers}


def _sizes(found: Mapping[Arm, Stages]) -> Table:
    """The root mean square of each stage's weights."""
    numbers = _numbers(found)

    def row(arm: Arm, stages: Stages) -> tuple[Cell, ...]:
        cells = (
            Cell(figure(_size(stages[number]), 3), _shape(stages[number])) if number in stages else Cell(MISSING)
            for number in numbers
        )
        return (Cell(arm.name, style=arm.style), *cells)

    return Table(
        caption="Root mean square of a decoder stage's weights, first seed; below it channels and kernel. A dash: no"
        " convolution there, or one of more kernels than a run keeps.",
        columns=(
            Column("arm", numeric=False),
            *(Column(_stage(number)) for number in numbers),
        ),
        groups=(Group("", tuple(row(arm, stages) for arm, stages in found.items())),),
    )


def _grids(found: Mapping[Arm, Stages]) -> Gallery:
    numbers = _numbers(found)
    sizes = {arm.name: _size(stages[numbers[-1]]) for arm, stages in found.items() if numbers[-1] in stages}
    large, small = (choose(sizes, key=lambda name: sizes[name]) for choose in (max, min))
    last = (
        f"In the {_stage(numbers[-1])} “{large}” has the largest weights, {figure(sizes[large], 3)} in root mean square"
    )
    return Gallery(
        name="decoder-weights",
        claim=f"{last}, “{small}” the smallest, {figure(sizes[small], 3)}."
        if len(sizes) > 1
        else f"The decoder weights of “{large}”.",
        caption="A tile a kernel. A row holds the kernels of one channel that a stage makes, from every channel that it"
        " gets; those of a single channel stand in two rows. First seed, each stage scaled to its own largest weight.",
        strips=tuple(
            Strip(
                arm.name,
                tuple(_grid(arm, number, stages[number]) if number in stages else _NOTHING for number in numbers),
                arm.style,
            )
            for arm, stages in found.items()
        ),
        width=_WIDTH,
        heads=tuple(map(_stage, numbers)),
        scale=signed_scale(),
    )


def _grid(arm: Arm, number: int, kernels: Kernels) -> Picture:
    limit = float(np.abs(kernels).max())
    made, given, _, width = kernels.shape
    tiles = [
        enlarged(signed(kernel[None], limit), width * max(1, _TILE // width)) for group in kernels for kernel in group
    ]
    # a single row would be too low to see
    columns = given if made > 1 else math.ceil(given / 2)
    alt = f"{len(tiles)} kernels of {arm.name}, {_stage(number)}"
    return Picture(mosaic(tiles, columns), alt, _shape(kernels), coded=True)


def _size(kernels: Kernels) -> float:
    """Root mean square."""
    return float(np.sqrt(np.square(kernels.astype(np.float64)).mean()))


def _numbers(found: Mapping[Arm, Stages]) -> list[int]:
    return sorted({number for stages in found.values() for number in stages}, reverse=True)


def _stage(number: int) -> str:
    return f"last stage but {number}" if number else "last stage"


def _shape(kernels: Kernels) -> str:
    made, given, height, width = kernels.shape
    return f"{given} to {made}, {height} \u00d7 {width}"
