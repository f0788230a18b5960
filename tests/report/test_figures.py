"""Figures as drawn: nothing is cut off and nothing overlaps, however long the names."""

from io import BytesIO
from itertools import combinations, pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from matplotlib.transforms import Bbox
from PIL import Image, ImageFont

from narrows.report.colours import DASHES, HUES, MARKERS, Style
from narrows.report.drawing import WIDTH, drawing
from narrows.report.page import Gallery, Line, Panel, Picture, Plot, Scale, Strip
from narrows.report.plotting import draw_plot
from narrows.report.sheets import lay_out, sheet_png, sheet_svg


def legend_plot(names: list[str]) -> Plot:
    place = np.arange(3.0)
    styles = [Style(HUES[n % len(HUES)], DASHES["compared"], MARKERS[n]) for n in range(len(names))]
    lines = tuple(Line(name, style, place, place) for name, style in zip(names, styles, strict=True))
    return Plot("plot", "Claim.", "Caption.", "alt", (Panel(lines, x_label="step"),))


@pytest.mark.parametrize("length", [8, 30, 50, 150])
def test_a_legend_of_twelve_arms_stands_whole_below_the_axes(length: int) -> None:
    names = [f"{n} compared, linear code and sigmoid output, a wide WWW name ".ljust(length, "m")[:length]
             for n in range(12)]  # fmt: skip
    with drawing():
        figure = draw_plot(legend_plot(names))
        renderer = FigureCanvasAgg(figure).get_renderer()
        boxes = [artist.get_window_extent(renderer) for artist in (*figure.texts, *figure.artists)]
        axes = figure.axes[0].get_tightbbox(renderer)
    assert "".join("".join(text.get_text().split()) for text in figure.texts) == "".join("".join(names).split())
    assert len(figure.artists) == 12
    assert axes is not None
    for box in boxes:
        assert inside(box, figure)
        assert box.y1 <= axes.y0
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_short_names_share_a_line_of_the_legend() -> None:
    with drawing():
        narrow, wide = (draw_plot(legend_plot([f"arm {n}{rest}" for n in range(6)])) for rest in ("", " so long" * 6))
    assert narrow.get_figheight() < wide.get_figheight()


def test_long_captions_do_not_run_into_one_another() -> None:
    picture = Picture(np.zeros((4, 4, 3), np.uint8), "alt", "as reported, 784-512-256-128-30, 10 epochs\nmean 0.0186")
    gallery = Gallery("maps", "Claim.", "Caption.", (Strip("", (picture,) * 4),), width=120, flow=True)
    sheet = lay_out(gallery)
    lines: dict[float, list[tuple[float, float]]] = {}
    for text in sheet.texts:
        assert text.anchor == "middle"
        half = ImageFont.truetype(findfont("DejaVu Sans"), 100 * text.size).getlength(text.text) / 200
        lines.setdefault(text.baseline, []).append((text.x - half, text.x + half))
    assert len(lines) == 3
    assert max(lines) < sheet.height
    for line in lines.values():
        assert len(line) == 4
        assert line[0][0] >= 0
        assert line[-1][1] <= WIDTH
        assert all(before[1] <= after[0] for before, after in pairwise(line))


def test_a_gallery_s_files_show_its_pictures_and_words() -> None:
    grey, red = np.full((2, 3, 3), 128, np.uint8), np.full((2, 3, 4), (255, 0, 0, 255), np.uint8)
    strips = (
        Strip("one", (Picture(grey, "grey", "half"), Picture(red, "red", "<b>&", coded=True))),
        Strip("other", (Picture(grey, "grey", "again"),), note="a note"),
    )
    scale = Scale(Picture(red[:, :, :3], "scale"), "low", "high")
    sheet = lay_out(Gallery("maps", "Claim.", "Caption.", strips, width=60, heads=("first", "second"), scale=scale))
    assert len(sheet.pictures) == 4
    words = ["first", "second", "one", "half", "<b>&", "other", "a note", "again", "low", "high"]
    assert [text.text for text in sheet.texts] == words
    drawn = ElementTree.fromstring(sheet_svg(sheet))
    space = "{http://www.w3.org/2000/svg}"
    assert [text.text for text in drawn.iter(f"{space}text")] == words
    assert len(list(drawn.iter(f"{space}image"))) == 4
    assert len(list(drawn.iter(f"{space}rect"))) == 1
    bitmap = np.asarray(Image.open(BytesIO(sheet_png(sheet))))
    assert bitmap.shape == (round(160 * sheet.height), 160 * WIDTH, 3)
    for placed, colour in zip(sheet.pictures, ((128,) * 3, (255, 0, 0), (128,) * 3, (255, 0, 0)), strict=True):
        top, left = round(160 * placed.top), round(160 * placed.left)
        shown = bitmap[top : top + round(160 * placed.height), left : left + round(160 * placed.width)]
        np.testing.assert_array_equal(np.unique(shown[1:-1, 1:-1].reshape(-1, 3), axis=0), [colour])
    assert (bitmap < 100).any()  # letters


def inside(box: Bbox, figure: Figure) -> bool:
    return bool(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1)
