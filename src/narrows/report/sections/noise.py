"""Under noise: which arm is best at which level, whatever it was trained on."""

from collections.abc import Mapping

from narrows.report.arms import ROLES, Arm
from narrows.report.numbers import MISSING, figure, measured
from narrows.report.page import Cell, Column, Group, Section, Table
from narrows.report.sections.curves import numeric, over
from narrows.report.sections.noisy import noisy_pictures
from narrows.report.sections.tables import PLURAL
from narrows.report.subject import Measure, Subject, metric_of
from narrows.report.text import listed

_METRIC = "psnr"
_NOISES = ("GaussianNoise", "PhotographNoise")

_MOST_NAMED = 3
"""Arms in a sentence; of more, it gives the number."""

Matrix = Mapping[tuple[str, float], Measure]
"""By arm and level."""


def under_noise(subject: Subject) -> Section | None:
    """The matrix of what an arm was trained on and what it is tested on, its curves, and pictures at every level."""
    matrix = _matrix(subject)
    if not matrix:
        return None
    curves = over(subject, "noise", metric=_METRIC)
    return Section(
        "noise",
        "Under noise",
        (_table(subject, matrix), *((curves,) if curves else ()), *noisy_pictures(subject)),
        lead=" ".join((_leaders(subject, matrix), *_own_level(subject, matrix), *_made_worse(subject, matrix))),
    )


def levels(subject: Subject) -> tuple[float, ...]:
    """The strengths of noise, and of nothing else, under which arms were measured."""
    return tuple(sorted({level for _, level in _matrix(subject)}))


def _matrix(subject: Subject) -> Matrix:
    found = {}
    for key, measure in subject.measures.items():
        match numeric(key.condition):
            case [("noise", level, "")] if key[:4] == ("reconstruction", key.condition, subject.split, _METRIC):
                found[key.arm, level] = measure
    return found


def _table(subject: Subject, matrix: Matrix) -> Table:
    tested = levels(subject)
    best = _best(subject, matrix)
    metric = metric_of(_METRIC)

    def cell(arm: Arm, level: float) -> Cell:
        measure = matrix.get((arm.name, level))
        if measure is None:
            return Cell(MISSING)
        said = [
            "its own level" if _trained_at(arm) == level else "",
            "below the input" if _worse(matrix, arm, level) else "",
        ]
        return Cell(measured(measure.interval), "\n".join(filter(None, said)), best=best.get(level) == arm.name)

    present = {name for name, _ in matrix}
    rows = {
        role: tuple(
            (Cell(arm.name, style=arm.style), *(cell(arm, level) for level in tested))
            for arm in subject.arms
            if arm.role == role and arm.name in present
        )
        for role in ROLES
    }
    seeds = max(measure.interval.n for measure in matrix.values())
    return Table(
        caption=f"{metric.label} in {metric.unit} of the raw output against the clean {subject.split} picture, by the"
        " noise on the input. "
        + (f"Mean ± half-width of the 95\u202f% interval over {seeds} seeds. " if seeds > 1 else "One seed. ")
        + "The best of a column is bold and marked ◆; the noisy input itself does not compete.",
        columns=(
            Column("arm", numeric=False),
            *(Column(f"noise {level:g}", f"{metric.unit}, ↑") for level in tested),
        ),
        groups=tuple(Group(PLURAL[role], found) for role, found in rows.items() if found),
    )


def _best(subject: Subject, matrix: Matrix) -> dict[float, str]:
    """Which arm leads each level; the input handed back does not compete."""
    names = [arm.name for arm in subject.arms if not arm.is_input]
    return {
        level: max(
            (name for name in names if (name, level) in matrix), key=lambda name: matrix[name, level].interval.mean
        )
        for level in levels(subject)
        if any((name, level) in matrix for name in names)
    }


def _leaders(subject: Subject, matrix: Matrix) -> str:
    best = _best(subject, matrix)
    unit = metric_of(_METRIC).unit
    won: dict[str, list[str]] = {}
    for level, name in best.items():
        won.setdefault(name, []).append(f"{level:g} ({figure(matrix[name, level].interval.mean)} {unit})")
    if not won:
        return "Only the noisy input was measured."
    whole = "at every level of noise, " if len(won) == 1 and len(best) > 1 else "at noise "
    return "; ".join(f"“{name}” is best {whole}{listed(found)}" for name, found in won.items()) + "."


def _own_level(subject: Subject, matrix: Matrix) -> tuple[str, ...]:
    """Whether, among networks of one kind that were each trained at one level, the one trained at a level leads it."""
    kinds: dict[str, list[Arm]] = {}
    for arm in subject.trained:
        if _trained_at(arm) is not None:
            kinds.setdefault(arm.name.rpartition(", ")[0], []).append(arm)
    led = [
        max(measured_there, key=lambda one: matrix[one.name, level].interval.mean) is arm
        for arms in kinds.values()
        for arm in arms
        if (level := _trained_at(arm)) is not None
        and (arm.name, level) in matrix
        and len(measured_there := [one for one in arms if (one.name, level) in matrix]) > 1
    ]
    if not led:
        return ()
    return (
        f"Among networks of one kind that were each trained at one level, the one trained at a level is the best at it"
        f" in {sum(led)} of {len(led)} cases.",
    )


def _made_worse(subject: Subject, matrix: Matrix) -> tuple[str, ...]:
    found = {
        arm.name: at
        for arm in subject.trained
        if (at := [f"{level:g}" for level in levels(subject) if _worse(matrix, arm, level)])
    }
    if not found:
        return ()
    if len(found) > _MOST_NAMED:
        affected = [f"{level:g}" for level in levels(subject) if any(f"{level:g}" in at for at in found.values())]
        return (
            f"At noise {listed(affected)}, {len(found)} of {len(subject.trained)} trained arms make the picture worse"
            " than the noise did.",
        )
    return (
        "Some make the picture worse than the noise did: "
        + "; ".join(f"“{name}” at noise {listed(at)}" for name, at in found.items())
        + ".",
    )


def _worse(matrix: Matrix, arm: Arm, level: float) -> bool:
    own, given = matrix.get((arm.name, level)), matrix.get(("input", level))
    return own is not None and given is not None and own.interval.mean < given.interval.mean


def _trained_at(arm: Arm) -> float | None:
    """The one strength of Gaussian noise that an arm was trained at."""
    corruption = (arm.description or {}).get("corruption") or {}
    strength = corruption.get("sigma") if corruption.get("type") in _NOISES else None
    return float(strength) if isinstance(strength, int | float) else None
