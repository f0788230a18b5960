"""A page to HTML. Templates lay out; nothing here computes a figure."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from narrows.report.colours import DARK, LIGHT, Style
from narrows.report.page import Page, Picture
from narrows.report.raster import data_uri
from narrows.report.text import visible

_TEMPLATES = Path(__file__).parent / "templates"
_THEMED = re.compile("|".join(LIGHT.values()), re.IGNORECASE)
_NAMES = {colour: name for name, colour in LIGHT.items()}
_IDENTIFIER = re.compile(r'(\bid="|url\(#|href="#)')


def render(page: Page, plots: Mapping[str, bytes]) -> str:
    """The page as one HTML file; `plots` holds the SVG of each plot by name."""
    inline = {name: themed(content, name) for name, content in plots.items()}
    return _environment().get_template("page.html.j2").render(page=page, plots=inline, light=LIGHT, dark=DARK)


def themed(content: bytes, name: str) -> Markup:
    """An SVG to stand in the page: colours follow the theme, identifiers are its own, the size is the page's.

    The content is this package's own drawing, whose texts matplotlib escaped.
    """
    drawn = content.decode()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", drawn, flags=re.DOTALL)  # both reach beyond it
    drawn = re.sub(r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", drawn, count=1)
    drawn = re.sub(r'(<svg [^>]*?)height="[^"]*"', r'\1aria-hidden="true"', drawn, count=1)
    drawn = _THEMED.sub(lambda found: f"var(--{_NAMES[found[0].lower()]})", drawn)
    return Markup(_IDENTIFIER.sub(rf"\g<1>{name}-", drawn))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["data_uri"] = _data_uri
    environment.filters["fitted"] = _fitted
    environment.filters["corners"] = _corners
    return environment


def _shown(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _data_uri(picture: Picture) -> str:
    return data_uri(picture.pixels)


def _fitted(picture: Picture, width: int) -> int:
    """The largest whole multiple of a picture's own width within `width`, so that all its pixels are equal."""
    own = int(picture.pixels.shape[1])
    return own * (width // own) or width


def _corners(style: Style) -> str:
    """A marker's corners for an SVG polygon around (0, 0), y down."""
    return " ".join(f"{4 * x:.1f},{-4 * y:.1f}" for x, y in style.marker)
