"""Under masks: which arm puts back best what is hidden, whatever it was trained on, and what needs no learning."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from narrows.report.arms import ROLES, Arm
from narrows.report.numbers import MISSING, figure, measured
from narrows.report.page import Cell, Column, Group, Panel, Plot, Section, Table
from narrows.report.sections.curves import curve
from narrows.report.sections.hiding import Hiding, hidings, kind_of
from narrows.report.sections.masked import masked_pictures
from narrows.report.sections.tables import ARROWS, PLURAL
from narrows.report.subject import Key, Measure, Subject, metric_of
from narrows.report.text import listed


class Judged(NamedTuple):
    """A metric, and the pixels that it judges: hidden, visible, or all where it says nothing."""

    metric: str
    pixels: str = ""

    @property
    def label(self) -> str:
        """As a head says it, without the unit."""
        return metric_of(self.metric).label + (f", {self.pixels} pixels" if self.pixels else "")


_MERIT = Judged("ssim")
_BESIDE = Judged("psnr", "hidden")
_ERROR = Judged("mse", "hidden")
_FOLDED = (Judged("mse"), _ERROR, Judged("mse", "visible"), Judged("threshold_accuracy"))


def under_masks(subject: Subject) -> Section | None:
    """For each kind of mask a table over the shares, then curves, pictures and, folded, the other figures."""
    kinds = {patch: tuple(found) for patch, found in groupby(hidings(subject), key=lambda hiding: hiding.patch)}
    if not kinds:
        return None
    main = tuple(_main_table(subject, found) for found in kinds.values())
    folded = tuple(
        table
        for found in kinds.values()
        for judged in _FOLDED
        if (table := _folded_table(subject, found, judged)) is not None
    )
    curves = _curves(subject, list(kinds.values()))
    galleries = masked_pictures(subject, _pictured(subject), list(kinds.values()))
    leaders = " ".join(_leaders(subject, found) for found in kinds.values())
    return Section(
        "masks",
        "Under masks",
        (*main, *((curves,) if curves else ()), *galleries, *folded),
        lead=f"{leaders} The best is the one with the highest ssim of the whole picture; the masked input does not"
        " compete.",
    )


def _find(subject: Subject, hiding: Hiding, judged: Judged, arm: Arm) -> Measure | None:
    condition = f"{hiding.condition} pixels={judged.pixels}" if judged.pixels else hiding.condition
    return subject.measures.get(Key("reconstruction", condition, subject.split, judged.metric, arm.name))


def _mean(subject: Subject, hiding: Hiding, judged: Judged, arm: Arm) -> float:
    found = _find(subject, hiding, judged, arm)
    return math.nan if found is None else found.interval.mean


def _best(subject: Subject, hiding: Hiding, judged: Judged, arms: Iterable[Arm]) -> Arm | None:
    """Which of `arms` leads; what hands its input back does not compete."""
    values = {
        arm: value
        for arm in arms
        if not subject.hands_back(arm, hiding.condition, subject.split)
        and not math.isnan(value := _mean(subject, hiding, judged, arm))
    }
    choose = max if metric_of(judged.metric).better == "higher" else min
    return choose(values, key=lambda arm: values[arm]) if values else None


def _fills(subject: Subject, hiding: Hiding) -> list[Arm]:
    """The baselines that leave visible pixels as they are and put something learned nowhere in place of the others."""
    return [
        arm
        for arm in subject.arms
        if arm.role == "baseline"
        and not subject.hands_back(arm, hiding.condition, subject.split)
        and _mean(subject, hiding, Judged("mse", "visible"), arm) == 0
    ]


def _pictured(subject: Subject) -> list[Arm]:
    """The arms to look at: of those as reported the first, every other trained one, PCA and the fills."""
    reported = [arm for arm in subject.arms if arm.role == "as reported"][:1]
    fills = [arm for hiding in hidings(subject)[-1:] for arm in _fills(subject, hiding)]
    return [
        arm
        for arm in subject.arms
        if arm in reported or arm.role in ("improved", "compared") or arm.is_pca or arm in fills
    ]


def _main_table(subject: Subject, found: Sequence[Hiding]) -> Table:
    def cell(arm: Arm, hiding: Hiding, best: Arm | None) -> Cell:
        merit = _find(subject, hiding, _MERIT, arm)
        beside = _find(subject, hiding, _BESIDE, arm)
        return Cell(
            measured(merit.interval) if merit else MISSING,
            f"{measured(beside.interval)} {metric_of(_BESIDE.metric).unit}" if beside else "",
            best=arm is best,
        )

    best = [_best(subject, hiding, _MERIT, subject.arms) for hiding in found]
    return Table(
        caption=f"{metric_of(_MERIT.metric).label} of the whole {subject.split} picture, raw output against clean, and"
        " below it the psnr of hidden pixels, by the share that is hidden as"
        f" {kind_of(found[0].patch)}. {_over_seeds(subject, found, _MERIT)} The best ssim of a column is bold and"
        " marked ◆; the masked input itself does not compete.",
        columns=_columns(found, f"{metric_of(_MERIT.metric).label}, {ARROWS[metric_of(_MERIT.metric).better]}"),
        groups=_groups(
            subject,
            found,
            {
                arm: tuple(cell(arm, hiding, winner) for hiding, winner in zip(found, best, strict=True))
                for arm in subject.arms
            },
        ),
    )


def _folded_table(subject: Subject, found: Sequence[Hiding], judged: Judged) -> Table | None:
    """One figure; of visible pixels, which many hand back as they are, none is best."""
    kept = judged.pixels == "visible"
    best = [None if kept else _best(subject, hiding, judged, subject.arms) for hiding in found]
    cells = {
        arm: tuple(
            Cell(measured(measure.interval) if measure else MISSING, best=arm is winner)
            for measure, winner in zip((_find(subject, hiding, judged, arm) for hiding in found), best, strict=True)
        )
        for arm in subject.arms
    }
    if all(cell.text == MISSING for line in cells.values() for cell in line):
        return None
    where = f"{kind_of(found[0].patch)} hidden · {judged.label} · {subject.split}"
    return Table(
        caption=f"{where}, by the share that is hidden. {_over_seeds(subject, found, judged)}"
        + (" Where visible pixels are kept it is 0, and none is marked as the best." if kept else ""),
        columns=_columns(found, ARROWS[metric_of(judged.metric).better]),
        groups=_groups(subject, found, cells),
        fold=where,
    )


def _columns(found: Sequence[Hiding], detail: str) -> tuple[Column, ...]:
    return (Column("arm", numeric=False), *(Column(f"{hiding.share} hidden", detail) for hiding in found))


def _groups(subject: Subject, found: Sequence[Hiding], cells: dict[Arm, tuple[Cell, ...]]) -> tuple[Group, ...]:
    """Rows by role, of the arms that were measured at all."""
    conditions = {hiding.condition for hiding in found}
    present = {key.arm for key in subject.measures if key.condition in conditions}
    rows = {
        role: tuple(
            (Cell(arm.name, style=arm.style), *line)
            for arm, line in cells.items()
            if arm.role == role and arm.name in present
        )
        for role in ROLES
    }
    return tuple(Group(PLURAL[role], lines) for role, lines in rows.items() if lines)


def _over_seeds(subject: Subject, found: Sequence[Hiding], judged: Judged) -> str:
    measures = [_find(subject, hiding, judged, arm) for hiding in found for arm in subject.arms]
    seeds = max((measure.interval.n for measure in measures if measure), default=1)
    return f"Mean ± half-width of the 95\u202f% interval over {seeds} seeds." if seeds > 1 else "One seed."


def _leaders(subject: Subject, found: Sequence[Hiding]) -> str:
    """Who is best at which shares, and how far ahead of what learns nothing; where that is best, of what learns."""
    won: dict[Arm, list[Hiding]] = {}
    for hiding in found:
        if (best := _best(subject, hiding, _MERIT, subject.arms)) is not None:
            won.setdefault(best, []).append(hiding)
    kind = kind_of(found[0].patch)
    if not won:
        return f"With {kind} hidden only the masked input was measured."
    said = []
    for arm, at in won.items():
        learns = arm not in _fills(subject, at[0])
        where = "every share" if len(won) == 1 and len(found) > 1 else listed([hiding.share for hiding in at])
        said.append(f"“{arm.name}”{'' if learns else ', which learns nothing,'} is best at {where}")
        said[-1] += _ahead(subject, arm, at, learns=learns)
    return f"With {kind} hidden {'; '.join(said)}."


def _ahead(subject: Subject, arm: Arm, at: Sequence[Hiding], *, learns: bool) -> str:
    """By how many decibels an arm's mse on hidden pixels is below that of the best fill, or of the best trained arm."""
    gains: list[float] = []
    rivals: list[str] = []
    for hiding in at:
        rival = _best(subject, hiding, _ERROR, _fills(subject, hiding) if learns else subject.trained)
        if rival is not None:
            own, other = (_mean(subject, hiding, _ERROR, one) for one in (arm, rival))
            if own > 0 and other > 0:
                gains.append(10 * math.log10(other / own))
                rivals.append(f"“{rival.name}”")
    if not gains:
        return ""
    against = (
        f"the best {'fill that learns nothing' if learns else 'trained arm'} ({listed(list(dict.fromkeys(rivals)))})"
    )
    return f", its mse on hidden pixels {_span(gains)} that of {against}"


def _span(gains: Sequence[float]) -> str:
    """From the least lead to the largest; where it is behind, that is said."""
    low, high = min(gains), max(gains)
    if low < 0 < high:
        return f"from {figure(-low, 2)} dB above to {figure(high, 2)} dB below"
    ends = dict.fromkeys(figure(abs(gain), 2) for gain in sorted((low, high), key=abs))
    return f"{' to '.join(ends)} dB {'below' if high > 0 else 'above'}"


def _curves(subject: Subject, kinds: Sequence[Sequence[Hiding]]) -> Plot | None:
    """The error on hidden pixels and the likeness of the whole picture over the share, for each kind of mask."""
    panels = []
    for judged in (_BESIDE, _MERIT):
        for found in kinds:
            points = {
                arm: {hiding.ratio: measure for hiding in found if (measure := _find(subject, hiding, judged, arm))}
                for arm in subject.arms
            }
            lines = tuple(line for arm, at in points.items() if (line := curve(arm.name, arm.style, at)) is not None)
            unit = metric_of(judged.metric).unit
            if lines:
                panels.append(
                    Panel(
                        lines,
                        title=kind_of(found[0].patch),
                        x_label="share hidden",
                        y_label=judged.label + (f" ({unit})" if unit else ""),
                    )
                )
    if not panels:
        return None
    return Plot(
        name="over-hidden",
        claim=" ".join(_hardest(subject, found[-1]) for found in kinds),
        caption=f"{subject.split.capitalize()} pictures, raw output, over the share of the picture that is hidden; mean"
        " over seeds, the band its 95\u202f% interval.",
        alt=f"Curves of {_BESIDE.label} and of {_MERIT.label} over the share hidden, one an arm",
        panels=tuple(panels),
        columns=len(kinds),
    )


def _hardest(subject: Subject, hiding: Hiding) -> str:
    best = _best(subject, hiding, _BESIDE, subject.arms)
    where = f"{hiding.share} hidden as {kind_of(hiding.patch)}"
    if best is None:
        return f"Every arm up to {where}."
    value = figure(_mean(subject, hiding, _BESIDE, best))
    return (
        f"With {where} “{best.name}” has the highest psnr on hidden pixels, {value} {metric_of(_BESIDE.metric).unit}."
    )
