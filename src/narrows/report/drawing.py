"""Galleries as matplotlib figures, and any figure as SVG and PNG.

Text stays text in SVG, so that a page can set it in its own type and a paper can edit it.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from textwrap import wrap
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from narrows.report.colours import LIGHT
from narrows.report.page import Gallery, Picture, Scale
from narrows.report.raster import data_uri
from narrows.report.text import visible

WIDTH = 7.0
"""Every figure's width in inches: a paper's two columns."""

_DOTS_PER_INCH = 160
_LETTERS_AN_INCH = 20.0
"""Of a caption, which is set in 6 points."""
_FAST = {"compress_level": 3}
"""A twelfth more bytes for a sixth less time."""
_FRAME: Any = {"edgecolor": LIGHT["rule"], "linewidth": 0.4}
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


def svg(figure: Figure) -> bytes:
    """The figure as SVG, the same bytes every time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None}, dpi=_DOTS_PER_INCH)
    return buffer.getvalue()


def bitmap(figure: Figure) -> bytes:
    """The figure as PNG on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white", dpi=_DOTS_PER_INCH, pil_kwargs=_FAST)
    return buffer.getvalue()


def picture_svg(picture: Picture) -> bytes:
    """One picture as SVG, pixel by pixel, named by what it shows."""
    height, width = picture.pixels.shape[:2]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f"<title>{escape(visible(picture.alt))}</title>"
        f'<image width="{width}" height="{height}" style="image-rendering:pixelated"'
        f' href="{data_uri(picture.pixels)}"/></svg>\n'
    ).encode()


def draw_gallery(gallery: Gallery) -> Figure:
    """A gallery for a paper: rows of pictures, labels on the left, captions below; call within `drawing`."""
    strips = _lines_of(gallery)
    left = 0.1 if gallery.flow else 1.9
    most = max(len(row) for _, row in strips)
    side = min(1.6 if gallery.flow else 0.8, (WIDTH - left - 0.1) / most - 0.06)
    heights = [
        side * max(map(_aspect, row)) + 0.14 * max(_caption(one, side).count("\n") + 1 for one in row) + 0.1
        for _, row in strips
    ]
    head = 0.34 if gallery.heads else 0.08
    height = sum(heights) + head + (0.25 if gallery.scale else 0.0)
    figure = Figure(figsize=(WIDTH, height))
    # One pair of axes in inches for all pictures: a pair for each would cost ten times the pictures themselves.
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0), autoscale_on=False)
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
            if picture.coded:  # its ground may be the paper's
                axes.add_patch(Rectangle((extent[0], top), side, bottom - top, fill=False, **_FRAME))
            axes.text(centre, bottom + 0.03, _caption(picture, side), ha="center", va="top", fontsize=6)
        top += tall
    if gallery.scale:
        _draw_scale(axes, gallery.scale, left, top + 0.06)
    return figure


def _draw_scale(axes: Axes, scale: Scale, left: float, top: float) -> None:
    extent = (left + 0.6, left + 2.6, top + 0.1, top)
    axes.imshow(scale.band.pixels, interpolation="nearest", extent=extent, aspect="auto")
    axes.text(extent[0] - 0.06, top + 0.05, scale.low, ha="right", va="center", fontsize=6.5)
    axes.text(extent[1] + 0.06, top + 0.05, scale.high, ha="left", va="center", fontsize=6.5)


def _lines_of(gallery: Gallery) -> list[tuple[str, list[Picture]]]:
    """Strips as rows; a flowing strip broken into rows of what fits."""
    if not gallery.flow:
        return [(f"{strip.label}\n{strip.note}".strip(), list(strip.pictures)) for strip in gallery.strips]
    pictures = [picture for strip in gallery.strips for picture in strip.pictures]
    many = 4 if gallery.width > 100 else 9
    return [("", pictures[start : start + many]) for start in range(0, len(pictures), many)]


def _aspect(picture: Picture) -> float:
    return float(picture.pixels.shape[0] / picture.pixels.shape[1])


def _caption(picture: Picture, side: float) -> str:
    """A picture's caption, wrapped to its side of so many inches: a name would run into its neighbour's."""
    lines = visible(picture.caption).split("\n")
    return "\n".join(part for line in lines for part in wrap(line, max(12, int(_LETTERS_AN_INCH * side))))


def _wrapped(text: str) -> str:
    return "\n".join(part for line in visible(text).split("\n") for part in wrap(line, 32)[:3])
