"""The smallest sweep: a plain network on embedded digits."""

import os
import subprocess
import sys
from pathlib import Path

TINY = ["quickstart", "--set", "arms=compared*", "--set", "model.widths=16", "--set", "training.epochs=2"]
SETTINGS = ("arms=compared*", "model.widths=16", "training.epochs=2")

KILLED = """
import os, signal, sys
import narrows.training.optimize
sys.modules["narrows.training.optimize"].SAVE_SECONDS = 0.0
import narrows.experiments.run as run
run.write_report = lambda folder: (folder / "report.html").write_text("drawn")
from narrows.training.state import TrainingState
save, count = TrainingState.save, [0]
def strike(self, state, *, every):
    save(self, state, every=every)
    count[0] += 1
    if count[0] == {step}:
        os.kill(os.getpid(), signal.SIGKILL)
TrainingState.save = strike
sys.argv = ["narrows", "sweep", *{words!r}]
from narrows.cli import main
main()
"""
"""A sweep whose process is killed after so many steps, the last of which it has saved."""

STEPS = 2 * 23
"""Of one training: 2 epochs of 1 437 pictures in batches of 64."""


def write_little(folder: Path) -> Path:
    """In place of a point's report, whose drawing is the report's own subject and takes most of a small run's time."""
    (folder / "report.html").write_text("drawn")
    return folder / "report.html"


def start(*arguments: str, here: Path) -> "subprocess.Popen[str]":
    """A process of its own, in a folder."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=here,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
