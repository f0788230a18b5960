"""Two arms on the same pictures: their differences picture by picture, and what seeds leave of them."""

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean, variance
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrows.comparison.reading import Contender, Errors
from narrows.results import interval

PAIRED = ("squared_error", "psnr")
"""The metrics that follow from a picture's squared error, which is what a run keeps of every picture."""

Verdict = Literal["settled", "one training each", "within the seeds", "within the pictures"]


class Difference(NamedTuple):
    """The first arm's metric less the second's, mean over the same pictures; of each picture, the mean over seeds."""

    first: str
    second: str
    metric: str
    mean: float
    standard_error: float
    """Of the mean over pictures: deviation of the differences / square root of how many."""
    half_width: float
    """Of Student's 95 % interval of the mean over pictures, for these trained models."""
    p_value: float
    """Of the paired t-test: chance of such a mean or a larger one were the true mean 0."""
    share_better: float
    """Share of pictures for which the first is better; where both are equal, it is not."""
    num_pictures: int
    seeds: tuple[int, int]
    """How many trainings of the first and of the second."""
    seeds_half_width: float
    """Of Welch's 95 % interval over trainings, a baseline being without spread; nan where one was trained once."""

    @property
    def verdict(self) -> Verdict:
        """Whether the sign would stay with other pictures and other seeds, as far as these tell."""
        if not abs(self.mean) > self.half_width:
            return "within the pictures"
        if math.isnan(self.seeds_half_width):
            return "one training each"
        return "settled" if abs(self.mean) > self.seeds_half_width else "within the seeds"


def difference(first: Contender, second: Contender, metric: str = "squared_error") -> Difference | None:
    """How two arms differ on the same pictures; None where these are not the same, or a run keeps no errors.

    Of psnr, pictures that some training gives back without any error are left out.
    """
    if first.ground != second.ground or not first.errors or not second.errors:
        return None
    ours, theirs = _values(first, metric), _values(second, metric)
    if ours.shape[1:] != theirs.shape[1:]:
        return None
    kept = np.isfinite(ours).all(0) & np.isfinite(theirs).all(0)
    if kept.sum() < 2:
        return None
    ours, theirs = ours[:, kept], theirs[:, kept]
    differences = ours.mean(0) - theirs.mean(0)
    mean, half_width, number = interval(differences.tolist())
    error = float(differences.std(ddof=1)) / math.sqrt(number)
    return Difference(
        first=first.name,
        second=second.name,
        metric=metric,
        mean=mean,
        standard_error=error,
        half_width=half_width,
        p_value=_p_value(mean, error, number - 1),
        share_better=float(np.mean(differences > 0 if metric == "psnr" else differences < 0)),
        num_pictures=number,
        seeds=(len(ours), len(theirs)),
        seeds_half_width=_over_seeds((first, ours), (second, theirs)),
    )


def all_differences(contenders: Sequence[Contender]) -> list[Difference]:
    """Every pair that was judged on the same pictures, in every metric that can be paired."""
    found = (difference(*pair, metric) for pair in combinations(contenders, 2) for metric in PAIRED)
    return [each for each in found if each is not None]


def _values(contender: Contender, metric: str) -> NDArray[np.float64]:
    """The metric of every picture (seed, picture); psnr is infinite where there is no error, nan of unknown size."""
    errors: Errors = np.stack(contender.errors)
    if metric == "squared_error":
        return errors
    target = contender.kept.get("target")
    size = math.nan if target is None else math.prod(target.shape[1:])
    with np.errstate(divide="ignore"):
        return np.asarray(-10.0 * np.log10(errors / size))


def _p_value(mean: float, error: float, freedom: int) -> float:
    from scipy.special import stdtr

    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return 2.0 * float(stdtr(freedom, -abs(mean) / error))


def _over_seeds(*sides: tuple[Contender, NDArray[np.float64]]) -> float:
    """Half-width of the 95 % interval of the difference over trainings (Welch 1947, with Satterthwaite's freedom)."""
    from scipy.special import stdtrit

    spreads = []
    for contender, values in sides:
        means = [fmean(row) for row in values.tolist()]
        if len(means) > 1:
            spreads.append((variance(means) / len(means), len(means) - 1))
        elif contender.trained:
            return math.nan
    total = math.fsum(spread for spread, _ in spreads)
    if total == 0:
        return 0.0
    freedom = total**2 / math.fsum(spread**2 / own for spread, own in spreads)
    return float(stdtrit(freedom, 0.975)) * math.sqrt(total)
