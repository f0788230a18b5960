"""The runs of a folder in a table: how far each is, and its first figure."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from narrows.results import Run, open_run


class Listed(NamedTuple):
    """One run of a folder."""

    run: str
    """The name of its folder."""
    experiment: str
    state: str
    """finished, quick, not finished, or cannot be read."""
    arm: str
    """The first improved one, else the first that is trained, of those with figures; empty where there is none."""
    squared_error: float | None
    """Its mean over seeds and pictures of the judged split."""


def list_runs(folder: Path) -> list[Listed]:
    """Every run right below a folder, by name; a damaged one is named as such.

    Raises:
        FileNotFoundError: there is no run right below the folder.
    """
    found = sorted(path.parent for path in folder.glob("*/experiment.json"))
    if not found:
        raise FileNotFoundError(f"expected run folders in {folder}, found none; name the folder that they lie in")
    return [_listed(path) for path in found]


def _listed(folder: Path) -> Listed:
    try:
        run = open_run(folder)
        arm, error = _first_figure(run)
        return Listed(folder.name, str(run.experiment["name"]), _state(run), arm, error)
    except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError):  # as others' hands left it
        return Listed(folder.name, "", "cannot be read", "", None)


def _state(run: Run) -> str:
    if not run.finished:
        return "not finished"
    return "quick" if run.environment.get("quick") else "finished"


def _first_figure(run: Run) -> tuple[str, float | None]:
    trained: list[dict[str, Any]] = [arm for arm in run.experiment["arms"] if arm["role"] != "baseline"]
    for arm in sorted(trained, key=lambda arm: arm["role"] != "improved"):
        error = run.mean(arm["name"], "squared_error")
        if math.isfinite(error):
            return arm["name"], error
    return "", None
