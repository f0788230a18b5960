"""Pictures of another kind than an arm was fitted to: their errors, and whether these tell them apart."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import ROLES, Arm
from narrows.report.colours import Style
from narrows.report.numbers import MISSING, figure, measured
from narrows.report.page import Cell, Column, Density, Gallery, Group, Panel, Picture, Plot, Section, Strip, Table
from narrows.report.raster import display_width, photograph
from narrows.report.sections.tables import PLURAL
from narrows.report.subject import Arrays, Key, Measure, Subject
from narrows.report.text import file_name

_EVALUATION = "out_of_distribution"
_OWN = "own"
_SHOWN = 8
_BINS = 60
_OUTLINES = ((), (1.2, 1.2), (4.0, 1.5, 1.2, 1.5))
"""Dashes of the sets' outlines, in order."""


def strangers(subject: Subject) -> Section | None:
    """Errors of strangers beside those of an arm's own pictures, as figures, as densities and in pictures."""
    arrays = {
        arm: found
        for arm in subject.arms
        if arm.seeds and "names" in (found := subject.run.arrays(arm.name, arm.seeds[0], _EVALUATION))
    }
    sets = _sets(subject, arrays)
    table = _table(subject, sets)
    drawn = {arm: found for arm, found in arrays.items() if arm.is_pca or arm.role != "baseline"}
    galleries = [gallery for name in sets if (gallery := _gallery(drawn, name)) is not None]
    folded = [replace(gallery, fold=gallery.claim.partition(",")[0]) for gallery in galleries[1:]]
    parts = (table, _densities(subject, drawn, sets), *galleries[:1], *folded)
    blocks = tuple(block for block in parts if block is not None)
    if not blocks:
        return None
    said = "; from ".join(filter(None, (_told_apart(subject, name) for name in sets)))
    lead = f"By the error alone, the trained arms tell their own pictures from {said}." if said else ""
    return Section("strangers", "Pictures of another kind", blocks, lead=lead)


def _sets(subject: Subject, arrays: Mapping[Arm, Arrays]) -> tuple[str, ...]:
    measured_on = [key.condition.partition("data=")[2] for key in subject.measures if key.evaluation == _EVALUATION]
    drawn = [str(name) for found in arrays.values() for name in found["names"] if name != _OWN]
    return tuple(name for name in dict.fromkeys([*measured_on, *drawn]) if name)


def _find(subject: Subject, arm: Arm, name: str, metric: str) -> Measure | None:
    return subject.measures.get(Key(_EVALUATION, f"data={name}", subject.split, metric, arm.name))


def _table(subject: Subject, sets: tuple[str, ...]) -> Table | None:
    present = {key.arm for key in subject.measures if key.evaluation == _EVALUATION}
    if not present:
        return None
    best = {name: _best_auc(subject, name) for name in sets}

    def row(arm: Arm) -> tuple[Cell, ...]:
        own = subject.measure(arm, "squared_error")
        cells = [Cell(arm.name, style=arm.style), Cell(measured(own.interval) if own else MISSING)]
        for name in sets:
            error, auc = (_find(subject, arm, name, metric) for metric in ("squared_error", "auc"))
            cells.append(Cell(measured(error.interval) if error else MISSING, _times(error, own)))
            cells.append(Cell(measured(auc.interval) if auc else MISSING, best=arm.name in best[name]))
        return tuple(cells)

    groups = (
        (PLURAL[role], tuple(row(arm) for arm in subject.arms if arm.role == role and arm.name in present))
        for role in ROLES
    )
    return Table(
        caption="Squared error a picture, and below it how many times that of own pictures; AUC: the chance that a"
        f" stranger's error exceeds an own picture's, 1 tells all apart, 0.5 none. Raw output, {subject.split} split,"
        " mean over seeds, ± half-width of its 95\u202f% interval.",
        columns=(
            Column("arm", numeric=False),
            Column("own pictures", "squared error, ↓"),
            *(column for name in sets for column in (Column(name, "squared error"), Column(name, "AUC, ↑"))),
        ),
        groups=tuple(Group(label, rows) for label, rows in groups if rows),
    )


def _times(error: Measure | None, own: Measure | None) -> str:
    if error is None or own is None or not own.interval.mean > 0:
        return ""
    return f"{figure(error.interval.mean / own.interval.mean, 2)} \u00d7 own"


def _aucs(subject: Subject, name: str) -> dict[str, float]:
    found = {arm.name: _find(subject, arm, name, "auc") for arm in subject.arms}
    return {arm: measure.interval.mean for arm, measure in found.items() if measure is not None}


def _best_auc(subject: Subject, name: str) -> set[str]:
    """Every arm that reaches the highest AUC on a set; none where all are alike."""
    found = _aucs(subject, name)
    best = {arm for arm, value in found.items() if value == max(found.values())}
    return best if len(best) < len(found) else set()


def _told_apart(subject: Subject, name: str) -> str:
    """How well the trained arms tell one set's pictures from their own."""
    trained = {arm.name for arm in subject.trained}
    found = {arm: value for arm, value in _aucs(subject, name).items() if arm in trained}
    if not found:
        return ""
    low, high = (choose(found, key=lambda arm: found[arm]) for choose in (min, max))
    if figure(found[low]) == figure(found[high]):
        return f"{name} with an AUC of {figure(found[low])}"
    beaten = ", where below 0.5 strangers come back better than own pictures" if found[low] < 0.5 else ""
    return f"{name} with an AUC of {figure(found[low])} (“{low}”) to {figure(found[high])} (“{high}”){beaten}"


def _densities(subject: Subject, arrays: Mapping[Arm, Arrays], sets: tuple[str, ...]) -> Plot | None:
    errors = {arm: _errors(found, sets) for arm, found in arrays.items()}
    errors = {arm: found for arm, found in errors.items() if _OWN in found and len(found) > 1}
    pooled = np.concatenate([values for found in errors.values() for values in found.values()] or [np.zeros(0)])
    positive = pooled[np.isfinite(pooled) & (pooled > 0)]
    if not len(positive):
        return None
    edges = np.geomspace(0.8 * positive.min(), 1.2 * positive.max(), _BINS + 1)
    medians = {
        arm.name: {name: float(np.median(values)) for name, values in found.items()} for arm, found in errors.items()
    }
    return Plot(
        name="strangers-errors",
        claim=_apart(medians, sets),
        caption=f"How often an error occurs, first seed: the area, in the arm's colour, own {subject.split} pictures;"
        f" the outlines {' and '.join(sets)}. Each is scaled to its own height.",
        alt="Densities of the squared error, one panel an arm; medians: "
        + "; ".join(
            f"{arm} " + ", ".join(f"{name} {figure(value, 3)}" for name, value in found.items())
            for arm, found in medians.items()
        ),
        panels=tuple(
            Panel(_marks(arm, found, edges), f"{arm.name}{_title(subject, arm, sets)}", "squared error", log_x=True)
            for arm, found in errors.items()
        ),
        columns=min(3, len(errors)),
        panel_height=0.85,
    )


def _errors(arrays: Arrays, sets: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    return {
        name: arrays[f"error_{name}"].astype(np.float64)
        for name in (_OWN, *sets)
        if len(arrays.get(f"error_{name}", ()))
    }


def _marks(arm: Arm, errors: Mapping[str, NDArray[np.float64]], edges: NDArray[np.float64]) -> tuple[Density, ...]:
    marks = []
    for place, (name, values) in enumerate(errors.items()):
        heights = np.histogram(np.clip(np.nan_to_num(values, nan=edges[-1]), edges[0], edges[-1]), edges)[0]
        style = arm.style if name == _OWN else Style("ink", _OUTLINES[(place - 1) % len(_OUTLINES)], ())
        marks.append(Density(name, style, edges, heights / max(1, heights.max()), filled=name == _OWN))
    return tuple(marks)


def _title(subject: Subject, arm: Arm, sets: tuple[str, ...]) -> str:
    found = {name: _find(subject, arm, name, "auc") for name in sets}
    said = [f"{name} {figure(measure.interval.mean, 3)}" for name, measure in found.items() if measure is not None]
    return f"\nAUC {', '.join(said)}" if said else ""


def _apart(medians: Mapping[str, Mapping[str, float]], sets: tuple[str, ...]) -> str:
    """By how many times the median stranger's error exceeds the median own picture's."""
    parts: list[str] = []
    for name in sets:
        ratios = [found[name] / found[_OWN] for found in medians.values() if name in found and found[_OWN] > 0]
        if ratios:
            low, high = (figure(ratio, 2) for ratio in (min(ratios), max(ratios)))
            times = f"{low if low == high else f'{low} to {high}'} times"
            parts.append(f"that of {name} {times}" if parts else f"{name} has {times}")
    if not parts:
        return "Errors of strangers beside those of own pictures."
    first, *others = parts
    return ", ".join((f"The median picture of {first} the error of the median own picture", *others)) + "."


def _gallery(arrays: Mapping[Arm, Arrays], name: str) -> Gallery | None:
    held = {
        arm: found
        for arm, found in arrays.items()
        if f"target_{name}" in found and f"reconstruction_{name}" in found and len(found[f"target_{name}"])
    }
    if not held:
        return None
    target = next(iter(held.values()))[f"target_{name}"][:_SHOWN]
    errors = {arm: _squared(found, name) for arm, found in held.items()}
    winner = min(errors, key=lambda arm: float(errors[arm].mean()))
    return Gallery(
        name=f"strangers-{file_name(name)}",
        claim=f"Pictures of {name}, as each arm gives them back: “{winner.name}” comes closest, with a squared error"
        f" of {figure(float(errors[winner].mean()), 3)}.",
        caption="First seed, clipped to the visible range. Below each picture its squared error, of the raw output.",
        strips=(
            Strip(
                "original",
                tuple(
                    Picture(photograph(image), f"original, picture {place} of {name}")
                    for place, image in enumerate(target)
                ),
            ),
            *(_answers(arm, found, name, errors[arm]) for arm, found in held.items()),
        ),
        width=display_width(target.shape[-1]),
    )


def _squared(arrays: Arrays, name: str) -> NDArray[np.float64]:
    target, answer = (arrays[f"{what}_{name}"][:_SHOWN].astype(np.float64) for what in ("target", "reconstruction"))
    return np.asarray(((answer - target) ** 2).reshape(len(target), -1).sum(1))


def _answers(arm: Arm, arrays: Arrays, name: str, errors: NDArray[np.float64]) -> Strip:
    images = zip(arrays[f"reconstruction_{name}"], (figure(float(error), 3) for error in errors), strict=False)
    return Strip(
        arm.name,
        tuple(
            Picture(photograph(image), f"picture {place} of {name} by {arm.name}, squared error {error}", error)
            for place, (image, error) in enumerate(images)
        ),
        arm.style,
    )
