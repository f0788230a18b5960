"""What every check reads of a run: its arms, the split that judges them, and the seeds of an arm taken together."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, get_args

from narrows.results import Run, Severity

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""Gravest first."""


class Arm(NamedTuple):
    """An arm that was trained: an entry of the experiment's `arms` that is no baseline."""

    name: str
    role: str
    task: str
    description: Mapping[str, Any]

    @property
    def closed_form(self) -> bool:
        """Whether it is a PCA, whose weights no seed changes."""
        return bool(self.part("model").get("type") == "PCA")

    def part(self, name: str) -> dict[str, Any]:
        """The description of its model, corruption, objective or training; empty where it has none."""
        return dict(self.description.get(name) or {})


class Shown(NamedTuple):
    """The seeds of one arm that show a fault."""

    mean: float
    """Over the seeds that show it."""
    seeds: str
    """How many of how many."""


def trained(run: Run) -> list[Arm]:
    """The arms of an experiment in its order, baselines left out."""
    return [
        Arm(entry["name"], entry["role"], entry["task"], entry.get("description", {}))
        for entry in run.experiment.get("arms", [])
        if entry["role"] != "baseline"
    ]


def facts(run: Run, arm: str, metric: str) -> dict[int, float]:
    """One of the evaluation `checks` by seed, on the judged split."""
    return run.values(arm, metric, split=run.judged_split, evaluation="checks")


def errors(run: Run, arm: str, evaluation: str = "reconstruction") -> dict[int, float]:
    """The mse of an arm on its own task by seed, on the judged split."""
    return run.values(arm, "mse", split=run.judged_split, evaluation=evaluation)


def mean(values: Mapping[int, float]) -> float:
    """Over seeds; nan where nothing was measured, which no threshold is ever above or below."""
    return math.fsum(values.values()) / len(values) if values else math.nan


def shown(values: Mapping[int, float], fault: Callable[[float], bool]) -> Shown | None:
    """The seeds whose value is a fault, or None where none is."""
    faulty = {seed: value for seed, value in values.items() if fault(value)}
    if not faulty:
        return None
    return Shown(mean(faulty), f"{len(faulty)} of {len(values)} seed{'s' if len(values) > 1 else ''}")


def conditions(condition: str) -> dict[str, str]:
    """The key=value pairs of a condition.

    >>> conditions("hidden=0.4 pixels=hidden")
    {'hidden': '0.4', 'pixels': 'hidden'}
    """
    return {key: value for key, _, value in (pair.partition("=") for pair in condition.split())}
