"""The kernels of convolutional decoders, stage by stage, and how large they are."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.numbers import MISSING, figure
from narrows.report.page import Cell, Column, Gallery, Group, Picture, Section, Strip, Table
from narrows.report.raster import enlarged, mosaic, near_square, signed
from narrows.report.scales import signed_scale
from narrows.report.subject import Subject

_TILE = 12
"""Least width of a kernel."""
_WIDTH = 220

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
    """The root mean square of each stage's weights, and of all together."""
    numbers = sorted({number for stages in found.values() for number in stages}, reverse=True)

    def row(arm: Arm, stages: Stages) -> tuple[Cell, ...]:
        cells = (
            Cell(figure(_size([stages[number]]), 3), _shape(stages[number])) if number in stages else Cell(MISSING)
            for number in numbers
        )
        return (Cell(arm.name, style=arm.style), *cells, Cell(figure(_size(stages.values()), 3)))

    return Table(
        caption="Root mean square of a decoder stage's weights, first seed; below it channels and kernel. A dash: no"
        " convolution there, or one of more kernels than a run keeps.",
        columns=(
            Column("arm", numeric=False),
            *(Column(_stage(number), "from the picture" if number else "gives the picture") for number in numbers),
            Column("all of them"),
        ),
        groups=(Group("", tuple(row(arm, stages) for arm, stages in found.items())),),
    )


def _grids(found: Mapping[Arm, Stages]) -> Gallery:
    sizes = {arm.name: _size(stages.values()) for arm, stages in found.items()}
    large, small = (choose(sizes, key=lambda name: sizes[name]) for choose in (max, min))
    both = f"“{large}” has the largest decoder weights, {figure(sizes[large], 3)}, “{small}” the smallest,"
    return Gallery(
        name="decoder-weights",
        claim=f"{both} {figure(sizes[small], 3)} in root mean square."
        if len(sizes) > 1
        else f"The decoder weights of “{large}”.",
        caption="A tile a kernel: for each channel that a stage makes, those from every channel that it gets. The"
        " deepest stage first, first seed, each stage scaled to its own largest weight.",
        strips=tuple(
            Strip(arm.name, tuple(_grid(arm, *stage) for stage in stages.items()), arm.style)
            for arm, stages in found.items()
        ),
        width=_WIDTH,
        scale=signed_scale(),
    )


def _grid(arm: Arm, number: int, kernels: Kernels) -> Picture:
    limit = float(np.abs(kernels).max())
    tiles = [enlarged(signed(kernel[None], limit), _TILE) for made in kernels for kernel in made]
    columns = kernels.shape[1] if min(kernels.shape[:2]) > 1 else near_square(len(tiles))[1]
    alt = f"{len(tiles)} kernels, {_stage(number)} from the picture, of {arm.name}"
    return Picture(mosaic(tiles, columns), alt, _shape(kernels), coded=True)


def _size(kernels: Iterable[Kernels]) -> float:
    """Root mean square of all their weights."""
    weights = np.concatenate([each.ravel().astype(np.float64) for each in kernels])
    return float(np.sqrt(np.square(weights).mean()))


def _stage(number: int) -> str:
    return "last stage" if number == 0 else f"{number} {'stage' if number == 1 else 'stages'}"


def _shape(kernels: Kernels) -> str:
    made, given, height, width = kernels.shape
    return f"{given} to {made}, {height} \u00d7 {width}"
