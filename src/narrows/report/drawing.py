"""Plots and galleries as matplotlib figures, and figures as SVG and PNG.

Axes stand where inches put them: matplotlib's own layout engines would measure every text twice, which costs half of
the report's time. Text stays text in SVG, so that a page can set it in its own type and a paper can edit it.
"""

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from narrows.report.colours import CLASS_HUES, LIGHT, Style
from narrows.report.numbers import MINUS
from narrows.report.page import Bars, Cloud, Gallery, Line, Panel, Picture, Plot
from narrows.report.text import visible

_WIDTH = 7.0
_LEFT, _RIGHT, _GAP = 0.52, 0.1, 0.62
_TALLEST_SQUARE = 3.2
_TOP, _TITLE_LINE, _BOTTOM, _BARE = 0.24, 0.15, 0.46, 0.12
_LEGEND_LINE = 0.19
_DOTS_PER_INCH = 160
_COUNTED = ("epoch", "step", "unit", "component")
_SETTINGS: Any = {
    "font.family": "sans-serif",
    "font.size": 8.5,
    "text.color": LIGHT["ink"],
    "text.parse_math": False,  # a name may hold dollar signs
    "axes.edgecolor": LIGHT["grey"],
    "axes.labelcolor": LIGHT["ink"],
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LIGHT["rule"],
    "grid.linewidth": 0.5,
    "xtick.color": LIGHT["grey"],
    "ytick.color": LIGHT["grey"],
    "xtick.labelcolor": LIGHT["soft"],
    "ytick.labelcolor": LIGHT["soft"],
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "image.composite_image": False,  # a composite is resampled, and blurs the pictures
    "svg.fonttype": "none",
    "svg.hashsalt": "narrows",  # the same figure gives the same file
}


@contextmanager
def drawing() -> Iterator[None]:
    """Matplotlib's settings for every figure; a glyph that its font lacks is a box in the PNG and no warning."""
    with rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield


def draw_plot(plot: Plot) -> Figure:
    """Panels in rows of `columns`, one legend below for all arms; call within `drawing`."""
    ticks = any(panel.x_label for panel in plot.panels)
    margin, gap, below = (_LEFT, _GAP, _BOTTOM) if ticks else (_BARE, 2 * _BARE, _BARE)
    width = (_WIDTH - margin - _RIGHT - (plot.columns - 1) * gap) / plot.columns
    tall = plot.panel_height or min(width, _TALLEST_SQUARE)
    titles = [_title(panel, plot.columns) for panel in plot.panels]
    row_height = tall + below + _TOP + _TITLE_LINE * max(title.count("\n") for title in titles)
    entries = _legend_entries(plot)
    columns = 1 if any(len(label) > 52 for label in entries) else 2
    legend = _LEGEND_LINE * math.ceil(len(entries) / columns) + (0.08 if entries else 0.0)
    height = math.ceil(len(plot.panels) / plot.columns) * row_height + legend
    figure = Figure(figsize=(_WIDTH, height))
    for place, (panel, title) in enumerate(zip(plot.panels, titles, strict=True)):
        row, column = divmod(place, plot.columns)
        left, bottom = margin + column * (width + gap), height - (row + 1) * row_height + below
        axes = figure.add_axes((left / _WIDTH, bottom / height, width / _WIDTH, tall / height))
        _draw_panel(axes, panel)
        axes.set_title(title, loc="left", fontsize=8.5, pad=6)
    if entries:
        handles = [Line2D([], [], **_look(style), markersize=6) for style in entries.values()]
        figure.legend(
            handles,
            [_legend_label(label) for label in entries],
            loc="lower left",
            bbox_to_anchor=((_LEFT - 0.08) / _WIDTH, 0.0),
            ncols=columns,
            handlelength=3.4,
            borderaxespad=0.0,
            labelspacing=0.35,
        )
    return figure


def svg(figure: Figure) -> bytes:
    """The figure as SVG, the same bytes every time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None}, dpi=_DOTS_PER_INCH)
    return buffer.getvalue()


def bitmap(figure: Figure) -> bytes:
    """The figure as PNG on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white", dpi=_DOTS_PER_INCH)
    return buffer.getvalue()


def draw_gallery(gallery: Gallery) -> Figure:
    """A gallery for a paper: rows of pictures, labels on the left, captions below; call within `drawing`."""
    strips = _lines_of(gallery)
    left = 0.1 if gallery.flow else 1.9
    most = max(len(row) for _, row in strips)
    side = min(1.6 if gallery.flow else 0.8, (_WIDTH - left - 0.1) / most - 0.06)
    heights = [side * max(map(_aspect, row)) + 0.14 * max(map(_caption_lines, row)) + 0.1 for _, row in strips]
    head = 0.34 if gallery.heads else 0.08
    height = sum(heights) + head
    figure = Figure(figsize=(_WIDTH, height))
    # One pair of axes in inches for all pictures: a pair for each would cost ten times the pictures themselves.
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(height, 0), autoscale_on=False)
    axes.set_axis_off()
    centres = [left + place * (side + 0.06) + side / 2 for place in range(most)]
    for centre, text in zip(centres, gallery.heads, strict=False):
        axes.text(centre, 0.03, visible(text), ha="center", va="top", fontsize=6.5)
    top = head
    for (label, row), tall in zip(strips, heights, strict=True):
        axes.text(0.1, top + side / 2, _wrapped(label), va="center", fontsize=7)
        for centre, picture in zip(centres, row, strict=False):
            bottom = top + side * _aspect(picture)
            extent = (centre - side / 2, centre + side / 2, bottom, top)
            axes.imshow(picture.pixels, interpolation="nearest", extent=extent, aspect="auto")
            axes.text(centre, bottom + 0.03, visible(picture.caption), ha="center", va="top", fontsize=6)
        top += tall
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    if panel.log_x:
        axes.set_xscale("log")
    if panel.log_y:
        axes.set_yscale("log")
    for mark in panel.marks:
        if isinstance(mark, Line):
            _draw_line(axes, mark)
        elif isinstance(mark, Cloud):
            _draw_cloud(axes, mark)
        else:
            _draw_bars(axes, mark)
    axes.set_xlabel(visible(panel.x_label))
    if not isinstance(panel.marks[0], Cloud):
        _draw_ticks(axes.xaxis, panel.log_x, panel.x_label in _COUNTED)
        _draw_ticks(axes.yaxis, panel.log_y, whole=False)


def _draw_ticks(axis: Axis, logarithmic: bool, whole: bool) -> None:
    locator = (
        LogLocator(subs=(1.0, 2.0, 5.0)) if logarithmic else MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=whole)
    )
    axis.set_major_locator(locator)
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", MINUS)))


def _title(panel: Panel, columns: int) -> str:
    """The panel's heading: its arm or split, then the unit of its upright axis, in three lines at most."""
    text = visible(" · ".join(part for part in (panel.title, panel.y_label) if part))
    lines = wrap(text, 84 // columns) or [""]
    return "\n".join(lines[:3]) + ("…" if len(lines) > 3 else "")


def _draw_line(axes: Axes, line: Line) -> None:
    every = max(1, len(line.x) // 8)
    start = sum(map(ord, line.label)) % every  # curves that lie on one another keep their markers apart
    axes.plot(line.x, line.y, **_look(line.style), markersize=5.4, markevery=(start, every))
    if line.low is not None and line.high is not None:
        axes.fill_between(line.x, line.low, line.high, color=LIGHT[line.style.colour], alpha=0.15, linewidth=0)


def _draw_cloud(axes: Axes, cloud: Cloud) -> None:
    hues = [CLASS_HUES[place % len(CLASS_HUES)] for place in cloud.classes]
    axes.scatter(cloud.points[:, 0], cloud.points[:, 1], s=3.0, c=hues, linewidths=0, alpha=0.75, rasterized=True)
    halo = [withStroke(linewidth=2.4, foreground=LIGHT["paper"])]
    for name, (x, y) in zip(cloud.names, cloud.middles, strict=True):
        axes.text(x, y, visible(name), ha="center", va="center", fontsize=8.5, fontweight="bold", path_effects=halo)
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_bars(axes: Axes, bars: Bars) -> None:
    edges = np.arange(len(bars.heights) + 1) + 0.5
    axes.stairs(bars.heights, edges, fill=True, color=LIGHT[bars.style.colour], alpha=0.85)
    axes.set_xlim(0.5, len(bars.heights) + 0.5)
    axes.set_ylim(0, bars.top)


def _look(style: Style) -> dict[str, Any]:
    dash = (0.0, tuple(part / 1.5 for part in style.dash)) if style.dash else "solid"  # points to line widths
    return {
        "color": LIGHT[style.colour],
        "linestyle": dash,
        "marker": style.marker,
        "markeredgewidth": 0.5,
        "markeredgecolor": LIGHT["paper"],
    }


def _legend_entries(plot: Plot) -> dict[str, Style]:
    lines = [mark for panel in plot.panels for mark in panel.marks if isinstance(mark, Line)]
    entries = {line.label: line.style for line in lines}
    return entries if len(entries) > 1 else {}


def _legend_label(label: str) -> str:
    """The arm's name; a hair space before an underscore, since matplotlib leaves out labels that start with one."""
    return f"\u200a{visible(label)}" if label.startswith("_") else visible(label)


def _lines_of(gallery: Gallery) -> list[tuple[str, list[Picture]]]:
    """Strips as rows; a flowing strip broken into rows of what fits."""
    if not gallery.flow:
        return [(strip.label, list(strip.pictures)) for strip in gallery.strips]
    pictures = [picture for strip in gallery.strips for picture in strip.pictures]
    many = 4 if gallery.width > 100 else 9
    return [("", pictures[start : start + many]) for start in range(0, len(pictures), many)]


def _aspect(picture: Picture) -> float:
    return float(picture.pixels.shape[0] / picture.pixels.shape[1])


def _caption_lines(picture: Picture) -> int:
    return picture.caption.count("\n") + bool(picture.caption)


def _wrapped(text: str) -> str:
    return "\n".join(wrap(visible(text), 32)[:3])
