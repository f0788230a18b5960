"""Small pictures for the page on faults: rows of digits, curves, bars and tables of counts."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from narrows.report.colours import LIGHT

WIDTH = 5.6
"""Inches, at 100 pixels each."""
BLUE, RED, GREY = LIGHT["blue"], LIGHT["vermilion"], LIGHT["grey"]
STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": LIGHT["soft"],
    "xtick.color": LIGHT["soft"],
    "ytick.color": LIGHT["soft"],
}

Row = tuple[str, Sequence[NDArray[Any]], Sequence[str]]
"""What stands before it, pictures (height, width), and what stands below each."""


def rows_of_pictures(rows: Sequence[Row], *, signed: bool = False) -> Figure:
    """Pictures in [0, 1] in rows; signed ones around 0 in red and blue."""
    columns = max(len(pictures) for _, pictures, _ in rows)
    lines = max((said.count("\n") + 1 for _, _, below in rows for said in below), default=0)
    tall = 0.5 * len(rows) + 0.15 * lines * sum(bool(below) for _, _, below in rows)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, tall), dpi=100)
        grid = figure.subplots(len(rows), columns, squeeze=False)
        figure.subplots_adjust(
            left=0.27, right=0.98, top=0.98, bottom=0.17 * lines / tall, wspace=0.15, hspace=0.1 + 0.35 * lines
        )
        for line, (name, pictures, below) in zip(grid, rows, strict=True):
            line[0].text(-0.25, 0.5, name, transform=line[0].transAxes, ha="right", va="center", color=LIGHT["ink"])
            for axes in line:
                axes.set_axis_off()
            for place, picture in enumerate(pictures):
                shade = {"cmap": "RdBu", "vmin": -1, "vmax": 1} if signed else {"cmap": "gray", "vmin": 0, "vmax": 1}
                line[place].imshow(picture, interpolation="nearest", **shade)
                if below:
                    said = below[place]
                    line[place].text(0.5, -0.1, said, transform=line[place].transAxes, ha="center", va="top", size=7)
    return figure


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], across: str, up: str, *, log: bool = False
) -> Figure:
    """Each name's (x, y); the first in red, for it is the fault."""
    figure, axes = plot(across, up)
    for (name, (xs, ys)), colour, marker in zip(lines.items(), (RED, BLUE, GREY), ("o", "s", ""), strict=False):
        axes.plot(xs, ys, color=colour, marker=marker, markersize=3, label=name, zorder=3 if colour == RED else 2)
    if log:
        axes.set_yscale("log")
    axes.legend(loc="best", fontsize=8, frameon=False)
    return figure


def bars(parts: Mapping[str, Mapping[str, float]], up: str, *, line: tuple[str, float] | None = None) -> Figure:
    """Stacked parts, each by the name of its bar; a dashed line with its name, if any."""
    figure, axes = plot("", up)
    names = list(next(iter(parts.values())))
    below = np.zeros(len(names))
    for (part, values), colour in zip(parts.items(), (BLUE, RED), strict=False):
        heights = np.array([values[name] for name in names])
        axes.bar(names, heights, bottom=below, width=0.5, color=colour, label=part)
        below += heights
    for name, top in zip(names, below, strict=True):
        axes.annotate(f"{top:.3g}", (name, top), xytext=(0, 2), textcoords="offset points", ha="center", size=8)
    if line is not None:
        axes.axhline(line[1], color=LIGHT["ink"], linestyle="--", linewidth=1, label=f"{line[0]} {line[1]:.3g}")
    if line is not None or len(parts) > 1:
        axes.legend(loc="best", fontsize=8, frameon=False)
    axes.margins(y=0.15)
    return figure


def spreads(values: Mapping[str, Sequence[float]], across: str) -> Figure:
    """Every seed's value as a dot, one line a name."""
    figure, axes = plot(across, "")
    for place, (found, colour) in enumerate(zip(values.values(), (RED, BLUE), strict=False)):
        axes.plot(found, [place] * len(found), "o", color=colour, markersize=5)
    axes.set_yticks(range(len(values)), list(values))
    axes.set_ylim(-0.7, len(values) - 0.3)
    return figure


def counts(table: NDArray[Any], across: str, up: str) -> Figure:
    """A table of counts as shades with its numbers."""
    figure, axes = plot(across, up)
    axes.imshow(table, cmap="Blues", aspect="auto")
    for (row, column), count in np.ndenumerate(table):
        shade = "white" if count > 0.6 * table.max() else LIGHT["ink"]
        axes.text(column, row, f"{count:g}", ha="center", va="center", color=shade, size=6)
    axes.set_xticks(range(table.shape[1]))
    axes.set_yticks(range(table.shape[0]))
    return figure


def heat(values: NDArray[Any], across: str, up: str) -> Figure:
    """Numbers as shades, each row scaled to its own largest."""
    figure, axes = plot(across, up)
    axes.imshow(values / np.maximum(np.abs(values).max(1, keepdims=True), 1e-12), cmap="gray", aspect="auto")
    return figure


def plot(across: str, up: str) -> tuple[Figure, Axes]:
    """Empty axes of a small picture."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 2.1), dpi=100, layout="constrained")
        axes = figure.subplots()
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    return figure, axes
