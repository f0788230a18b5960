"""The report's colours, in light and dark, and the marks that keep every arm apart without them.

The hues are Okabe and Ito's (2008), told apart by every common colour blindness; yellow is darkened on light paper and
blue lightened on dark paper, where the originals would vanish.
"""

import math
from dataclasses import dataclass

LIGHT = {
    "paper": "#fdfcfa",
    "raised": "#f5f3ee",
    "rule": "#d9d5cc",
    "ink": "#1d1c1a",
    "soft": "#5f5b54",
    "link": "#00568a",
    "grey": "#85817a",
    "blue": "#0072b2",
    "vermilion": "#d55e00",
    "green": "#009e73",
    "purple": "#cc79a7",
    "orange": "#e69f00",
    "sky": "#56b4e9",
    "yellow": "#a89a00",
}
DARK = LIGHT | {
    "paper": "#151618",
    "raised": "#1e2023",
    "rule": "#3a3d42",
    "ink": "#e8e5de",
    "soft": "#a9a69f",
    "link": "#8ccbf2",
    "grey": "#8d8a84",
    "blue": "#3a93d0",
    "vermilion": "#e8742a",
    "green": "#1fb88c",
    "yellow": "#f0e442",
}
HUES = ("blue", "vermilion", "green", "purple", "orange", "sky", "yellow")
"""The hues that arms take, in order; baselines are ink and grey."""

CLASS_HUES = (*(LIGHT[hue] for hue in HUES), "#aa3377", "#7766cc", "#8c8c8c")
"""Ten colours for classes: the arms' hues, then a red and a violet after Tol, then grey; all between the papers."""

Marker = tuple[tuple[float, float], ...]


def _polygon(corners: int, turn: float = 0.0, inner: float = 1.0) -> Marker:
    """A regular polygon of radius 1, first corner up; with `inner` below 1, a star."""
    steps = corners if inner == 1.0 else 2 * corners
    radii = [1.0 if inner == 1.0 or step % 2 == 0 else inner for step in range(steps)]
    angles = [math.pi / 2 + math.pi * (turn + 2 * step / steps) for step in range(steps)]
    return tuple((round(r * math.cos(a), 3), round(r * math.sin(a), 3)) for r, a in zip(radii, angles, strict=True))


MARKERS: tuple[Marker, ...] = (
    _polygon(20),
    _polygon(4, turn=0.25),
    _polygon(3),
    _polygon(4),
    _polygon(3, turn=1.0),
    _polygon(5, inner=0.45),
    _polygon(4, turn=0.25, inner=0.4),
    _polygon(3, turn=0.5),
    _polygon(4, inner=0.4),
    _polygon(6),
    _polygon(3, turn=-0.5),
    _polygon(8, inner=0.6),
)
DASHES: dict[str, tuple[float, ...]] = {
    "as reported": (5.0, 2.0),
    "improved": (),
    "compared": (7.0, 2.0, 1.5, 2.0),
    "baseline": (1.5, 1.8),
}


@dataclass(frozen=True)
class Style:
    """How one arm looks in every figure: a colour's name, a dash pattern in points, a marker's corners (y up)."""

    colour: str
    dash: tuple[float, ...]
    marker: Marker
