"""Tensors and plain facts in one file that cannot run code, and a history as columns of numbers."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
import torch
from safetensors import safe_open
from torch import Tensor

from narrows.files import write_atomic


class HistoryEntry(NamedTuple):
    """One value of one loss term; `split` train is a step's, validation an epoch's."""

    step: int
    epoch: int
    seconds: float
    term: str
    split: str
    value: float


@dataclass(frozen=True)
class StateFile:
    """A training's state in one safetensors file, which cannot run code; appears by atomic rename."""

    path: Path

    def save(self, tensors: dict[str, Any], facts: dict[str, Any]) -> None:
        """Write nested dictionaries of tensors and plain facts."""
        flat = {key: value.detach().cpu().contiguous() for key, value in flatten(tensors).items()}
        write_atomic(self.path, safetensors.torch.save(flat, {"facts": json.dumps(facts)}))

    def load(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """What `save` wrote, or None where there is no file.

        Raises:
            ValueError: the file is no state.
        """
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                facts = json.loads(file.metadata()["facts"])
                return nest({key: file.get_tensor(key) for key in file.keys()}), facts  # noqa: SIM118  no mapping
        except Exception as error:
            found = f"found {error}; delete it to start anew"
            raise ValueError(f"expected a training state in {self.path}, {found}") from error

    def remove(self) -> None:
        """Delete the file, once the finished model stands in its place."""
        self.path.unlink(missing_ok=True)


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Tensor]:
    """Nested dictionaries as one, keys joined by '/'."""
    flat: dict[str, Tensor] = {}
    for key, value in tree.items():
        flat |= flatten(value, f"{prefix}{key}/") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def nest(flat: dict[str, Tensor]) -> dict[str, Any]:
    """The inverse of `flatten`."""
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *path, last = key.split("/")
        branch = tree
        for name in path:
            branch = branch.setdefault(name, {})
        branch[last] = value
    return tree


def pack_history(history: list[HistoryEntry]) -> tuple[dict[str, Tensor], list[list[str]]]:
    """Columns of numbers as tensors, and the (term, split) pairs that their `kind` column counts."""
    kinds = list(dict.fromkeys((entry.term, entry.split) for entry in history))
    columns = {
        "step": torch.tensor([entry.step for entry in history], dtype=torch.int64),
        "epoch": torch.tensor([entry.epoch for entry in history], dtype=torch.int64),
        "seconds": torch.tensor([entry.seconds for entry in history], dtype=torch.float64),
        "value": torch.tensor([entry.value for entry in history], dtype=torch.float64),
        "kind": torch.tensor([kinds.index((entry.term, entry.split)) for entry in history], dtype=torch.int64),
    }
    return columns, [list(kind) for kind in kinds]


def unpack_history(columns: dict[str, Tensor], kinds: list[list[str]]) -> list[HistoryEntry]:
    """The inverse of `pack_history`."""
    names = ("step", "epoch", "seconds", "value", "kind")
    rows = zip(*(columns[name].tolist() for name in names), strict=True)
    return [
        HistoryEntry(step, epoch, seconds, kinds[kind][0], kinds[kind][1], value)
        for step, epoch, seconds, value, kind in rows
    ]
