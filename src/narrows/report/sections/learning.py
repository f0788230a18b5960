"""How the losses fell: a mean an epoch, over time, and every step."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.numbers import count, figure
from narrows.report.page import Line, Panel, Plot, Section
from narrows.report.subject import Subject, metric_of
from narrows.report.text import file_name

_MOST_POINTS = 160
_RECONSTRUCTION = ("mse", "squared_error", "mae")
"""Terms that count the same thing in every arm, best known first."""

Series = NDArray[np.float64]
"""Rows of (step, epoch, value)."""


def learning(subject: Subject) -> Section | None:
    """Loss per epoch, over time and per step in the term that most arms share; every other per epoch behind a fold.

    As open as the first are metrics that were watched on validation, and what each source adds to the loss.
    """
    series = _series(subject)
    terms = _ranked(subject, series)
    if not terms:
        return None
    minimised = {term for term, split, _ in series if split == "train"}
    watched = [term for term in terms[1:] if term not in minimised]
    of_sources = [term for term in terms[1:] if term.partition(" ")[2] in subject.run.source_names]
    epochs = {term: _per_epoch(subject, series, term) for term in terms}
    opened = [term for term in (terms[0], *watched) if _is_curve(epochs[term])]
    leading = (
        *(epochs[term] for term in opened),
        _over_seconds(subject, terms[0]),
        *(_per_step(subject, series, term) for term in (terms[0], *of_sources)),
    )
    others = (replace(plot, fold=f"{_words(term)} per epoch") for term, plot in epochs.items() if term not in opened)
    return Section("learning", "Learning", (*(plot for plot in leading if plot is not None), *others))


def _series(subject: Subject) -> dict[tuple[str, str, str], list[Series]]:
    """History by (term, split, arm), one array a seed; without a `loss` that repeats its arm's only term."""
    rows: dict[tuple[str, str, str, int], list[tuple[float, float, float]]] = {}
    for row in subject.run.history:
        rows.setdefault((row.term, row.split, row.arm, row.seed), []).append((row.step, row.epoch, row.value))
    series: dict[tuple[str, str, str], list[Series]] = {}
    for (term, split, arm, _), values in sorted(rows.items()):
        series.setdefault((term, split, arm), []).append(np.array(values, np.float64))
    minimised: dict[str, set[str]] = {}
    for term, split, arm in series:
        if split == "train" and term != "loss":
            minimised.setdefault(arm, set()).add(term)
    return {
        (term, split, arm): found
        for (term, split, arm), found in series.items()
        if term != "loss" or len(minimised.get(arm, ())) != 1
    }


def _ranked(subject: Subject, series: Mapping[tuple[str, str, str], list[Series]]) -> list[str]:
    """Terms, the one that most arms share first; a known reconstruction error before others, the sum last.

    Where the sum adds sources up it comes first.
    """
    arms: dict[str, set[str]] = {}
    for term, _, arm in series:
        arms.setdefault(term, set()).add(arm)
    known = {arm.name for arm in subject.arms}
    of_sources = bool(subject.run.source_names) and "loss" in arms
    terms = [term for term, found in arms.items() if found & known]
    return sorted(
        terms, key=lambda term: ((term == "loss") != of_sources, term not in _RECONSTRUCTION, -len(arms[term]))
    )


def _per_epoch(subject: Subject, series: Mapping[tuple[str, str, str], list[Series]], term: str) -> Plot:
    panels, ends = [], {}
    for split, title in (("train", "train, mean over the epoch"), ("validation", "validation")):
        lines = []
        for arm in subject.arms:
            if found := series.get((term, split, arm.name)):
                lines.append(over_epochs(arm, found))
                ends[split, arm.name] = float(lines[-1].y[-1])
        if lines:
            panels.append(
                Panel(tuple(lines), title=title, x_label="epoch", y_label=_words(term), log_y=logarithmic(term, lines))
            )
    split = "validation" if any(split == "validation" for split, _ in ends) else "train"
    winner = leader(term, {arm: value for (place, arm), value in ends.items() if place == split})
    return Plot(
        name=f"loss-per-epoch-{file_name(term)}",
        claim=f"“{winner}” ends {_best(term)} on {split}, at {figure(ends[split, winner])}.",
        caption=f"Per epoch, {_words(term)}: mean over seeds, the band from lowest to highest."
        + _absent(subject, {arm for _, arm in ends})
        + _unvalidated(subject, set(ends))
        + subject.caveat,
        alt=f"Curves of {_words(term)} over epochs, one an arm: "
        + ", ".join(f"{arm} ends at {figure(value)} on {place}" for (place, arm), value in ends.items()),
        panels=tuple(panels),
        columns=2,
    )


def _is_curve(plot: Plot) -> bool:
    """Whether a training of more than one epoch is drawn: a single point shows no course."""
    return any(isinstance(mark, Line) and len(mark.x) > 1 for panel in plot.panels for mark in panel.marks)


def over_epochs(arm: Arm, found: list[Series]) -> Line:
    """A seed's mean over each epoch, then mean, lowest and highest over seeds as far as all of them ran."""
    means = []
    for values in found:
        epochs, place = np.unique(values[:, 1], return_inverse=True)
        means.append((epochs, np.bincount(place, values[:, 2]) / np.bincount(place)))
    length = min(len(epochs) for epochs, _ in means)
    stacked = np.stack([values[:length] for _, values in means])
    several = len(found) > 1
    return Line(
        label=arm.name,
        style=arm.style,
        x=means[0][0][:length],
        y=stacked.mean(0),
        low=stacked.min(0) if several else None,
        high=stacked.max(0) if several else None,
    )


def _over_seconds(subject: Subject, term: str) -> Plot | None:
    """A term on validation over training time, where two arms or more have a curve."""
    rows: dict[str, dict[int, list[tuple[float, float]]]] = {}
    for row in subject.run.history:
        if (row.term, row.split) == (term, "validation"):
            rows.setdefault(row.arm, {}).setdefault(row.seed, []).append((row.seconds, row.value))
    lines = []
    for arm in subject.arms:
        seeds = [np.array(found, np.float64) for found in rows.get(arm.name, {}).values()]
        length = min((len(found) for found in seeds), default=0)
        mean = np.mean([found[:length] for found in seeds], axis=0) if length > 1 else np.zeros((0, 2))
        if mean[:, 0].any():
            lines.append(Line(arm.name, arm.style, mean[:, 0], mean[:, 1]))
    if len(lines) < 2:
        return None
    shortest = min(float(line.x[-1]) for line in lines)
    then = {line.label: float(np.interp(shortest, line.x, line.y)) for line in lines if line.x[0] <= shortest}
    winner = leader(term, then)
    stands = ", ".join(f"{label} stands at {figure(value)}" for label, value in then.items())
    return Plot(
        name=f"loss-over-time-{file_name(term)}",
        claim=f"After {figure(shortest, 2)} s of training, when the shortest ends, “{winner}” stands {_best(term)}, at "
        f"{figure(then[winner])}.",
        caption=f"Over seconds of training, {_words(term)} on validation: mean over seeds. The time that validation "
        "takes is left out.",
        alt=f"Curves of {_words(term)} on validation over seconds of training, one an arm; "
        f"after {figure(shortest, 2)} s {stands}",
        panels=(
            Panel(
                tuple(lines),
                x_label="training time (s)",
                y_label=_words(term),
                log_x=max(float(line.x[-1]) for line in lines) > 20 * shortest,
                log_y=logarithmic(term, lines),
            ),
        ),
    )


def _per_step(subject: Subject, series: Mapping[tuple[str, str, str], list[Series]], term: str) -> Plot | None:
    lines, widths = [], []
    for arm in subject.arms:
        if found := series.get((term, "train", arm.name)):
            line, width = over_steps(arm, found[0])
            lines.append(line)
            widths.append(width)
    if not lines or max(len(line.x) for line in lines) < 3:
        return None
    winner = leader(term, {line.label: float(line.y[-1]) for line in lines})
    fastest = next(line for line in lines if line.label == winner)
    widest = max(widths)
    smoothing = f" A point is the mean of {count(widest)} recorded steps or fewer." if widest > 1 else ""
    return Plot(
        name=f"loss-per-step-{file_name(term)}",
        claim=f"“{fastest.label}” ends {_best(term)} while training, at {figure(float(fastest.y[-1]))}"
        f" after {count(int(fastest.x[-1]))} steps.",
        caption=f"Per step, {_words(term)}: first seed.{smoothing}{subject.caveat}",
        alt=f"Curves of {_words(term)} over training steps, one an arm",
        panels=(Panel(tuple(lines), x_label="step", y_label=_words(term), log_y=logarithmic(term, lines)),),
    )


def over_steps(arm: Arm, found: Series) -> tuple[Line, int]:
    """A seed's steps, a point the mean of so many of them that the curve stays small; and how many those are."""
    width = -(-len(found) // _MOST_POINTS)
    starts = np.arange(0, len(found), width)
    sizes = np.diff(np.append(starts, len(found)))
    steps, values = (np.add.reduceat(found[:, column], starts) / sizes for column in (0, 2))
    return Line(arm.name, arm.style, steps, values), width


def rises(term: str) -> bool:
    """Whether a curve that goes up is good news."""
    return metric_of(term).better == "higher"


def _best(term: str) -> str:
    return "highest" if rises(term) else "lowest"


def leader(term: str, ends: Mapping[str, float]) -> str:
    """The arm that ends best."""
    return (max if rises(term) else min)(ends, key=lambda arm: ends[arm])


def logarithmic(term: str, lines: list[Line]) -> bool:
    """Whether a term's axis is: where it falls, and never to 0."""
    return not rises(term) and all(bool((line.y > 0).all()) for line in lines)


def _absent(subject: Subject, present: set[str]) -> str:
    absent = [arm.name for arm in subject.trained if arm.name not in present]
    return f" Without this term: {', '.join(absent)}." if absent else ""


def _unvalidated(subject: Subject, present: set[tuple[str, str]]) -> str:
    """Which arms have no validation curve since they learned from the validation pictures."""
    found = [
        f"“{arm.name}”"
        for arm in subject.arms
        if "validation" in arm.data_used and ("train", arm.name) in present and ("validation", arm.name) not in present
    ]
    return (
        f" Trained on the validation pictures too, hence without a validation curve: {', '.join(found)}."
        if found
        else ""
    )


def _words(term: str) -> str:
    return term.replace("_", " ")
