"""One page and its figures, from a run folder alone."""

from narrows.report.writing import write_report

__all__ = ["write_report"]
