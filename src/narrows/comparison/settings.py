"""What runs were asked that differs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from narrows.report.sections.opening import plain
from narrows.results import Run

_OF_RUN = ("seeds", "read_test")
_OF_DATA = ("name", "fingerprint", "image_shape", "n", "official_test", "split", "crop")
_OF_ARM = ("data_used", "encoder", "pretraining", "parameters", "code_numbers", "bypass_numbers")
_PASSING = ("format", "command", "date", "seconds", "quick", "finished")
"""What an environment says that no figure hangs on, or that the page says elsewhere."""

Settings = Mapping[str, str]
"""Values as text by path, as training.epochs."""


class Differing(NamedTuple):
    """A setting that is not the same everywhere: its value in each run or arm, None where there is no such setting."""

    path: str
    values: tuple[str | None, ...]


def flat(content: Any, path: str = "") -> dict[str, str]:
    """Nested content as text by dotted path; parts of a list that are nested themselves stand under their number.

    >>> flat({"training": {"epochs": 5}, "objective": {"penalties": [{"type": "L1"}]}})
    {'training.epochs': '5', 'objective.penalties.0.type': 'L1'}
    """
    if isinstance(content, dict):
        parts = {str(name): part for name, part in content.items()}
    elif isinstance(content, list) and any(isinstance(part, dict) for part in content):
        parts = {str(number): part for number, part in enumerate(content)}
    else:
        return {path: plain(content)}
    found: dict[str, str] = {}
    for name, part in parts.items():
        found |= flat(part, f"{path}.{name}" if path else name)
    return found


def of_run(run: Run) -> Settings:
    """What holds for all arms of a run."""
    asked, data = run.experiment, run.experiment.get("data") or {}
    named = {"experiment": asked["name"]} if "name" in asked else {}
    named |= {name: asked[name] for name in _OF_RUN if name in asked}
    return flat(named | {"data": {name: data[name] for name in _OF_DATA if name in data}})


def of_arm(run: Run, name: str) -> Settings:
    """What an arm is made of, and how it was trained."""
    entry: dict[str, Any] = next((arm for arm in run.experiment.get("arms", []) if arm["name"] == name), {})
    beside = {key: entry[key] for key in _OF_ARM if key in entry}
    return flat({**(entry.get("description") or {}), **beside})


def of_place(run: Run) -> Settings:
    """Versions and hardware."""
    return flat({name: value for name, value in run.environment.items() if name not in _PASSING})


def differing(columns: Sequence[Settings]) -> list[Differing]:
    """The settings that are not the same in all columns, in the order in which they are first met."""
    paths = dict.fromkeys(path for column in columns for path in column)
    rows = (Differing(path, tuple(column.get(path) for column in columns)) for path in paths)
    return [row for row in rows if len(set(row.values)) > 1]
