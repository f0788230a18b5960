"""The command line in a process of its own that costs no import: forked from one that has imported all."""

import io
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl
import torch

import narrows.cli
import narrows.training.optimize

PATIENCE_SECONDS = 1800.0
"""For a command of a few seconds, on a machine that is busy with others."""
SMALL = ("run", "quickstart", "--set", "training.epochs=4", "--precision", "float32")
"""A whole run: baselines, two trained networks, evaluation and a report, on embedded digits."""


def prepare(save_seconds: float) -> None:
    """Make this process one to fork from: no threads, which a fork would lose, and states written often.

    Args:
        save_seconds: between two states of a training, of which a user's run lets 30 pass.
    """
    torch.set_num_threads(1)
    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: F401  imported once, not in every process
    import sklearn.datasets  # noqa: F401

    import narrows.experiments.run
    import narrows.report.drawing  # noqa: F401

    set_save_seconds(save_seconds)


def set_save_seconds(seconds: float) -> None:
    """How often a training's state is written in processes that are forked from now on."""
    vars(sys.modules["narrows.training.optimize"])["SAVE_SECONDS"] = seconds


@dataclass
class Process:
    """A command under way."""

    pid: int
    pipe: int
    """Of what it prints, both streams."""
    status: int | None = None
    """As a shell has it; minus the signal where one ended it."""
    printed: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        """What it has printed."""
        return " ".join(self.printed.decode(errors="replace").split())

    def poll(self) -> bool:
        """Whether it has ended; what it prints is taken, so that it need not wait."""
        while chunk := self._read():
            self.printed += chunk
        if self.status is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.status = os.waitstatus_to_exitcode(status)
                while chunk := self._read():
                    self.printed += chunk
                os.close(self.pipe)
        return self.status is not None

    def wait(self, seconds: float = PATIENCE_SECONDS, until: Callable[[], bool] = lambda: False) -> None:
        """Wait until it ends, something is so, or time is up."""
        end = time.monotonic() + seconds
        while not self.poll() and not until() and time.monotonic() < end:
            time.sleep(0.002)

    def strike(self, number: signal.Signals) -> None:
        """Send a signal, and wait for the end."""
        if not self.poll():
            os.kill(self.pid, number)
            self.wait()

    def _read(self) -> bytes:
        if self.status is not None:
            return b""
        try:
            return os.read(self.pipe, 65536)
        except BlockingIOError:
            return b""


def start(words: Sequence[str], before: Callable[[], object] | None = None) -> Process:
    """Run `narrows WORDS` in a fork of this process.

    Args:
        words: of the command line.
        before: called in the new process first, to break something there.
    """
    pipe, end = os.pipe()
    os.set_blocking(pipe, False)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.close(pipe)
        os._exit(as_command(words, end, before))
    os.close(end)
    return Process(pid, pipe)


def as_command(words: Sequence[str], end: int, before: Callable[[], object] | None) -> int:
    """Be `narrows WORDS`; its exit status."""
    os.dup2(end, 1)
    os.dup2(end, 2)
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", 0, closefd=False), write_through=True)
    sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", 0, closefd=False), write_through=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    sys.argv = ["narrows", *words]
    try:
        if before is not None:
            before()
        narrows.cli.main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
        return 70
    return 0


def finish(words: Sequence[str], before: Callable[[], object] | None = None) -> Process:
    """Run `narrows WORDS` to its end; one that does not come to it is killed."""
    process = start(words, before)
    process.wait()
    process.strike(signal.SIGKILL)
    return process


def unbroken(scratch: Path) -> Path:
    """A run folder that nothing disturbed, to compare with."""
    folder = scratch / "whole"
    process = finish([*SMALL, "--out", str(folder)])
    assert process.status == 0, process.text
    return folder


def go_on(folder: Path, words: Sequence[str] = SMALL) -> Process:
    """Do what a user does with a run that was stopped: resume it, or start it where nothing was kept."""
    resume = ["--resume"] if (folder / "experiment.json").is_file() else []
    return finish([*words, "--out", str(folder), *resume])


def is_sentence(process: Process, *found: str) -> bool:
    """Whether a command ended with exit status 2 and one sentence that has these words, and no traceback."""
    return process.status == 2 and "Traceback" not in process.text and all(word in process.text for word in found)
