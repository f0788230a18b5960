"""Figures as drawn: nothing is cut off and nothing overlaps, however long the names."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from narrows.report.colours import DASHES, HUES, MARKERS, Style
from narrows.report.drawing import draw_gallery, drawing
from narrows.report.page import Gallery, Line, Panel, Picture, Plot, Strip
from narrows.report.plotting import draw_plot


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
        (legend,) = figure.legends
        box = legend.get_window_extent(renderer)
        axes = figure.axes[0].get_tightbbox(renderer)
    assert "".join("".join(text.get_text().split()) for text in legend.get_texts()) == "".join("".join(names).split())
    assert axes is not None
    assert inside(box, figure)
    assert box.y1 <= axes.y0


def test_short_names_share_a_line_of_the_legend() -> None:
    with drawing():
        narrow, wide = (draw_plot(legend_plot([f"arm {n}{rest}" for n in range(6)])) for rest in ("", " so long" * 6))
    assert narrow.get_figheight() < wide.get_figheight()


def test_long_captions_do_not_run_into_one_another() -> None:
    picture = Picture(np.zeros((4, 4, 3), np.uint8), "alt", "as reported, 784-512-256-128-30, 10 epochs\nmean 0.0186")
    gallery = Gallery("maps", "Claim.", "Caption.", (Strip("", (picture,) * 4),), width=120, flow=True)
    with drawing():
        figure = draw_gallery(gallery)
        renderer = FigureCanvasAgg(figure).get_renderer()
        boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts if text.get_text()]
    assert len(boxes) == 4
    assert all(before.x1 <= after.x0 for before, after in pairwise(boxes))
    assert all(inside(box, figure) for box in boxes)


def inside(box: Bbox, figure: Figure) -> bool:
    return bool(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1)
