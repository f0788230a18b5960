"""Several runs on one page, as CSV and as LaTeX, from their folders alone."""

from narrows.comparison.writing import Compared, compare

__all__ = ["Compared", "compare"]
