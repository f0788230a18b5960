"""Sources told apart: every source by itself, the formula for the other one, and the pictures of both."""

from collections.abc import Sequence
from itertools import product, starmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import ROLES, Arm
from narrows.report.numbers import MISSING, measured
from narrows.report.page import Cell, Column, Gallery, Group, Picture, Section, Strip, Table
from narrows.report.raster import display_width, photograph
from narrows.report.sections.shown import decibels, in_decibels, studied
from narrows.report.sections.tables import PLURAL, leader, unit_and_arrow
from narrows.report.subject import Arrays, Key, Measure, Subject, metric_of

_METRICS = ("psnr", "ssim", "mse")
_FORMULA = "by_formula"
_PANELS = {"index", "mixture", "first", "second", "first_decoded", "second_by_formula", "names"}
_AT_ONCE = 10


def separation(subject: Subject) -> Section | None:
    """Metrics of every source, the formula with what breaks it, and panels of the first pairs."""
    names = subject.run.source_names
    if not names:
        return None
    blocks = (*_sources(subject, names), _formula(subject), *_galleries(subject))
    found = tuple(block for block in blocks if block is not None)
    return Section(
        "separation",
        "The sources, each by itself",
        found,
        lead="The input is the mean of the sources. Where two are mixed, twice the mixture less the first gives the"
        " second, with the first's error in the other direction: by algebra the same mse.",
    )


def _sources(subject: Subject, names: Sequence[str]) -> tuple[Table, ...]:
    """A table of all pictures, then one behind a fold for each choice of some of them."""
    parts = dict.fromkeys(
        key.condition.removeprefix(f"source={names[0]}")
        for key in subject.measures
        if key.evaluation == "reconstruction" and f"{key.condition} ".startswith(f"source={names[0]} ")
    )
    return tuple(_table(subject, names, part) for part in sorted(parts))


def _table(subject: Subject, names: Sequence[str], part: str) -> Table:
    places = [("reconstruction", f"source={name}{part}", subject.split) for name in names]
    found = [
        {
            (key.arm, key.metric): measure
            for key, measure in subject.measures.items()
            if (key.evaluation, key.condition, key.split) == place
        }
        for place in places
    ]
    leaders = [
        {metric: leader(subject, metric, figures, place) for metric in _METRICS}
        for figures, place in zip(found, places, strict=True)
    ]

    def row(arm: Arm) -> tuple[Cell, ...]:
        cells = (
            Cell(_text(figures.get((arm.name, metric))), best=best[metric] == arm.name)
            for figures, best in zip(found, leaders, strict=True)
            for metric in _METRICS
        )
        distance = subject.measures.get(Key("checks", "", subject.split, "mixture_distance", arm.name))
        return (Cell(arm.name, style=arm.style), *cells, Cell(_text(distance)))

    present = {arm for arm, _ in found[0]}
    groups = tuple(
        Group(PLURAL[role], rows)
        for role in ROLES
        if (rows := tuple(row(arm) for arm in subject.arms if arm.role == role and arm.name in present))
    )
    some = f", {part.strip()}" if part else ""
    heads = (f"{metric_of(metric).label}, {unit_and_arrow(metric)}" for metric in _METRICS)
    return Table(
        caption=f"Every source by itself, {subject.split} pictures{some}, of the raw output. “input” answers the"
        " mixture for every source, “mean picture” the mean of each source's training pictures. Where the mean of the"
        " separated parts is far from the input, it was no mixture such as the arm was trained on.",
        columns=(
            Column("arm", numeric=False),
            *starmap(Column, product(names, heads)),
            Column("their mean", "mse to the input"),
        ),
        groups=groups,
        fold=f"every source by itself{some}" if part else "",
    )


def _formula(subject: Subject) -> Table | None:
    """The other source by the formula, for every way to state mixture and first source."""
    rows: dict[str, list[tuple[Cell, ...]]] = {}
    for condition in dict.fromkeys(key.condition for key in subject.measures if key.evaluation == _FORMULA):
        said = dict(pair.split("=") for pair in condition.split())
        stored = "stored with 8 bits" if said["mixture"] == "8bit" else "exact"
        clamped = ", the result clamped to the range of pictures" if "clamped" in said else ""
        group = rows.setdefault(f"{said['source']}, mixture {stored}{clamped}", [])
        if said["first"] == "true":  # whatever the model
            group.append((Cell("the true first source"), *_figures(subject, subject.trained[0], condition)))
        else:
            group += [(Cell(arm.name, style=arm.style), *_figures(subject, arm, condition)) for arm in subject.trained]
    if not rows:
        return None
    return Table(
        caption="By the formula. A mixture stored with 8 bits brings its rounding error along twice; clamping helps the"
        " second source alone, which no longer is what the first leaves over.",
        columns=(
            Column("first source from", numeric=False),
            *(Column(metric_of(metric).label, unit_and_arrow(metric)) for metric in _METRICS),
        ),
        groups=tuple(Group(label, tuple(group)) for label, group in rows.items()),
    )


def _figures(subject: Subject, arm: Arm, condition: str) -> tuple[Cell, ...]:
    return tuple(Cell(_text(_measure(subject, arm, condition, metric))) for metric in _METRICS)


def _galleries(subject: Subject) -> tuple[Gallery, ...]:
    arms = tuple(arm for arm in subject.trained if arm.role in ("as reported", "improved"))
    shown = studied(subject, arms, _FORMULA, needed=_PANELS, same=("index", "mixture"))
    if not shown:
        return ()
    count = len(next(iter(shown.values()))["index"])
    return tuple(_gallery(shown, range(start, min(start + _AT_ONCE, count))) for start in range(0, count, _AT_ONCE))


def _gallery(shown: dict[Arm, Arrays], places: range) -> Gallery:
    first = next(iter(shown.values()))
    some = slice(places.start, places.stop)
    numbers = first["index"][some].tolist()
    named = [f"pair {number}" for number in numbers]
    one, other = (str(name) for name in first["names"])
    strips = [
        _plain(label, first[key][some], named)
        for label, key in ((one, "first"), (other, "second"), ("mixture", "mixture"))
    ]
    means = {}
    for arm, arrays in shown.items():
        decoded, rest = (
            (arrays[key][some], _decibels(arrays[key][some], arrays[wanted][some]))
            for key, wanted in (("first_decoded", "first"), ("second_by_formula", "second"))
        )
        strips.append(in_decibels((f"{arm.name}: {one}", arm), *decoded, named))
        strips.append(in_decibels((f"{arm.name}: {other} by formula", arm), *rest, named))
        means[arm.name] = float(decoded[1].mean())
    winner = max(means, key=lambda name: means[name])
    return Gallery(
        name=f"separated-{places.start}",
        claim=f"On these {len(numbers)} pairs “{winner}” comes closest to {one}:"
        f" {decibels(np.float64(means[winner]))} dB.",
        caption="First seed, clipped to the visible range; below each picture its psnr in dB, of the raw output.",
        strips=tuple(strips),
        width=display_width(first["mixture"].shape[-1]),
        heads=tuple(f"no. {number}" for number in numbers),
        fold=f"pairs {numbers[0]} to {numbers[-1]}" if places.start else "",
    )


def _plain(label: str, images: NDArray[Any], named: Sequence[str]) -> Strip:
    pictures = (Picture(photograph(image), f"{label}, {name}") for image, name in zip(images, named, strict=True))
    return Strip(label, tuple(pictures))


def _decibels(images: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(-10 * np.log10(((images.astype(np.float64) - wanted) ** 2).mean((1, 2, 3))))


def _measure(subject: Subject, arm: Arm, condition: str, metric: str) -> Measure | None:
    return subject.measures.get(Key(_FORMULA, condition, subject.split, metric, arm.name))


def _text(found: Measure | None) -> str:
    return MISSING if found is None else measured(found.interval)
