"""Checks of how the models were trained, and of what a comparison of them can bear."""

import json
import math
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from statistics import fmean
from typing import NamedTuple

from narrows.diagnostics.arms import Arm, errors, shown, trained
from narrows.results import Finding, Interval, Reported, Result, Run, Severity, interval

SHORTEST_CURVE = 10
"""Validation points that a curve needs: below it a tenth of the budget holds none."""

STILL_FALLING = 0.02
"""Share by which the loss may fall over the last fifth. One that falls as a power of the steps by 2 % there would fall
by 6 % if the budget were doubled: 1 - 2^(ln 0.98 / ln 0.8)."""

LATE_SHARE = 1 / 3
"""Least share of that fall in the last tenth. A power law has 0.47 of it there, a straight line a half; a cosine
schedule that ends at 0 has a quarter where the loss follows the learning rate, an eighth where it follows its sum."""

RISING = 0.02
"""Share by which the best loss of the last fifth stands above the best before it."""

GAP = 1.2
"""Validation error over training error. On 200 pictures whose errors vary by half their mean, either mean is sure to
3.5 %, so that chance makes a gap of 1.1 and hardly ever 1.2."""

PENALISED = ("loss", "loss_with_penalty")
"""Metrics that hold more than an error."""


class Tail(NamedTuple):
    """The lowest validation losses of a curve, which noise from epoch to epoch cannot make fall."""

    before: float
    """In the first four fifths of the budget."""
    ninth: float
    """In the ninth tenth."""
    last: float
    """In the last tenth."""

    @property
    def fall(self) -> float:
        """Share by which the last fifth lowered the loss; 0 where too little of that came in the last tenth."""
        halfway, end = min(self.before, self.ninth), min(self)
        still = halfway - end >= LATE_SHARE * (self.before - end)
        return 1 - end / self.before if still else 0.0

    @property
    def rise(self) -> float:
        """Share by which the best of the last fifth is worse than the best before; negative where it is better."""
        return min(self.ninth, self.last) / self.before - 1


def not_converged(run: Run) -> Iterable[Finding]:
    """Fault: the validation loss still fell when the budget was spent, so that the figures judge the budget.

    Threshold: the best loss falls by more than `STILL_FALLING` over the last fifth, `LATE_SHARE` of it in the last
    tenth: a schedule that ends at 0 falls fast too, then comes to rest, and longer training is then another schedule.
    """
    for arm, tails in _tails(run):
        falls = {seed: tail.fall for seed, tail in tails.items()}
        if found := shown(falls, lambda fall: fall > STILL_FALLING):
            yield Finding(
                "warning",
                "not converged",
                arm.name,
                f"validation loss fell by {found.mean:.1%} over the last fifth of the budget ({found.seeds})",
                "Train longer, or with a schedule that ends at a learning rate of 0.",
            )


def overfit(run: Run) -> Iterable[Finding]:
    """Fault: the model learns its training pictures by heart.

    Thresholds, both: the best validation loss of the last fifth is more than `RISING` above the best before it, and
    validation pictures cost more than `GAP` times what training pictures cost under the kept weights.
    """
    for arm, tails in _tails(run):
        training = run.values(arm.name, "mse", split="train")
        validation = run.values(arm.name, "mse", split="validation")
        rising = [seed for seed, tail in tails.items() if tail.rise > RISING and training.get(seed, 0.0) > 0]
        gaps = {seed: validation[seed] / training[seed] for seed in rising if seed in validation}
        if found := shown(gaps, lambda gap: gap > GAP):
            yield Finding(
                "warning",
                "overfit",
                arm.name,
                f"validation mse is {found.mean:.2f} times the training pictures', and validation loss rises "
                f"({found.seeds})",
                "Keep the best weights on validation, augment, train shorter, or use more pictures.",
            )


def losses_with_different_penalties(run: Run) -> Iterable[Finding]:
    """Fault: losses that hold differently weighted penalties stand side by side as if they were errors.

    Threshold: any difference; a warning among figures that a report compares, a note among the run's own, which nothing
    here ranks. Report 004 so compares L1 weights from 1e-6 to 1e-4, and calls the lowest loss the best reconstruction.
    """
    own = [(_place(row.evaluation, row), row.arm, row.value) for row in run.results if row.metric in PENALISED]
    theirs = [
        (_place(f"report {row.report}", row), row.arm, row.value) for row in run.reported if row.metric in PENALISED
    ]
    penalties = {arm.name: _penalties(arm) for arm in trained(run)}
    sides: dict[Severity, list[tuple[str, str, float]]] = {"warning": theirs, "note": own}
    for severity, losses in sides.items():
        places: dict[str, dict[str, list[float]]] = {}
        for place, arm, loss in losses:
            if arm in penalties:
                places.setdefault(place, {}).setdefault(arm, []).append(loss)
        unlike = {place: found for place, found in places.items() if len({penalties[arm] for arm in found}) > 1}
        if unlike:
            yield Finding(
                severity,
                "losses with different penalties compared",
                "",
                "; ".join(
                    f"{place}: " + ", ".join(f"'{arm}' {fmean(loss):.4g}" for arm, loss in found.items())
                    for place, found in unlike.items()
                ),
                "Compare the reconstruction error (mse) alone, and show each penalty beside it.",
            )


def difference_within_seeds(run: Run) -> Iterable[Finding]:
    """Fault: arms are ranked by a difference that other seeds might turn round, or by one seed each.

    Threshold: arms that stand next to each other in mse, on the same task, differ by less than the half-width of the
    95 % interval of their difference (the square root of the summed squares of theirs: seeds are independent).
    """
    arms = sorted((arm for arm in trained(run) if not arm.closed_form), key=_task)
    for _, group in groupby(arms, key=_task):
        measured = {arm.name: interval(list(seeds.values())) for arm in group if (seeds := errors(run, arm.name))}
        if len(measured) > 1:
            yield from _unsure(measured)


def _place(source: str, row: Result | Reported) -> str:
    return " ".join(filter(None, (row.metric, source, row.split, row.condition)))


def _penalties(arm: Arm) -> str:
    return json.dumps(arm.part("objective").get("penalties", []), sort_keys=True)


def _unsure(measured: dict[str, Interval]) -> Iterator[Finding]:
    single = [name for name, found in measured.items() if found.n < 2]
    if single:
        which = "" if len(single) == len(measured) else ": " + ", ".join(f"'{name}'" for name in single)
        yield Finding(
            "note",
            "spread of seeds unknown",
            "",
            f"{len(single)} of {len(measured)} arms have one seed{which}",
            "Run with --seeds 3 or more before ranking arms that lie close together.",
        )
    ranked = sorted((found.mean, name, found) for name, found in measured.items() if found.n > 1)
    ties: list[list[str]] = []
    for left, right in pairwise(ranked):
        if right[0] - left[0] <= _half_width(left[2], right[2]):
            if not ties or ties[-1][-1] != _stated(*left[1:]):
                ties.append([_stated(*left[1:])])
            ties[-1].append(_stated(*right[1:]))
    if ties:
        yield Finding(
            "note",
            "difference smaller than the spread of seeds",
            "",
            "mse of " + "; ".join(", ".join(tie) for tie in ties),
            "Call neighbours equal, or run more seeds.",
        )


def _half_width(one: Interval, other: Interval) -> float:
    return math.hypot(one.half_width, other.half_width)


def _stated(name: str, found: Interval) -> str:
    return f"'{name}' {found.mean:.4g} +- {found.half_width:.2g} ({found.n} seeds)"


def _task(arm: Arm) -> str:
    """What an arm is asked to do, as one word for arms that may be ranked together."""
    return json.dumps([arm.task, arm.part("corruption")], sort_keys=True)


def _tails(run: Run) -> Iterator[tuple[Arm, dict[int, Tail]]]:
    """The end of every validation curve that is long enough; a share of a loss needs one above 0."""
    curves: dict[str, dict[int, list[float]]] = {}
    for row in run.history:
        if row.split == "validation" and row.term == "loss":
            curves.setdefault(row.arm, {}).setdefault(row.seed, []).append(row.value)
    for arm in trained(run):
        seeds = curves.get(arm.name, {})
        yield (
            arm,
            {seed: _tail(curve) for seed, curve in seeds.items() if len(curve) >= SHORTEST_CURVE and min(curve) > 0},
        )


def _tail(curve: list[float]) -> Tail:
    eight, nine = 8 * len(curve) // 10, 9 * len(curve) // 10
    return Tail(min(curve[:eight]), min(curve[eight:nine]), min(curve[nine:]))
