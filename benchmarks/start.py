"""How long the command line takes to answer, and to come to its first training step."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from turns import Figures, How, in_turns, record, seconds_of

FIRST_STEP = """
import os, sys
from narrows.training.state import TrainingState
def stop(self, interrupted):
    sys.stdout.flush()
    os._exit(0)
TrainingState.after_step = stop
from narrows.cli import main
sys.argv = ["narrows", *sys.argv[1:]]
main()
"""
"""The command line in a process that ends with its first training step."""


def measure(how: How) -> dict[str, Any]:
    """Seconds of whole processes."""
    folder = how.scratch / "run"
    program = [sys.executable, "-m", "narrows"]
    answer([*program, "run", "quickstart", "--quick", "--out", str(folder)])
    runs = iter(range(10**6))

    every: dict[str, Callable[[int], Figures]] = {
        "narrows --help": timed(lambda: [*program, "--help"]),
        "narrows list": timed(lambda: [*program, "list"]),
        "narrows run, to the first step": timed(lambda: first_step(how.scratch / f"first-{next(runs)}")),
        "narrows report": timed(lambda: [*program, "report", str(folder)]),
    }
    return {"rounds": in_turns(every, how.count(9, 1))}


def first_step(folder: Path) -> list[str]:
    """The command that runs an experiment up to its first training step."""
    return [sys.executable, "-c", FIRST_STEP, "run", "quickstart", "--out", str(folder)]


def timed(command: Callable[[], Sequence[str]]) -> Callable[[int], Figures]:
    """Seconds from starting a process to its end."""
    return lambda _: {"seconds": seconds_of(lambda: answer(command()))}


def answer(command: Sequence[str]) -> None:
    """Run a command to its end, unseen.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode:
        raise RuntimeError(f"expected {command} to succeed, found: {done.stderr}")


if __name__ == "__main__":
    record("start", measure)
