"""Galleries laid out for a paper, in inches, and written as SVG and PNG.

Plots are matplotlib's. It takes ten times as long as this for the hundreds of pictures that a report may have.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from textwrap import wrap
from typing import Literal

from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from narrows.report.colours import LIGHT
from narrows.report.drawing import DOTS_PER_INCH, FAST, WIDTH
from narrows.report.page import Gallery, Picture, Scale
from narrows.report.raster import Pixels, data_uri
from narrows.report.text import visible

POINT = 1 / 72
HEAD, LABEL, CAPTION = 6.5 * POINT, 7 * POINT, 6 * POINT
"""Sizes of type in inches."""
LINE = 1.2
"""Height of a line in sizes of its type."""
CAPTION_LINE = 0.14
"""Inches that a row of pictures keeps for each line of its captions."""
CAPITAL = 0.73
"""Height of a capital letter in sizes of its type."""
LETTERS_AN_INCH = 20.0
"""Of a caption."""
LABEL_WIDTH, GAP = 1.9, 0.06
"""Inches that the labels of rows take on the left, and between neighbours."""

Anchor = Literal["start", "middle", "end"]
"""What of a line of text stands at its place; SVG's words."""


@dataclass(frozen=True)
class Text:
    """One line: `x` is where its anchor stands, `baseline` what its letters stand on, both in inches like `size`."""

    text: str
    x: float
    baseline: float
    size: float
    anchor: Anchor = "middle"


@dataclass(frozen=True, eq=False)
class Placed:
    """A picture and where its upper left corner stands, in inches."""

    pixels: Pixels
    left: float
    top: float
    width: float
    height: float
    framed: bool = False


@dataclass(frozen=True, eq=False)
class Sheet:
    """What is drawn, on a ground of `WIDTH` x `height` inches."""

    height: float
    pictures: tuple[Placed, ...]
    texts: tuple[Text, ...]


def lay_out(gallery: Gallery) -> Sheet:
    """Rows of pictures as wide as fit, labels on the left, captions below."""
    rows = _rows(gallery)
    left = 0.1 if gallery.flow else LABEL_WIDTH
    most = max(len(pictures) for _, pictures in rows)
    side = min(1.6 if gallery.flow else 0.8, (WIDTH - left - 0.1) / most - GAP)
    centres = [left + place * (side + GAP) + side / 2 for place in range(most)]
    pictures: list[Placed] = []
    texts: list[Text] = []
    for centre, head in zip(centres, gallery.heads, strict=False):
        texts += _below(visible(head).split("\n"), centre, 0.03, HEAD)
    top = 0.34 if gallery.heads else 0.08
    for label, row in rows:
        texts += _below(label, 0.1, top + side / 2 - len(label) * LINE * LABEL / 2, LABEL, "start")
        captions = [_caption(picture, side) for picture in row]
        for centre, picture, caption in zip(centres, row, captions, strict=False):
            placed = Placed(picture.pixels, centre - side / 2, top, side, side * _aspect(picture), picture.coded)
            pictures.append(placed)
            texts += _below(caption, centre, top + placed.height + 0.03, CAPTION)
        top += side * max(map(_aspect, row)) + CAPTION_LINE * max(1, *map(len, captions)) + 0.1
    if gallery.scale:
        band, ends = _scale(gallery.scale, left, top + 0.06)
        pictures.append(band)
        texts += ends
        top += 0.25
    return Sheet(top, tuple(pictures), tuple(texts))


def sheet_svg(sheet: Sheet) -> bytes:
    """The sheet as SVG, without a ground; text stays text, which a page can set in its own type."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}in" height="{sheet.height:.4g}in"'
        f' viewBox="0 0 {WIDTH} {sheet.height:.4g}" font-family="sans-serif" fill="{LIGHT["ink"]}">'
    ]
    for one in sheet.pictures:
        place = f'x="{one.left:.4g}" y="{one.top:.4g}" width="{one.width:.4g}" height="{one.height:.4g}"'
        lines.append(
            f'<image {place} preserveAspectRatio="none" style="image-rendering:pixelated" '
            f'href="{data_uri(one.pixels)}"/>'
        )
        if one.framed:  # its ground may be the paper's
            lines.append(f'<rect {place} fill="none" stroke="{LIGHT["rule"]}" stroke-width="{0.4 * POINT:.3g}"/>')
    lines += [
        f'<text x="{one.x:.4g}" y="{one.baseline:.4g}" font-size="{one.size:.3g}" text-anchor="{one.anchor}">'
        f"{escape(one.text)}</text>"
        for one in sheet.texts
    ]
    return "\n".join([*lines, "</svg>\n"]).encode()


def sheet_png(sheet: Sheet) -> bytes:
    """The sheet as PNG on white."""
    canvas = Image.new("RGB", (_dots(WIDTH), _dots(sheet.height)), "white")
    draw = ImageDraw.Draw(canvas)
    for one in sheet.pictures:
        corner = _dots(one.left), _dots(one.top)
        size = max(1, _dots(one.width)), max(1, _dots(one.height))
        picture = Image.fromarray(one.pixels).resize(size, Image.Resampling.NEAREST)
        canvas.paste(picture, corner, picture if picture.mode == "RGBA" else None)
        if one.framed:
            draw.rectangle((*corner, corner[0] + size[0] - 1, corner[1] + size[1] - 1), outline=LIGHT["rule"])
    for text in sheet.texts:
        where = text.x * DOTS_PER_INCH, text.baseline * DOTS_PER_INCH
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[text.anchor]
        draw.text(where, text.text, fill=LIGHT["ink"], font=_font(text.size), anchor=anchor)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG", **FAST)
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


def _rows(gallery: Gallery) -> list[tuple[list[str], tuple[Picture, ...]]]:
    """Labels, line by line, and pictures; a flowing strip broken into rows of what fits."""
    if not gallery.flow:
        return [(_wrapped(f"{strip.label}\n{strip.note}".strip()), strip.pictures) for strip in gallery.strips]
    pictures = tuple(picture for strip in gallery.strips for picture in strip.pictures)
    many = 4 if gallery.width > 100 else 9
    return [([], pictures[start : start + many]) for start in range(0, len(pictures), many)]


def _below(lines: list[str], x: float, top: float, size: float, anchor: Anchor = "middle") -> Iterator[Text]:
    """Lines of text, the first of which begins at `top`."""
    for place, line in enumerate(lines):
        yield Text(line, x, top + (CAPITAL + (LINE - CAPITAL) / 2 + LINE * place) * size, size, anchor)


def _scale(scale: Scale, left: float, top: float) -> tuple[Placed, list[Text]]:
    """The band of a scale and what stands at its ends."""
    band = Placed(scale.band.pixels, left + 0.6, top, 2.0, 0.1)
    baseline = top + 0.05 + CAPITAL * HEAD / 2
    return band, [
        Text(scale.low, band.left - GAP, baseline, HEAD, "end"),
        Text(scale.high, band.left + band.width + GAP, baseline, HEAD, "start"),
    ]


def _aspect(picture: Picture) -> float:
    return float(picture.pixels.shape[0] / picture.pixels.shape[1])


def _caption(picture: Picture, side: float) -> list[str]:
    """A picture's caption, wrapped to its side of so many inches: a name would run into its neighbour's."""
    lines = visible(picture.caption).split("\n")
    return [part for line in lines for part in wrap(line, max(12, int(LETTERS_AN_INCH * side)))]


def _wrapped(text: str) -> list[str]:
    return [part for line in visible(text).split("\n") for part in wrap(line, 32)[:3]]


def _dots(inches: float) -> int:
    return round(inches * DOTS_PER_INCH)


@lru_cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    """Matplotlib's own type, which the plots are set in."""
    return ImageFont.truetype(findfont("DejaVu Sans"), size * DOTS_PER_INCH)
