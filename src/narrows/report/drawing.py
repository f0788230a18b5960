"""Matplotlib figures as SVG and PNG, and what all figures have in common.

Text stays text in SVG, so that a page can set it in its own type and a paper can edit it.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from narrows.report.colours import LIGHT

WIDTH = 7.0
"""Every figure's width in inches: a paper's two columns."""
DOTS_PER_INCH = 160
"""Of every figure's PNG."""
FAST = {"compress_level": 3}
"""How its PNG is packed: a twelfth more bytes for a sixth less time."""
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
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None}, dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def bitmap(figure: Figure) -> bytes:
    """The figure as PNG on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white", dpi=DOTS_PER_INCH, pil_kwargs=FAST)
    return buffer.getvalue()
