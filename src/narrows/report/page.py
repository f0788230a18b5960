"""What a report shows, as plain records. Building them computes; rendering them does not."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from narrows.report.colours import Style

Tone = Literal["error", "warning", "note", "calm"]


@dataclass(frozen=True)
class Cell:
    """A table's cell: its text, a smaller second line, whether it is the best of its column, an arm's swatch.

    With `link`, a relative address, the text leads there.
    """

    text: str
    note: str = ""
    best: bool = False
    style: Style | None = None
    link: str = ""


@dataclass(frozen=True)
class Column:
    """A column's head, a smaller second line (unit and direction), and whether figures align on the right."""

    label: str
    detail: str = ""
    numeric: bool = True


@dataclass(frozen=True)
class Group:
    """Rows under one heading; an empty label shows none. The first cell of a row is its head."""

    label: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Table:
    """A table; with `fold`, it stands behind that line."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    fold: str = ""


@dataclass(frozen=True)
class Facts:
    """Terms and what they are; with `fold`, they stand behind that line."""

    kind: ClassVar[str] = "facts"
    items: tuple[tuple[str, str], ...]
    fold: str = ""


@dataclass(frozen=True)
class Sight:
    """What was seen in one arm; the whole run has neither label nor style."""

    label: str
    text: str
    style: Style | None = None


@dataclass(frozen=True)
class Card:
    """A finding or a conclusion: a tagged heading, a line an arm, paragraphs with an optional lead-in word each."""

    tag: str
    tone: Tone
    title: str
    lines: tuple[tuple[str, str], ...]
    seen: tuple[Sight, ...] = ()


@dataclass(frozen=True)
class Cards:
    """Findings, or conclusions."""

    kind: ClassVar[str] = "cards"
    items: tuple[Card, ...]


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    kind: ClassVar[str] = "prose"
    text: str


@dataclass(frozen=True)
class Code:
    """Text to copy, letter by letter."""

    kind: ClassVar[str] = "code"
    label: str
    text: str


@dataclass(frozen=True)
class Tree:
    """An arm's nested description, flattened to (depth, name, value) and folded behind its name."""

    label: str
    style: Style
    note: str
    lines: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True)
class Trees:
    """What every arm is made of."""

    kind: ClassVar[str] = "trees"
    items: tuple[Tree, ...]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture, `pixels` (height, width, 3 or 4) in 8 bits, with the line that stands below it."""

    pixels: NDArray[np.uint8]
    alt: str
    caption: str = ""
    coded: bool = False
    """Whether its colours stand for numbers, so that dark paper may turn light and dark over."""


@dataclass(frozen=True)
class Strip:
    """A row of pictures under one label, with a smaller second line."""

    label: str
    pictures: tuple[Picture, ...]
    style: Style | None = None
    note: str = ""


@dataclass(frozen=True)
class Scale:
    """What a picture's colours mean: a band of pixels from `low` to `high`."""

    band: Picture
    low: str
    high: str


@dataclass(frozen=True)
class Gallery:
    """Pictures in rows; `claim` is the sentence they support, `width` a picture's width on the page in pixels."""

    kind: ClassVar[str] = "gallery"
    name: str
    claim: str
    caption: str
    strips: tuple[Strip, ...]
    width: int
    heads: tuple[str, ...] = ()
    scale: Scale | None = None
    fold: str = ""
    flow: bool = False
    """One strip whose pictures break into lines, rather than a table with one strip a row."""
    exact: bool = False
    """One large picture, which a figure's file holds pixel by pixel and without text."""
    number: int = 0


@dataclass(frozen=True, eq=False)
class Line:
    """A curve of one arm: `x`, `y` (n,), and the band `low` to `high` around it where it has one.

    Points that are no curve are not `joined`.
    """

    label: str
    style: Style
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None
    joined: bool = True


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points (n, 2) in the colour of their class, with a label at each class's middle."""

    points: NDArray[np.float64]
    classes: NDArray[np.int64]
    names: tuple[str, ...]
    middles: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bars:
    """Heights (n,) side by side, without gaps; the axis ends at `top`, alike in all panels."""

    heights: NDArray[np.float64]
    style: Style
    top: float


@dataclass(frozen=True, eq=False)
class Density:
    """How often values lie between `edges` (n + 1,): `heights` (n,); an area where `filled`, else an outline."""

    label: str
    style: Style
    edges: NDArray[np.float64]
    heights: NDArray[np.float64]
    filled: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes."""

    marks: tuple[Line | Cloud | Bars | Density, ...]
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True)
class Plot:
    """Panels in rows of `columns`; `claim` is the sentence they support."""

    kind: ClassVar[str] = "plot"
    name: str
    claim: str
    caption: str
    alt: str
    panels: tuple[Panel, ...]
    columns: int = 1
    panel_height: float | None = 2.6
    """In inches, of 7 across the figure; None for square panels."""
    number: int = 0
    fold: str = ""


Block = Table | Facts | Cards | Prose | Code | Trees | Gallery | Plot


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    lead: str = ""


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: str
    question: str
    answer: tuple[str, ...]
    status: tuple[str, ...]
    """Why the run cannot be quoted; empty for a finished one."""
    byline: str
    sections: tuple[Section, ...]
