"""The command line; the only part that prints or exits."""

from narrows.cli.verbs import app, main

__all__ = ["app", "main"]
