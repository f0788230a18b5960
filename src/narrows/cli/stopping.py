"""What a user is told where a run is stopped."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from narrows.cli.show import printable

INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""


def complain(text: str) -> None:
    """One line to standard error."""
    typer.secho(f"narrows: {printable(text)}", err=True, fg=typer.colors.RED if sys.stderr.isatty() else None)


@contextmanager
def going_on(folder: Path, *options: str) -> Iterator[None]:
    """Say how to go on with what Ctrl-C stops, by the same command with these options and its folder, and exit."""
    try:
        yield
    except KeyboardInterrupt:
        complain(f"stopped; the same command with {shlex.join([*options, '--out', str(folder)])} goes on from here")
        raise typer.Exit(INTERRUPTED) from None
