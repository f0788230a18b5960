"""What every section reads: a run, its arms, and its figures by key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from narrows.report.arms import Arm, read_arms
from narrows.results import METRICS, Interval, Metric, Run, interval

MERITS = ("squared_error", "mse", "mae", "psnr", "ssim", "explained_variance", "accuracy")
"""Which metric judges a run, best choice first."""

_CLEAN = "noise=0.0"

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

    def hands_back(self, arm: Arm, condition: str, split: str) -> bool:
        """Whether an arm's output is its input there: trivially perfect where nothing is corrupted."""
        distance = self.measures.get(Key("checks", condition, split, "input_distance", arm.name))
        return arm.is_input or (distance is not None and distance.interval.mean == 0)

    @property
    def trained(self) -> tuple[Arm, ...]:
        """The arms that are no baselines."""
        return tuple(arm for arm in self.arms if arm.role != "baseline")

    @property
    def mixed(self) -> bool:
        """Whether arms were trained on inputs corrupted in different ways, so that their own tasks differ."""
        return _mixed(self.arms)

    def comparable(self, condition: str) -> bool:
        """Whether all arms had the same input under a condition."""
        return not self.mixed or (bool(condition) and not condition.startswith(("pictures=", "pixels=")))

    @property
    def caveat(self) -> str:
        """What a caption adds where each arm is shown on its own input."""
        return " Each arm gets the input that it was trained for; they are not to be compared." if self.mixed else ""

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
    arrays = {arm.name: run.arrays(arm.name, arm.seeds[0], "reconstruction") for arm in arms if arm.seeds}
    return Subject(
        run=run,
        arms=arms,
        measures=measures,
        split=split,
        condition=_condition(arms, {key: measure for key, measure in measures.items() if key in judged}, split),
        reconstructions={name: found for name, found in arrays.items() if found},
    )


def _condition(arms: tuple[Arm, ...], judged: Mapping[Key, Measure], split: str) -> str:
    """Where arms are judged: on their own task where it is the same one, else on one that they share.

    That is the clean picture, or where they do not share it the middle one.
    """
    found: dict[str, list[Key]] = {}
    for key in judged:
        if key.split == split:
            found.setdefault(key.condition, []).append(key)
    own = min(found, default="")
    if not _mixed(arms):
        return own
    pictures = {condition: max(judged[key].pictures for key in keys) for condition, keys in found.items()}
    trained = {arm.name for arm in arms if arm.role != "baseline"}
    shared = sorted(
        condition
        for condition, keys in found.items()
        if condition
        and "pixels=" not in condition
        and pictures[condition] == pictures[own]
        and trained <= {key.arm for key in keys}
    )
    if _CLEAN in shared:
        return _CLEAN
    return shared[len(shared) // 2] if shared else own


def _mixed(arms: tuple[Arm, ...]) -> bool:
    described = [arm.description for arm in arms if arm.role != "baseline" and arm.description]
    return len({repr(description.get("corruption")) for description in described}) > 1


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
