"""Plots as matplotlib figures.

Axes stand where inches put them: matplotlib's own layout engines would measure every text twice, which costs half of
the report's time.
"""

import math
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from narrows.report.colours import CLASS_HUES, LIGHT, Style
from narrows.report.drawing import WIDTH
from narrows.report.numbers import MINUS
from narrows.report.page import Bars, Cloud, Density, Line, Panel, Plot
from narrows.report.text import visible

_LEFT, _RIGHT, _GAP = 0.52, 0.18, 0.62
_TALLEST_SQUARE = 3.2
_TOP, _TITLE_LINE, _BOTTOM, _BARE = 0.3, 0.15, 0.46, 0.12
_LABEL = 0.27
_LEGEND_LINE, _LEGEND_LEFT, _LEGEND_SIZE = 0.19, 0.44, 8.5
_HANDLE, _PAD, _BETWEEN = 0.4, 0.1, 0.2
_FEW_DECADES = 30.0
_LEVELS = 1000
"""Of a bar: more than a panel has pixels."""
_COUNTED = ("epoch", "step", "unit", "component")


def draw_plot(plot: Plot) -> Figure:
    """Panels in rows of `columns`, one legend below for all arms; call within `drawing`."""
    ticks = any(panel.x_label for panel in plot.panels)
    margin, gap, below = (_LEFT, _GAP, _BOTTOM) if ticks else (_BARE, 2 * _BARE, _BARE)
    width = (WIDTH - margin - _RIGHT - (plot.columns - 1) * gap) / plot.columns
    tall = plot.panel_height or min(width, _TALLEST_SQUARE)
    titles = [_title(panel, plot.columns) for panel in plot.panels]
    row_height = tall + below + _TOP + _TITLE_LINE * max(title.count("\n") for title in titles)
    entries = _legend_entries(plot)
    columns = _legend_columns(list(entries))
    legend = _LEGEND_LINE * max(map(_count_lines, columns), default=0) + (0.08 if entries else 0.0)
    height = math.ceil(len(plot.panels) / plot.columns) * row_height + legend
    figure = Figure(figsize=(WIDTH, height))
    for place, (panel, title) in enumerate(zip(plot.panels, titles, strict=True)):
        row, column = divmod(place, plot.columns)
        left, bottom = margin + column * (width + gap), height - (row + 1) * row_height + below
        axes = figure.add_axes((left / WIDTH, bottom / height, width / WIDTH, tall / height))
        _draw_panel(axes, panel)
        # at places of their own, which are measured in a quarter of a figure's time otherwise
        axes.set_title(title, loc="left", fontsize=8.5, pad=6, y=1.0)
        axes.xaxis.set_label_coords(0.5, -_LABEL / tall)
        axes.yaxis.set_label_coords(0.0, 0.5)
    _draw_legend(figure, list(entries.values()), columns)
    return figure


def _draw_legend(figure: Figure, looks: Sequence[dict[str, Any]], columns: Sequence[Sequence[str]]) -> None:
    """What each look means, down the columns at the foot; matplotlib's own legend takes a fifth of a figure's time."""
    left, following = _LEGEND_LEFT, iter(looks)
    for column in columns:
        middle = _LEGEND_LINE * (max(map(_count_lines, columns)) - 0.5)
        for label in column:
            ends = [left, left + _HANDLE / 2, left + _HANDLE]
            look = next(following)
            line = Line2D(ends, [middle] * 3, **look, markersize=6, markevery=[1], transform=figure.dpi_scale_trans)
            figure.add_artist(line)
            for part in label.split("\n"):
                figure.text(
                    left + _HANDLE + _PAD,
                    middle,
                    part,
                    transform=figure.dpi_scale_trans,
                    fontsize=_LEGEND_SIZE,
                    verticalalignment="center_baseline",
                )
                middle -= _LEGEND_LINE
        left += _column_width(column)


def _draw_panel(axes: Axes, panel: Panel) -> None:
    if panel.log_x:
        axes.set_xscale("log")
    if panel.log_y:
        axes.set_yscale("log")
    for mark in panel.marks:
        _draw_mark(axes, mark)
    axes.set_xlabel(visible(panel.x_label))
    if not isinstance(panel.marks[0], Cloud):
        _draw_ticks(axes.xaxis, panel.log_x, panel.x_label in _COUNTED)
        _draw_ticks(axes.yaxis, panel.log_y, whole=False)
    if isinstance(panel.marks[0], Density):
        axes.set_yticks([])  # heights are relative
        _thin_ticks(axes.xaxis)


def _draw_mark(axes: Axes, mark: Line | Cloud | Bars | Density) -> None:
    match mark:
        case Line():
            _draw_line(axes, mark)
        case Cloud():
            _draw_cloud(axes, mark)
        case Density():
            _draw_density(axes, mark)
        case Bars():
            _draw_bars(axes, mark)


def _draw_ticks(axis: Axis, logarithmic: bool, whole: bool) -> None:
    locator = (
        LogLocator(subs=(1.0, 2.0, 5.0)) if logarithmic else MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=whole)
    )
    axis.set_major_locator(locator)
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", MINUS)))


def _thin_ticks(axis: Axis) -> None:
    """Powers of ten alone where a small panel spans several."""
    low, high = axis.get_view_interval()
    if high > _FEW_DECADES * low > 0:
        axis.set_major_locator(LogLocator())


def _title(panel: Panel, columns: int) -> str:
    """The panel's heading: its arm or split, then the unit of its upright axis, in three lines at most."""
    text = visible(" · ".join(part for part in (panel.title, panel.y_label) if part))
    lines = [part for line in text.split("\n") for part in wrap(line, 84 // columns)] or [""]
    return "\n".join(lines[:3]) + ("…" if len(lines) > 3 else "")


def _draw_line(axes: Axes, line: Line) -> None:
    every = max(1, len(line.x) // 10)
    start = sum(map(ord, line.label)) % every  # curves that lie on one another keep their markers apart
    axes.plot(line.x, line.y, **_line_look(line), markersize=5.4, markevery=(start, every) if line.joined else None)
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
    # of neighbours that look alike one outline: thousands of units would fill the page, and stairs takes seconds
    heights = np.rint(bars.heights / bars.top * _LEVELS) * (bars.top / _LEVELS)
    starts = np.flatnonzero(np.diff(heights, prepend=np.nan, append=np.nan))
    outline = np.append(heights, heights[-1])[starts]
    axes.fill_between(starts + 0.5, outline, step="post", color=LIGHT[bars.style.colour], alpha=0.85, linewidth=0)
    axes.set_xlim(0.5, len(bars.heights) + 0.5)
    axes.set_ylim(0, bars.top)


def _draw_density(axes: Axes, density: Density) -> None:
    look = {name: value for name, value in _look(density.style).items() if not name.startswith("marker")}
    if density.filled:
        axes.stairs(density.heights, density.edges, fill=True, color=look["color"], alpha=0.45)
    else:
        axes.stairs(density.heights, density.edges, linewidth=1.1, **look)
    axes.set_ylim(0, 1.08)


def _look(style: Style) -> dict[str, Any]:
    dash = (0.0, tuple(part / 1.5 for part in style.dash)) if style.dash else "solid"  # points to line widths
    return {
        "color": LIGHT[style.colour],
        "linestyle": dash,
        "marker": style.marker or "none",
        "markeredgewidth": 0.5,
        "markeredgecolor": LIGHT["paper"],
    }


def _line_look(line: Line) -> dict[str, Any]:
    return _look(line.style) | ({} if line.joined else {"linestyle": "none"})


def _legend_entries(plot: Plot) -> dict[str, dict[str, Any]]:
    marks = [mark for panel in plot.panels for mark in panel.marks]
    outlines = {mark.label: _look(mark.style) for mark in marks if isinstance(mark, Density) and not mark.filled}
    entries = outlines or {mark.label: _line_look(mark) for mark in marks if isinstance(mark, Line)}
    return entries if len(entries) > 1 or outlines else {}


def _legend_columns(names: Sequence[str]) -> list[list[str]]:
    """Labels in as many columns as fit, three at most; one that is wider than the figure is wrapped."""
    width = WIDTH - _LEGEND_LEFT - _RIGHT
    labels = [_legend_label(name) for name in names]
    for across in (3, 2, 1):
        down = max(1, math.ceil(len(labels) / across))
        columns = [labels[start : start + down] for start in range(0, len(labels), down)]
        if sum(map(_column_width, columns)) <= width + _BETWEEN:
            return columns
    letters = max(map(len, labels))
    while any(_inches(part) > width - _HANDLE - _PAD for label in labels for part in wrap(label, letters)):
        letters = int(0.9 * letters)
    return [["\n".join(wrap(label, letters)) for label in labels]]


def _column_width(column: Sequence[str]) -> float:
    """With what parts it from the next."""
    return _HANDLE + _PAD + max(_inches(part) for label in column for part in label.split("\n")) + _BETWEEN


def _count_lines(column: Sequence[str]) -> int:
    return sum(label.count("\n") + 1 for label in column)


def _inches(text: str) -> float:
    """A label's width in matplotlib's own font, which is wider than the page's."""
    font = get_font(findfont(FontProperties()))
    font.set_size(_LEGEND_SIZE, 72)
    font.set_text(text)
    return float(font.get_width_height()[0]) / 64 / 72


def _legend_label(label: str) -> str:
    """The arm's name; a hair space before an underscore, since matplotlib leaves out labels that start with one."""
    return f"\u200a{visible(label)}" if label.startswith("_") else visible(label)
