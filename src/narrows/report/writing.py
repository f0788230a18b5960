"""A run folder to its report and figures."""

from pathlib import Path

from narrows.files import write_atomic
from narrows.report.building import build_page
from narrows.report.page import Gallery, Page, Plot
from narrows.report.raster import png
from narrows.report.rendering import render
from narrows.results import open_run


def write_report(run_folder: Path) -> Path:
    """Write RUN/report.html and the pictures in RUN/figures from a finished or partial run; return the page's path.

    Raises:
        FileNotFoundError: the folder holds no run.
        ValueError: it was written by a later version of Narrows, or one of its tables is broken.
    """
    return write_page(build_page(open_run(run_folder)), run_folder)


def write_page(page: Page, folder: Path) -> Path:
    """Write FOLDER/report.html and FOLDER/figures/*.svg and *.png; return the page's path."""
    plots = _write_figures(page, folder / "figures")
    path = folder / "report.html"
    write_atomic(path, render(page, plots).encode())
    return path


def _write_figures(page: Page, folder: Path) -> dict[str, bytes]:
    """Write every figure of the page as SVG and PNG; the SVG of the plots by name."""
    from narrows.report.drawing import bitmap, drawing, svg
    from narrows.report.plotting import draw_plot
    from narrows.report.sheets import lay_out, picture_svg, sheet_png, sheet_svg

    plots = {}
    with drawing():
        for block in (block for section in page.sections for block in section.blocks):
            match block:
                case Plot():
                    figure = draw_plot(block)
                    content, dots = svg(figure), bitmap(figure)
                case Gallery(exact=True):
                    picture = block.strips[0].pictures[0]
                    content, dots = picture_svg(picture), png(picture.pixels)
                case Gallery():
                    sheet = lay_out(block)
                    content, dots = sheet_svg(sheet), sheet_png(sheet)
                case _:
                    continue
            write_atomic(folder / f"{block.name}.svg", content)
            write_atomic(folder / f"{block.name}.png", dots)
            if isinstance(block, Plot):
                plots[block.name] = content
    return plots
