"""Losses of several runs over each other: by epoch, and by seconds of training."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from narrows.comparison.ground import Ground
from narrows.comparison.reading import Contender, Field
from narrows.comparison.settings import of_arm
from narrows.report.numbers import figure
from narrows.report.page import Line, Panel, Plot, Section
from narrows.report.sections.learning import Series, leader, logarithmic, over_epochs, over_steps, rises
from narrows.report.text import file_name
from narrows.results import LOSSES, METRICS

_RECONSTRUCTIONS = frozenset({"mse", "mae", "bce"})
_FEWEST = 3
"""Epochs that show a course; of fewer, steps are drawn."""


class Scale(NamedTuple):
    """What has to agree before two curves stand in one panel."""

    term: str
    ground: Ground
    objective: str
    """Empty for a reconstruction's error, which does not hang on penalties."""


class Course(NamedTuple):
    """A term of a contender on a split: an array a seed, rows of (step, epoch, value) and of (step, epoch, seconds)."""

    values: list[Series]
    seconds: list[Series]


def curves(field: Field) -> Section | None:
    """A figure for each term and each ground where at least two contenders have it; penalties and sums folded."""
    plots = []
    shown = sorted(_scales(field).items(), key=lambda item: bool(item[0].objective))
    for number, (scale, courses) in enumerate(shown):
        if len({contender for contender, _ in courses}) > 1:
            plots.append(_plot(scale, courses, f"curves-{number}-{file_name(scale.term)}"))
    if not plots:
        return None
    lead = (
        "Mean over seeds, the band from lowest to highest. Only losses that mean the same stand in one figure: the same"
        " term, of the same pictures and input, and of sums and penalties the same objective."
    )
    return Section("curves", "Learning", tuple(plots), lead=lead)


def _scales(field: Field) -> dict[Scale, dict[tuple[Contender, str], Course]]:
    scales: dict[Scale, dict[tuple[Contender, str], Course]] = {}
    for contender in field.contenders:
        for (term, split), course in _courses(contender).items():
            scales.setdefault(_scale(contender, term), {})[contender, split] = course
    return scales


def _courses(contender: Contender) -> dict[tuple[str, str], Course]:
    """By term and split; a `loss` that repeats the only term that is minimised is left out."""
    rows: dict[tuple[str, str], dict[int, list[tuple[int, int, float, float]]]] = {}
    for row in contender.entrants[0].run.history:
        if row.arm == contender.own_name:
            seeds = rows.setdefault((row.term, row.split), {})
            seeds.setdefault(row.seed, []).append((row.step, row.epoch, row.value, row.seconds))
    minimised = {term for term, split in rows if split == "train" and term != "loss"}
    return {
        place: Course(*(_columns(seeds, column) for column in (2, 3)))
        for place, seeds in rows.items()
        if place[0] != "loss" or len(minimised) != 1
    }


def _columns(seeds: Mapping[int, Sequence[tuple[int, int, float, float]]], column: int) -> list[Series]:
    return [np.array(sorted(seeds[seed]), np.float64)[:, [0, 1, column]] for seed in sorted(seeds)]


def _scale(contender: Contender, term: str) -> Scale:
    words = set(term.split())
    shared = term not in LOSSES and "patch" not in words and (term in METRICS or bool(words & _RECONSTRUCTIONS))
    settings = of_arm(contender.entrants[0].run, contender.own_name)
    objective = {path: value for path, value in settings.items() if path.startswith("objective.")}
    return Scale(term, contender.ground, "" if shared else repr(sorted(objective.items())))


def _plot(scale: Scale, courses: Mapping[tuple[Contender, str], Course], name: str) -> Plot:
    words = scale.term.replace("_", " ")
    panels, ends = [], {}
    for split in ("validation", "train"):
        found = {contender: course for (contender, place), course in courses.items() if place == split}
        if not found:
            continue
        lines = {contender: over_epochs(contender.arm, course.values) for contender, course in found.items()}
        ends[split] = {contender.name: float(line.y[-1]) for contender, line in lines.items()}
        panels += list(_panels(scale.term, split, found, lines))
    judged = next(iter(ends))
    winner = leader(scale.term, ends[judged])
    return Plot(
        name=name,
        claim=f"“{winner}” ends {'highest' if rises(scale.term) else 'lowest'} on {judged}, at"
        f" {figure(ends[judged][winner])}.",
        caption=f"{words[0].upper()}{words[1:]} on {scale.ground.subject}. By epoch on the"
        " left, by seconds of training on the right, validation left out of them.",
        alt=f"Curves of {words}, one an arm: "
        + "; ".join(f"{arm} ends at {figure(end)} on {split}" for split, of in ends.items() for arm, end in of.items()),
        panels=tuple(panels),
        columns=2,
        fold=f"{words}, of one objective" if scale.objective else "",
    )


def _panels(
    term: str, split: str, courses: Mapping[Contender, Course], lines: Mapping[Contender, Line]
) -> Iterator[Panel]:
    """A split by epoch, or while training by step where epochs are few; and by seconds."""
    words = term.replace("_", " ")
    log = logarithmic(term, list(lines.values()))
    seconds = {contender: over_epochs(contender.arm, course.seconds) for contender, course in courses.items()}
    by_seconds = tuple(replace(line, x=seconds[contender].y) for contender, line in lines.items())
    if split == "train" and max(len(line.x) for line in lines.values()) < _FEWEST:
        steps = {each: over_steps(each.arm, course.values[0])[0] for each, course in courses.items()}
        clock = {each: over_steps(each.arm, course.seconds[0])[0] for each, course in courses.items()}
        yield Panel(tuple(steps.values()), title=f"{split}, first seed", x_label="step", y_label=words, log_y=log)
        by_seconds = tuple(replace(line, x=clock[each].y) for each, line in steps.items())
    else:
        yield Panel(tuple(lines.values()), title=split, x_label="epoch", y_label=words, log_y=log)
    yield Panel(by_seconds, title=split, x_label="seconds", y_label=words, log_y=log)
