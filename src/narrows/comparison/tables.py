"""The tables of a comparison, as records that page and LaTeX share."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from narrows.comparison.differences import Difference, Verdict, difference
from narrows.comparison.reading import Contender, Field
from narrows.comparison.settings import Settings, differing, of_arm, of_place, of_run
from narrows.comparison.verdict import Ranking, gap
from narrows.report.numbers import MISSING, count, figure, measured, percent
from narrows.report.page import Cell, Column, Group, Table
from narrows.report.sections.tables import unit_and_arrow
from narrows.report.subject import MERITS, metric_of

_SHORT: dict[Verdict, str] = {
    "settled": "yes",
    "one training each": "open: one training",
    "within the seeds": "no: within the seeds",
    "within the pictures": "no: within the pictures",
}


class Place(NamedTuple):
    """Where figures stand in results.csv."""

    split: str
    condition: str = ""


class Asked(NamedTuple):
    """Settings that differ under one heading: of runs, of the arm that several have, or of arms of their own."""

    heading: str
    columns: tuple[str, ...]
    settings: tuple[Settings, ...]


def figures(contenders: Sequence[Contender], place: Place, *, fold: str = "") -> Table | None:
    """Every merit of contenders that were judged there, best first; None where that is nobody."""
    found = {
        (each.name, metric): measure
        for each in contenders
        for metric in MERITS
        if (measure := each.measure(metric, condition=place.condition, split=place.split)) is not None
    }
    metrics = [metric for metric in MERITS if any(name == metric for _, name in found)]
    if not metrics:
        return None
    sign = -1.0 if metric_of(metrics[0]).better == "higher" else 1.0
    ranks = {name: sign * measure.interval.mean for (name, metric), measure in found.items() if metric == metrics[0]}
    present = [each for each in contenders if any((each.name, metric) in found for metric in metrics)]
    present.sort(key=lambda each: ranks.get(each.name, math.inf))
    best = {metric: _best(present, metric, place) for metric in metrics}
    rows = tuple(
        (
            Cell(each.name, style=each.arm.style),
            *(
                Cell(measured(found[each.name, metric].interval), best=each.name == best[metric])
                if (each.name, metric) in found
                else Cell(MISSING)
                for metric in metrics
            ),
            Cell(str(max(found[each.name, metric].interval.n for metric in metrics if (each.name, metric) in found))),
        )
        for each in present
    )
    pictures = max(measure.pictures for measure in found.values())
    where = f"{count(pictures)} {place.split} pictures{f' at {place.condition}' if place.condition else ''}"
    return Table(
        caption=f"Over {where}: mean over seeds, ± half-width of its 95\u202f% interval where there are several.",
        columns=(
            Column("arm", numeric=False),
            *(Column(metric_of(metric).label, unit_and_arrow(metric)) for metric in metrics),
            Column("seeds"),
        ),
        groups=(Group("", rows),),
        fold=fold,
    )


def _best(contenders: Sequence[Contender], metric: str, place: Place) -> str:
    """Who leads a column; what hands its input back does not compete, and a lone one leads nobody."""
    found = {
        each.name: measure.interval.mean
        for each in contenders
        if not each.arm.is_input
        and (measure := each.measure(metric, condition=place.condition, split=place.split)) is not None
    }
    if len(found) < 2:
        return ""
    return (max if metric_of(metric).better == "higher" else min)(found, key=lambda name: found[name])


def paired(ranking: Ranking) -> Table | None:
    """Everyone else against the best trained arm, picture by picture; None where nothing can be paired."""
    first = ranking.trained[0]
    found = {
        each: pair for each in ranking.contenders if each is not first and (pair := difference(each, first)) is not None
    }
    if not found:
        return None
    rows = tuple(
        (
            Cell(each.name, style=each.arm.style),
            Cell(gap(pair)),
            Cell(percent(pair.share_better, 2)),
            Cell(gap(decibels) if (decibels := difference(each, first, "psnr")) else MISSING),
            Cell(_seeds(pair)),
            Cell(_SHORT[pair.verdict]),
        )
        for each, pair in found.items()
    )
    number = next(iter(found.values())).num_pictures
    return Table(
        caption=f"Each arm less “{first.name}”, picture by picture, over {count(number)} {ranking.ground.split}"
        " pictures: mean ± half-width of the paired 95\u202f% interval (Student's t). Over seeds: half-width of Welch's"
        " 95\u202f% interval over trainings. An interval is of one pair by itself: of many, one in twenty leaves 0 out"
        " by chance.",
        columns=(
            Column("arm", numeric=False),
            Column("squared error", "per picture, more"),
            Column("better", "share of pictures"),
            Column("psnr", "dB, more"),
            Column("over seeds", "squared error"),
            Column("settled"),
        ),
        groups=(Group("", rows),),
    )


def _seeds(pair: Difference) -> str:
    width = pair.seeds_half_width
    return f"± {figure(width, 2)}" if not math.isnan(width) and max(pair.seeds) > 1 else MISSING


def asked(field: Field) -> Iterator[Asked]:
    """Settings by heading: of runs, of every arm that several runs have, then of all arms that only one has.

    Where every run has one trained arm, its name does not matter.
    """
    runs = tuple(entrant.name for entrant in field.entrants)
    yield Asked("of the run", runs, tuple(of_run(entrant.run) for entrant in field.entrants))
    trained = [each for each in field.contenders if each.trained]
    single = len({each.entrants[0].name for each in trained}) == len(trained)
    names = Counter() if single else Counter(each.own_name for each in trained)
    for name in (name for name, number in names.items() if number > 1):
        yield _of_arms(name, [each for each in trained if each.own_name == name], runs=True)
    yield _of_arms("of each arm", [each for each in trained if names[each.own_name] < 2], runs=False)
    yield Asked("versions and hardware", runs, tuple(of_place(entrant.run) for entrant in field.entrants))


def _of_arms(heading: str, arms: Sequence[Contender], *, runs: bool) -> Asked:
    names = tuple(each.entrants[0].name if runs else each.name for each in arms)
    return Asked(heading, names, tuple(of_arm(each.entrants[0].run, each.own_name) for each in arms))


def settings(field: Field) -> list[Table]:
    """What differs, a table for each set of columns; headings over the same columns share one."""
    tables: dict[tuple[str, ...], list[Group]] = {}
    for part in asked(field):
        rows = tuple(
            (Cell(row.path), *(Cell(MISSING if value is None else value or "none") for value in row.values))
            for row in differing(part.settings)
        )
        if rows:
            tables.setdefault(part.columns, []).append(Group(part.heading, rows))
    return [
        Table(
            caption="Only what is not the same in all columns. A dash: there is no such setting there.",
            columns=(Column("setting", numeric=False), *(Column(name) for name in columns)),
            groups=tuple(groups),
        )
        for columns, groups in tables.items()
    ]
