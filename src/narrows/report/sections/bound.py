"""Variational arms by their lower bound and its parts, the rate of the code and the distortion of the picture."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from narrows.report.arms import ROLES, Arm
from narrows.report.colours import DASHES, Style
from narrows.report.numbers import figure, measured
from narrows.report.page import Cell, Column, Group, Line, Panel, Plot, Section, Table
from narrows.report.sections.tables import PLURAL
from narrows.report.subject import Key, Measure, Subject

_EVALUATION = "bound"
_MARGIN = 0.15
"""Of the spread of rates: how far the line of the best bound goes beyond the arms."""


class _Bound(NamedTuple):
    elbo: Measure
    distortion: Measure
    rate: Measure


def bound(subject: Subject) -> Section | None:
    """The table of all variational arms, and where they lie between rate and distortion."""
    found = {arm: measures for arm in subject.arms if (measures := _read(subject, arm)) is not None}
    if not found:
        return None
    best = max(found, key=lambda arm: found[arm].elbo.interval.mean)
    plot = _plane(subject, found, best) if len(found) > 1 else None
    top = found[best]
    return Section(
        "bound",
        "Rate and distortion",
        (_table(subject, found, best), *((plot,) if plot else ())),
        lead="A variational autoencoder is a model of the pictures' probability. Its bound is what the log-likelihood"
        " of a picture is at least: less the rate, what the code costs beyond the prior, less the distortion, what the"
        f" picture costs once its code is known. “{best.name}” reaches {figure(top.elbo.interval.mean)} nats, at a rate"
        f" of {figure(top.rate.interval.mean)} and a distortion of {figure(top.distortion.interval.mean)}.",
    )


def _read(subject: Subject, arm: Arm) -> _Bound | None:
    keys = (Key(_EVALUATION, "", subject.split, metric, arm.name) for metric in _Bound._fields)
    found = [subject.measures[key] for key in keys if key in subject.measures]
    return _Bound(*found) if len(found) == len(_Bound._fields) else None


def _table(subject: Subject, found: Mapping[Arm, _Bound], best: Arm) -> Table:
    rows = {
        role: tuple(
            (
                Cell(arm.name, style=arm.style),
                Cell(measured(measures.elbo.interval), best=arm is best and len(found) > 1),
                Cell(measured(measures.distortion.interval)),
                Cell(measured(measures.rate.interval)),
            )
            for arm, measures in found.items()
            if arm.role == role
        )
        for role in ROLES
    }
    return Table(
        caption=f"The {subject.split} pictures drawn black and white by their grey values, alike for all arms; one draw"
        " of the code a picture, mean over pictures. Mean over seeds, ± half-width of its 95\u202f% interval.",
        columns=(
            Column("arm", numeric=False),
            Column("bound", "nats, ↑"),
            Column("distortion", "nats"),
            Column("rate", "nats"),
        ),
        groups=tuple(Group(PLURAL[role], found) for role, found in rows.items() if found),
    )


def _plane(subject: Subject, found: Mapping[Arm, _Bound], best: Arm) -> Plot:
    points = {arm: (measures.rate.interval.mean, measures.distortion.interval.mean) for arm, measures in found.items()}
    rates = [rate for rate, _ in points.values()]
    reach = _MARGIN * (max(rates) - min(rates))
    ends = np.array([max(0.0, min(rates) - reach), max(rates) + reach])
    least, most = (choose(points, key=lambda arm: points[arm][0]) for choose in (min, max))
    return Plot(
        name="rate-distortion",
        claim=f"Distortion falls as the rate grows: {figure(points[least][1], 3)} nats at a rate of"
        f" {figure(points[least][0], 3)} (“{least.name}”), {figure(points[most][1], 3)} at {figure(points[most][0], 3)}"
        f" (“{most.name}”)."
        if points[most][1] < points[least][1]
        else f"At the greatest rate, “{most.name}” has no lower distortion than “{least.name}” at the least.",
        caption=f"{subject.split.capitalize()} pictures, mean over seeds, one point an arm. On the dotted line the"
        " bound is that of the best arm; above it, lower.",
        alt="Distortion over rate in nats: "
        + ", ".join(
            f"{arm.name} {figure(distortion, 3)} at {figure(rate, 3)}" for arm, (rate, distortion) in points.items()
        ),
        panels=(
            Panel(
                (
                    *(
                        Line(arm.name, arm.style, np.array([rate]), np.array([distortion]))
                        for arm, (rate, distortion) in points.items()
                    ),
                    Line("the best bound", Style("grey", DASHES["baseline"], ()), ends, sum(points[best]) - ends),
                ),
                x_label="rate (nats)",
                y_label="distortion (nats)",
            ),
        ),
        panel_height=2.2,
    )
