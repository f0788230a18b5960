"""What every benchmark shares: ways that take turns, and a JSON file that says where its figures come from."""

import argparse
import gc
import importlib.metadata
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch

from narrows.experiments.environment import environment
from narrows.files import write_json

ROOT = Path(__file__).resolve().parents[1]
RECORDED, QUICK = ROOT / "docs" / "benchmarks", ROOT / "build" / "benchmarks"
"""Where the figures of the page are, and those of a quick look, which the page never shows."""
PEERS = ("pythae", "autoencoders", "onnxruntime", "pillow")

Figures: TypeAlias = dict[str, float]
"""What one turn of one way gives, by name."""
Rounds: TypeAlias = dict[str, dict[str, list[float]]]
"""By way and figure, a value a round."""


@dataclass(frozen=True)
class How:
    """What a benchmark is asked."""

    quick: bool
    """Whether only to see that it works."""
    data_root: Path | None
    scratch: Path
    """An empty folder, deleted afterwards."""

    def count(self, full: int, quick: int) -> int:
        """How many of something."""
        return quick if self.quick else full


def in_turns(ways: Mapping[str, Callable[[int], Figures]], rounds: int) -> Rounds:
    """Call every way once a round, in turn: what disturbs the machine for a while then meets all of them.

    Each is told the round, from 0, as a seed.
    """
    found: Rounds = {name: {} for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            gc.collect()
            for figure, value in way(number).items():
                found[name].setdefault(figure, []).append(value)
            said = ", ".join(f"{figure} {values[-1]:.4g}" for figure, values in found[name].items())
            print(f"round {number + 1} of {rounds}, {name}: {said}", file=sys.stderr, flush=True)
    return found


def seconds_of(work: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def record(subject: str, measure: Callable[[How], dict[str, Any]]) -> None:
    """Measure a subject as the command line asks and write its JSON file, with machine, versions and commit."""
    parser = argparse.ArgumentParser(description=f"Measure {subject}.")
    parser.add_argument("--quick", action="store_true", help="see that it works; written to build/benchmarks")
    parser.add_argument("--data-root", type=Path, help="folder of the official data files; random pictures without it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        measured = measure(How(asked.quick, asked.data_root, Path(folder)))
        seconds = time.perf_counter() - start
    place = environment(f"make bench NAME={subject}", torch.device("cpu"), "auto")
    content = {
        "environment": place | {name: version(name) for name in PEERS} | {"seconds": round(seconds, 1)},
        "quick": asked.quick,
        "measured": measured,
    }
    path = (QUICK if asked.quick else RECORDED) / f"{subject}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, content)
    print(path, file=sys.stderr)


def version(package: str) -> str:
    """Of a package; empty where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
