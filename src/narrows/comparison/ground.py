"""What has to agree before two figures may stand beside each other: the pictures, and what is done to them."""

import json
from dataclasses import dataclass, fields, replace
from typing import Any

from narrows.comparison.settings import flat
from narrows.report.numbers import count
from narrows.results import Run


@dataclass(frozen=True)
class Ground:
    """The pictures that an arm was judged on, and the input that it was given of them."""

    data_set: str
    fingerprint: str
    size: str
    value_range: str
    division: str
    """How splits were made: shares, or "official"."""
    split: str
    num_pictures: int
    input: str
    """The corruption's description as JSON."""

    @property
    def pictures(self) -> "Ground":
        """The same pictures, whatever is done to them."""
        return replace(self, input="")

    def __str__(self) -> str:
        """As a sentence names it."""
        return f"{count(self.num_pictures)} {self.split} pictures of {self.subject}"

    @property
    def subject(self) -> str:
        """The data set, and what is done to its pictures where anything is."""
        settings = flat(json.loads(self.input))
        kind = settings.pop("type", "")
        how = f" ({', '.join(f'{name} {value}' for name, value in settings.items())})" if settings else ""
        return self.data_set if kind in ("", "NoCorruption") else f"{self.data_set} under {kind}{how}"

    def differing(self, other: "Ground") -> list[str]:
        """What does not agree, in words."""
        names = (field.name for field in fields(self))
        return [
            name.replace("num_", "number of ").replace("_", " ")
            for name in names
            if getattr(self, name) != getattr(other, name)
        ]


def grounds(run: Run, split: str) -> dict[str, Ground]:
    """The ground of every arm that a run describes, and under "" that of its other baselines.

    Those were given the corruption that all arms share, or none where they differ.
    """
    data = run.experiment.get("data") or {}
    pictures = Ground(
        data_set=str(data.get("name") or "unnamed pictures"),
        fingerprint=str(data.get("fingerprint") or ""),
        size=" x ".join(map(str, data.get("image_shape") or ())),
        value_range=" to ".join(map(str, run.experiment.get("value_range") or ())),
        division="official" if data.get("official_test") else str(data.get("split") or ""),
        split=split,
        num_pictures=int((data.get("n") or {}).get(split, 0)),
        input="",
    )
    inputs = {str(arm["name"]): _input(arm.get("description")) for arm in run.experiment.get("arms", [])}
    shared = inputs[next(iter(inputs))] if len(set(inputs.values())) == 1 else _input(None)
    return {name: replace(pictures, input=given) for name, given in {**inputs, "": shared}.items()}


def _input(description: Any) -> str:
    return json.dumps((description or {}).get("corruption") or {"type": "NoCorruption"}, sort_keys=True)
