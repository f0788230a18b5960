"""Noise on the codes: the error over its strength, as figures, as curves and in pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import ROLES, Arm
from narrows.report.numbers import MISSING, figure, measured, percent
from narrows.report.page import Cell, Column, Gallery, Group, Line, Panel, Picture, Plot, Section, Strip, Table
from narrows.report.raster import display_width, photograph
from narrows.report.sections.curves import curve, numeric
from narrows.report.sections.tables import PLURAL
from narrows.report.subject import Arrays, Measure, Subject, metric_of

_EVALUATION = "code_noise"
_METRICS = ("mse", "recognised")
_UNITS = {"spread": "spreads of each number", "absolute": "the code's own unit"}

Matrix = Mapping[tuple[str, str, float], Measure]
"""By metric, arm and amount."""


@dataclass(frozen=True, eq=False)
class _Shown:
    """An arm, and the arrays of its noisy codes."""

    arm: Arm
    arrays: Arrays

    @property
    def spread(self) -> float:
        """Standard deviation of a code number, mean over the numbers."""
        return float(self.arrays["deviation"].mean())


def code_noise(subject: Subject) -> Section | None:
    """Curves in units of the codes' spread, where arms compare; a table and pictures for each of the two units."""
    matrices = {unit: _matrix(subject, unit) for unit in _UNITS}
    shown = _shown(subject)
    parts = (
        _curves(subject, matrices["spread"]),
        *(_table(subject, matrix, unit, shown) for unit, matrix in matrices.items()),
        *(_pictures(shown, unit) for unit in _UNITS),
        _draws(shown),
    )
    blocks = tuple(block for block in parts if block is not None)
    if not blocks:
        return None
    return Section("code-noise", "Noise on the code", blocks, lead=_lead(shown))


def _matrix(subject: Subject, unit: str) -> Matrix:
    """The figures of one unit."""
    found = {}
    for key, measure in subject.measures.items():
        if (key.evaluation, key.split) == (_EVALUATION, subject.split) and key.metric in _METRICS:
            for _, amount, rest in numeric(key.condition):
                if rest == f"unit={unit}":
                    found[key.metric, key.arm, amount] = measure
    return found


def _amounts(matrix: Matrix) -> list[float]:
    return sorted({amount for _, _, amount in matrix})


def _curves(subject: Subject, matrix: Matrix) -> Plot | None:
    panels = []
    for metric in _METRICS:
        lines = tuple(line for arm in subject.arms if (line := _line(matrix, arm, metric)) is not None)
        if lines:
            panels.append(
                Panel(lines, x_label="noise, in spreads of each code number", y_label=metric_of(metric).label)
            )
    if not panels:
        return None
    return Plot(
        name="code-noise",
        claim=_claim(matrix),
        caption=f"Gaussian noise on the codes of {subject.split} pictures, in units of each code number's own standard"
        " deviation, so that arms compare; raw output against the clean picture. Recognised: the nearest other picture"
        " is of the same class. Mean over seeds, the band its 95\u202f% interval.",
        alt=f"Curves of {' and '.join(panel.y_label for panel in panels)} over the noise on the code, one an arm",
        panels=tuple(panels),
        columns=len(panels),
    )


def _line(matrix: Matrix, arm: Arm, metric: str) -> Line | None:
    places = {amount: (metric, arm.name, amount) for amount in _amounts(matrix)}
    return curve(arm.name, arm.style, {amount: matrix[place] for amount, place in places.items() if place in matrix})


def _claim(matrix: Matrix) -> str:
    """Who has the least error without noise, and who at one spread, or at the amount nearest to it."""
    at = min((amount for amount in _amounts(matrix) if amount), key=lambda amount: abs(amount - 1))
    best = {amount: _best(matrix, amount) for amount in (0.0, at)}
    said = [
        f"“{arm}” has the least error {'without noise' if not amount else f'at {at:g} spread'}:"
        f" mse {figure(matrix['mse', arm, amount].interval.mean, 3)}"
        for amount, arm in best.items()
        if arm
    ]
    return "; ".join(said) + "."


def _best(matrix: Matrix, amount: float) -> str:
    """The arm with the least error under this much noise."""
    found = {arm: one.interval.mean for (metric, arm, at), one in matrix.items() if (metric, at) == ("mse", amount)}
    return min(found, key=lambda arm: found[arm], default="")


def _table(subject: Subject, matrix: Matrix, unit: str, shown: tuple[_Shown, ...]) -> Table | None:
    amounts = _amounts(matrix)
    if not amounts:
        return None
    best = {amount: _best(matrix, amount) for amount in amounts}
    spreads = {one.arm.name: one.spread for one in shown}

    def cell(arm: Arm, amount: float) -> Cell:
        error, right = (matrix.get((metric, arm.name, amount)) for metric in _METRICS)
        if error is None:
            return Cell(MISSING)
        notes = [f"{percent(right.interval.mean, 2)} recognised" if right else ""]
        if unit == "absolute" and amount and spreads.get(arm.name):
            notes.append(f"{figure(amount / spreads[arm.name], 2)} spreads")
        # amounts in a code's own unit are another noise for every arm, so that none is best
        return Cell(
            measured(error.interval), "\n".join(filter(None, notes)), best=unit == "spread" and best[amount] == arm.name
        )

    rows = {
        role: tuple(
            (Cell(arm.name, style=arm.style), *(cell(arm, amount) for amount in amounts))
            for arm in subject.arms
            if arm.role == role and any(name == arm.name for _, name, _ in matrix)
        )
        for role in ROLES
    }
    return Table(
        caption=f"mse of {subject.split} pictures, raw output against the clean picture, by the noise on the code in"
        f" {_UNITS[unit]}; below it the share of pictures that are recognised: the nearest other picture is of the same"
        " class." + (" The same amount is as many spreads as stated below it." if unit == "absolute" else ""),
        columns=(Column("arm", numeric=False), *(Column(f"{amount:g}", "mse, ↓") for amount in amounts)),
        groups=tuple(Group(PLURAL[role], found) for role, found in rows.items() if found),
        fold="the same in the code's own unit" if unit == "absolute" else "",
    )


def _shown(subject: Subject) -> tuple[_Shown, ...]:
    """PCA and the trained arms, as far as they hold the same pictures under the same noise."""
    arms = [arm for arm in subject.arms if arm.is_pca and arm.seeds] + list(subject.trained)
    found = [_Shown(arm, subject.run.arrays(arm.name, arm.seeds[0], _EVALUATION)) for arm in arms]
    held = [one for one in found if "index" in one.arrays]
    alike = ("index", *(f"{unit}_amounts" for unit in _UNITS))
    return tuple(one for one in held if all(np.array_equal(one.arrays[key], held[0].arrays[key]) for key in alike))


def _pictures(shown: tuple[_Shown, ...], unit: str) -> Gallery | None:
    if not shown or not len(shown[0].arrays[f"{unit}_amounts"]):
        return None
    first = shown[0].arrays
    amounts = first[f"{unit}_amounts"].tolist()
    spreads = ", ".join(f"{figure(one.spread, 2)} in “{one.arm.name}”" for one in shown)
    return Gallery(
        name=f"code-noise-{unit}",
        claim=f"Pictures decoded as the noise on their codes grows to {amounts[-1]:g} "
        + ("spreads." if unit == "spread" else f"in the code's own unit, whose spread is {spreads}."),
        caption="First seed, one draw, the same at every amount and for all arms, clipped to the visible range; below"
        " each picture its mse.",
        strips=tuple(
            _strip(one, place, [one.arrays[unit][amount, place, 0] for amount in range(len(amounts))])
            for place in range(len(first["index"]))
            for one in shown
        ),
        width=display_width(first["original"].shape[-1]),
        heads=("original", "no noise", *(f"{amount:g}" for amount in amounts)),
        fold="the same in the code's own unit" if unit == "absolute" else "",
    )


def _draws(shown: tuple[_Shown, ...]) -> Gallery | None:
    """Several draws of the strongest noise in the code's own unit."""
    if not shown or not len(shown[0].arrays["absolute_amounts"]):
        return None
    first = shown[0].arrays
    amount, many = float(first["absolute_amounts"][-1]), first["absolute"].shape[2]
    return Gallery(
        name="code-noise-draws",
        claim=f"{many} draws of noise of {amount:g} on the codes of the same pictures.",
        caption="First seed, the code's own unit, clipped to the visible range; below each picture its mse.",
        strips=tuple(
            _strip(one, place, list(one.arrays["absolute"][-1, place]))
            for place in range(len(first["index"]))
            for one in shown
        ),
        width=display_width(first["original"].shape[-1]),
        heads=("original", "no noise", *(f"draw {draw + 1}" for draw in range(many))),
        fold=f"{many} draws of noise of {amount:g}",
    )


def _strip(one: _Shown, place: int, noisy: list[NDArray[Any]]) -> Strip:
    original, number = one.arrays["original"][place], int(one.arrays["index"][place])
    named = f"picture {number} by {one.arm.name}"
    return Strip(
        one.arm.name,
        (
            Picture(photograph(original), f"original, picture {number}"),
            _picture(one.arrays["reconstruction"][place], original, f"{named}, no noise"),
            *(_picture(image, original, f"{named}, noisy code") for image in noisy),
        ),
        one.arm.style,
        note=f"picture {number}",
    )


def _picture(image: NDArray[Any], original: NDArray[Any], named: str) -> Picture:
    error = figure(float(((image - original) ** 2).mean()), 2)
    return Picture(photograph(image), f"{named}, mse {error}", error)


def _lead(shown: tuple[_Shown, ...]) -> str:
    if not shown:
        return ""
    spreads = [one.spread for one in shown]
    return (
        "Gaussian noise is added to the codes before they are decoded. An amount means nothing by itself: the codes of"
        f" these arms spread by {figure(min(spreads), 2)} to {figure(max(spreads), 2)} in their own units, and training"
        " may scale them at will. In units of each number's own spread, arms compare."
    )
