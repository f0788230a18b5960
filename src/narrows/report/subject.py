"""What every section reads: a run, its arms, and its figures by key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from narrows.report.arms import Arm, read_arms
from narrows.results import METRICS, Interval, Metric, Run, interval

MERITS = ("squared_error", "mse", "mae", "psnr", "ssim", "explained_variance", "accuracy")
"""Which metric judges a run, best choice first."""

Arrays = Mapping[str, NDArray[Any]]


class Key(NamedTuple):
    """Where a figure stands in results.csv, apart from its seed."""

    evaluation: str
    condition: str
    split: str
    metric: str
    arm: str


class Measure(NamedTuple):
    """A figure over its seeds, and how many pictures each is a mean over."""

    interval: Interval
    pictures: int


@dataclass(frozen=True)
class Subject:
    """A run made ready to be told.

    `split` and `condition` are where the arms are judged; `reconstructions` holds the picture arrays of each arm's
    first seed, by arm name.
    """

    run: Run
    arms: tuple[Arm, ...]
    measures: Mapping[Key, Measure]
    split: str
    condition: str
    reconstructions: Mapping[str, Arrays]

    def measure(self, arm: Arm, metric: str, evaluation: str = "reconstruction") -> Measure | None:
        """One metric of one arm where the arms are judged; None where it was not measured."""
        return self.measures.get(Key(evaluation, self.condition, self.split, metric, arm.name))

    @property
    def trained(self) -> tuple[Arm, ...]:
        """The arms that are no baselines."""
        return tuple(arm for arm in self.arms if arm.role != "baseline")

    @property
    def pictured(self) -> tuple[Arm, ...]:
        """PCA, then the trained arms, as far as the run holds their pictures."""
        ordered = [arm for arm in self.arms if arm.is_pca] + list(self.trained)
        return tuple(arm for arm in ordered if arm.name in self.reconstructions)

    @property
    def merit(self) -> str:
        """The metric that judges the run; empty where it has none."""
        present = {key.metric for key in self.measures if key.evaluation == "reconstruction"}
        return next((metric for metric in MERITS if metric in present), "")


def read_subject(run: Run) -> Subject:
    """Read a run's description, results and picture arrays."""
    arms = read_arms(run)
    measures = _measures(run)
    judged = [key for key in measures if key.evaluation == "reconstruction"]
    split = next((split for split in ("test", "validation") if any(key.split == split for key in judged)), "test")
    conditions = sorted({key.condition for key in judged if key.split == split})
    arrays = {arm.name: run.arrays(arm.name, arm.seeds[0], "reconstruction") for arm in arms if arm.seeds}
    return Subject(
        run=run,
        arms=arms,
        measures=measures,
        split=split,
        condition=conditions[0] if conditions else "",
        reconstructions={name: found for name, found in arrays.items() if found},
    )


def metric_of(name: str) -> Metric:
    """What a metric means; one that the table does not know is called by its name and has no direction."""
    return METRICS.get(name, Metric(name.replace("_", " "), "", "", ""))


def _measures(run: Run) -> dict[Key, Measure]:
    values: dict[Key, list[float]] = {}
    pictures: dict[Key, int] = {}
    for row in run.results:
        key = Key(row.evaluation, row.condition, row.split, row.metric, row.arm)
        values.setdefault(key, []).append(row.value)
        pictures[key] = row.n
    return {key: Measure(interval(found), pictures[key]) for key, found in values.items()}
