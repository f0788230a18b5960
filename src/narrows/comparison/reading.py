"""Several run folders as one field of contenders, each with a name, a look, and the pictures that it was judged on."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from narrows.comparison.ground import Ground, grounds
from narrows.report.arms import Arm, style_of
from narrows.report.colours import DASHES, HUES, MARKERS, Style
from narrows.report.subject import MERITS, Arrays, Key, Measure, Subject, read_subject
from narrows.results import Run, open_run

_SAME = 1e-4
"""Relative difference of figures up to which a baseline is the same in two runs: processors sum in different orders."""

Errors = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Entrant:
    """A run under the name that it has on the page."""

    name: str
    subject: Subject

    @property
    def run(self) -> Run:
        """Its folder."""
        return self.subject.run


@dataclass(frozen=True, eq=False)
class Contender:
    """An arm of a run. `arm` is named and looks as on this page; `own_name` is what its run calls it."""

    arm: Arm
    own_name: str
    entrants: tuple[Entrant, ...]
    """One; of a baseline that came out the same in several runs all of them."""
    ground: Ground
    errors: tuple[Errors, ...]
    """The squared error of every judged picture (picture,), an array a seed; none where the run keeps none."""

    @property
    def name(self) -> str:
        """What the page calls it."""
        return self.arm.name

    @property
    def trained(self) -> bool:
        """Whether it is no baseline."""
        return self.arm.role != "baseline"

    @property
    def kept(self) -> Arrays:
        """The pictures that its run keeps for drawing, of the first seed."""
        return self.entrants[0].subject.reconstructions.get(self.own_name, {})

    def measure(
        self, metric: str, *, evaluation: str = "reconstruction", condition: str = "", split: str = ""
    ) -> Measure | None:
        """A metric over seeds, on the judged pictures unless another place is named; None where it is not measured."""
        key = Key(evaluation, condition, split or self.ground.split, metric, self.own_name)
        return self.entrants[0].subject.measures.get(key)


@dataclass(frozen=True, eq=False)
class Field:
    """Runs, and their arms that give pictures back."""

    entrants: tuple[Entrant, ...]
    contenders: tuple[Contender, ...]

    @property
    def grounds(self) -> tuple[Ground, ...]:
        """On what contenders were judged, in the order in which it is met; that of trained arms first."""
        trained = [contender.ground for contender in self.contenders if contender.trained]
        return tuple(dict.fromkeys([*trained, *(contender.ground for contender in self.contenders)]))

    def on(self, ground: Ground) -> tuple[Contender, ...]:
        """The contenders that may be compared with each other there."""
        return tuple(contender for contender in self.contenders if contender.ground == ground)


def merit_of(contenders: Sequence[Contender]) -> str:
    """The metric that judges: the first choice that all of them have; empty where they share none."""
    return next((name for name in MERITS if all(each.measure(name) is not None for each in contenders)), "")


def read_field(folders: Sequence[Path]) -> Field:
    """Open finished runs and name their arms.

    Raises:
        FileNotFoundError: a folder holds no run.
        ValueError: there are fewer than two runs, one stands twice, or one is not finished.
    """
    if len(folders) < 2:
        raise ValueError(f"expected at least two run folders to compare, found {len(folders)}; name another run")
    places = [folder.resolve() for folder in folders]
    if twice := [str(folder) for folder, place in zip(folders, places, strict=True) if places.count(place) > 1]:
        raise ValueError(f"expected different runs, found {twice[0]} twice; name each run once")
    runs = [_finished(folder) for folder in folders]
    entrants = tuple(Entrant(name, read_subject(run)) for name, run in zip(_run_names(places), runs, strict=True))
    return Field(entrants, _named(_merged([each for entrant in entrants for each in _contenders(entrant)]), entrants))


def _finished(folder: Path) -> Run:
    run = open_run(folder)
    if not run.finished:
        raise ValueError(
            f"expected finished runs, found {folder}, which is not; "
            "its own command with --resume goes on with it, or leave it out"
        )
    return run


def _run_names(places: Sequence[Path]) -> list[str]:
    """The folders' names, with as many of those above them as tell them apart."""
    deepest = max(len(place.parts) for place in places)
    for depth in range(1, deepest + 1):
        names = ["/".join(place.parts[-depth:]) for place in places]
        if len(set(names)) == len(names):
            return names
    raise AssertionError("different folders have different paths")


def _contenders(entrant: Entrant) -> list[Contender]:
    subject = entrant.subject
    known = grounds(entrant.run, subject.split)
    found = [
        Contender(arm, arm.name, (entrant,), known.get(arm.name, known[""]), _errors(entrant, arm))
        for arm in subject.arms
    ]
    return [contender for contender in found if any(contender.measure(metric) for metric in MERITS)]


def _errors(entrant: Entrant, arm: Arm) -> tuple[Errors, ...]:
    """Each seed's squared errors; none unless every seed has them, of equally many pictures."""
    found = [entrant.run.arrays(arm.name, seed, "reconstruction").get("per_picture") for seed in arm.seeds]
    errors = tuple(np.asarray(each, np.float64) for each in found if each is not None)
    return errors if len(errors) == len(arm.seeds) and len({len(each) for each in errors}) == 1 else ()


def _merged(contenders: Sequence[Contender]) -> list[Contender]:
    """Contenders without baselines that came out the same in an earlier run; baselines first."""
    kept: list[Contender] = []
    for contender in sorted(contenders, key=lambda each: each.trained):
        place = next((place for place, other in enumerate(kept) if _alike(contender, other)), None)
        if place is None:
            kept.append(contender)
        else:
            kept[place] = replace(kept[place], entrants=(*kept[place].entrants, *contender.entrants))
    return kept


def _alike(one: Contender, other: Contender) -> bool:
    if one.trained or other.trained or (one.own_name, one.ground) != (other.own_name, other.ground):
        return False
    pairs = ((one.measure(metric), other.measure(metric)) for metric in MERITS)
    return all(ours == theirs or (ours and theirs and _close(ours, theirs)) for ours, theirs in pairs)


def _close(one: Measure, other: Measure) -> bool:
    return math.isclose(one.interval.mean, other.interval.mean, rel_tol=_SAME, abs_tol=_SAME**2)


def _named(contenders: Sequence[Contender], entrants: Sequence[Entrant]) -> tuple[Contender, ...]:
    """Contenders under the shortest names that tell them apart: ARM of a baseline, RUN, else RUN: ARM."""
    trained = Counter(contender.entrants[0].name for contender in contenders if contender.trained)
    alone = Counter(contender.own_name for contender in contenders if not contender.trained)

    def name(contender: Contender) -> str:
        run = contender.entrants[0].name
        if contender.trained:
            return run if trained[run] == 1 else f"{run}: {contender.own_name}"
        return contender.own_name if alone[contender.own_name] == 1 else f"{run}: {contender.own_name}"

    return tuple(
        replace(contender, arm=replace(contender.arm, name=name(contender), style=_style(contender, place, entrants)))
        for place, contender in enumerate(contenders)
    )


def _style(contender: Contender, before: int, entrants: Sequence[Entrant]) -> Style:
    """A colour a run, and a marker that moves on with run and arm; of baselines, which come first, the report's own."""
    if not contender.trained:
        return style_of(contender.own_name, "baseline", before)
    entrant = contender.entrants[0]
    place = entrants.index(entrant)
    peers = [arm.name for arm in entrant.subject.trained]
    marker = MARKERS[(place + len(entrants) * peers.index(contender.own_name)) % len(MARKERS)]
    return Style(HUES[place % len(HUES)], DASHES[contender.arm.role], marker)
