"""What a comparison found as rows of CSV files."""

import csv
import io
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from narrows.comparison.differences import Difference, all_differences
from narrows.comparison.reading import Field
from narrows.comparison.settings import differing
from narrows.comparison.tables import asked
from narrows.files import as_utf8


class FigureRow(NamedTuple):
    """One figure of one arm of a run, over its seeds: a row of figures.csv."""

    run: str
    arm: str
    evaluation: str
    condition: str
    split: str
    metric: str
    mean: float
    half_width: float
    """Of the 95 % interval over seeds; empty of a single one."""
    low: float
    high: float
    n_seeds: int
    n_pictures: int


class SettingRow(NamedTuple):
    """One setting that differs, in one run or arm: a row of settings.csv; no value where there is no such setting."""

    of: str
    """The heading under which the page shows it: of the run, an arm, or versions and hardware."""
    name: str
    """The run, or the arm of a run."""
    setting: str
    value: str


class PairedRow(NamedTuple):
    """The first arm's metric less the second's on the same pictures: a row of paired.csv."""

    data: str
    split: str
    first: str
    second: str
    metric: str
    mean: float
    standard_error: float
    low: float
    high: float
    p_value: float
    share_first_better: float
    n_pictures: int
    n_seeds_first: int
    n_seeds_second: int
    seeds_half_width: float
    settled: str


def figure_rows(field: Field) -> Iterator[FigureRow]:
    """Every figure of every run."""
    for entrant in field.entrants:
        for key, (found, pictures) in entrant.subject.measures.items():
            place = (key.evaluation, key.condition, key.split, key.metric)
            ends = (found.mean - found.half_width, found.mean + found.half_width)
            yield FigureRow(entrant.name, key.arm, *place, found.mean, found.half_width, *ends, found.n, pictures)


def setting_rows(field: Field) -> Iterator[SettingRow]:
    """Every setting that differs."""
    for part in asked(field):
        for path, values in differing(part.settings):
            for name, value in zip(part.columns, values, strict=True):
                yield SettingRow(part.heading, name, path, "" if value is None else value)


def paired_rows(field: Field) -> Iterator[PairedRow]:
    """Every pair of arms that were judged on the same pictures."""
    for ground in field.grounds:
        for found in all_differences(field.on(ground)):
            yield _paired_row(ground.data_set, ground.split, found)


def _paired_row(data: str, split: str, found: Difference) -> PairedRow:
    return PairedRow(
        data=data,
        split=split,
        first=found.first,
        second=found.second,
        metric=found.metric,
        mean=found.mean,
        standard_error=found.standard_error,
        low=found.mean - found.half_width,
        high=found.mean + found.half_width,
        p_value=found.p_value,
        share_first_better=found.share_better,
        n_pictures=found.num_pictures,
        n_seeds_first=found.seeds[0],
        n_seeds_second=found.seeds[1],
        seeds_half_width=found.seeds_half_width,
        settled=found.verdict,
    )


def as_csv(
    kind: type[FigureRow] | type[SettingRow] | type[PairedRow],
    rows: Iterable[FigureRow] | Iterable[SettingRow] | Iterable[PairedRow],
) -> bytes:
    """Rows under their field names; what is not a number is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(kind._fields)
    writer.writerows(["" if isinstance(value, float) and math.isnan(value) else value for value in row] for row in rows)
    return as_utf8(text.getvalue())
