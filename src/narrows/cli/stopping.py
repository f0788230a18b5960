"""What a user is told where a run is stopped."""

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer

from narrows.cli.show import printable

INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""


def complain(text: str) -> None:
    """One line to standard error."""
    typer.secho(f"narrows: {printable(text)}", err=True, fg=typer.colors.RED if sys.stderr.isatty() else None)


@contextmanager
def going_on(folder: Path, *options: str) -> Iterator[None]:
    """Say how to go on with what Ctrl-C or terminate stops, by the same command with its folder, and exit.

    Args:
        folder: where it writes.
        options: that the command wants, once a run is there.
    """

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the signature is Python's
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield
    except KeyboardInterrupt:
        wanted = options if (folder / "experiment.json").is_file() else ()
        complain(f"stopped; the same command with {shlex.join([*wanted, '--out', str(folder)])} goes on from here")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)
