"""The points of a sweep as plain data: read from their runs, compared, and written as a table."""

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from narrows.files import as_utf8, write_atomic
from narrows.results import Interval, Run, interval
from narrows.sweeps.axes import Settings

MERIT = "squared_error"
"""What is minimised, on validation: the metric that heads every report."""
SPLIT = "validation"
TRIAL = "trial-"
"""How the names of a search's points begin; a grid's hold an equals sign before any hyphen."""


@dataclass(frozen=True)
class Point:
    """One combination of settings, and what came of it."""

    name: str
    """Of its folder below points/."""
    settings: Settings
    errors: tuple[float, ...] = ()
    """The squared error a validation picture, by seed."""
    pca_error: float = math.nan
    """Of PCA with as many numbers, clamped to the range of pictures; nan where something bypasses the code."""
    code_numbers: int = 0
    """Numbers in the code; 0 where something bypasses it."""
    parameters: int = 0
    seconds: float = math.nan
    """Of training, mean over seeds."""
    findings: str = ""
    """How many errors and warnings the doctor has."""
    failure: str = ""
    """Why there is no error; empty where there is one."""

    @property
    def error(self) -> Interval:
        """The error over seeds."""
        return interval(self.errors)

    @property
    def is_trial(self) -> bool:
        """Whether a search drew it, and no grid."""
        return self.name.startswith(TRIAL)

    @property
    def values(self) -> dict[str, str]:
        """What each path is set to."""
        return dict(self.settings)


def read_point(run: Run, name: str, settings: Settings, arm: str) -> Point:
    """A point from its finished run, in which `arm` was trained."""
    described = next(entry for entry in run.experiment["arms"] if entry["name"] == arm)
    found = run.values(arm, MERIT, split=SPLIT)
    errors = tuple(found[seed] for seed in sorted(found))
    if not all(map(math.isfinite, errors)):
        return Point(name, settings, failure=f"expected a finite error, found {errors}")
    code = 0 if described["bypass_numbers"] else int(described["code_numbers"])
    pca = f"PCA, code {code}"
    grave = [finding.severity for finding in run.findings if finding.arm in ("", arm)]
    counts = [(severity, grave.count(severity)) for severity in ("error", "warning")]
    return Point(
        name,
        settings,
        errors,
        run.mean(pca, MERIT, split=SPLIT, evaluation="clamped"),
        code,
        int(described["parameters"]),
        run.mean(arm, "training_seconds", split="train", evaluation="training"),
        ", ".join(f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in counts if count),
    )


def to_json(point: Point) -> dict[str, Any]:
    """A point as JSON; numbers that it lacks are null."""
    content = asdict(point) | {"settings": point.values, "errors": list(point.errors)}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in content.items()}


def from_json(content: dict[str, Any]) -> Point:
    """The point that `to_json` wrote."""
    known: dict[str, Any] = {name: math.nan if value is None else value for name, value in content.items()}
    known["settings"], known["errors"] = tuple(known["settings"].items()), tuple(known["errors"])
    return Point(**known)


def ranked(points: Sequence[Point]) -> list[Point]:
    """The points with an error, the lowest first."""
    return sorted((point for point in points if not point.failure), key=lambda point: point.error.mean)


def pareto_front(points: Sequence[Point], cost: Callable[[Point], float]) -> list[Point]:
    """The points than which no other has both less error and less cost, or less of one and as much of the other.

    The cheapest first; of points with the same error and the same cost all are kept.
    """
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (cost(point), point.error.mean)):
        here = (cost(point), point.error.mean)
        if not front or here[1] < front[-1].error.mean or here == (cost(front[-1]), front[-1].error.mean):
            front.append(point)
    return front


def write_points(path: Path, points: Sequence[Point], paths: Sequence[str]) -> None:
    """The points as CSV, a column a path, then what came of them."""
    text = io.StringIO(newline="")
    figures = ("half_width", "seeds", "pca_error", "code_numbers", "parameters", "seconds", "findings", "failure")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("point", *paths, MERIT, *figures))
    for point in points:
        error = interval(point.errors) if point.errors else Interval(math.nan, math.nan, 0)
        cells = (*error, *(getattr(point, name) for name in figures[2:]))
        writer.writerow((point.name, *(point.values[path] for path in paths), *cells))
    write_atomic(path, as_utf8(text.getvalue()))
