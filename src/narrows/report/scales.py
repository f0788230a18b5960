"""What colours that stand for numbers mean, and where their scale ends."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrows.report.numbers import MINUS, figure
from narrows.report.page import Picture, Scale
from narrows.report.raster import heat, signed

_COVERED = 0.99


class Top(NamedTuple):
    """Where a scale ends, and the largest value, which may lie beyond."""

    value: float
    largest: float

    @property
    def label(self) -> str:
        """What stands at the scale's end."""
        return figure(self.value, 2) + (" and above" if self.largest > self.value else "")

    @property
    def sentence(self) -> str:
        """What a caption says of the scale."""
        beyond = f", which ends at {figure(self.value, 2)}; the largest value is {figure(self.largest, 2)}"
        return f"One scale for all arms{beyond if self.largest > self.value else ''}."


def shared_top(arrays: Sequence[NDArray[Any]]) -> Top:
    """One scale's end for all of `arrays`: the 99 % quantile of their values together, rounded up to two digits.

    Up to the largest value, a few dead pixels of one arm would leave no colours to all others.
    """
    values = np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays])
    largest = float(np.nan_to_num(values, nan=np.inf, posinf=np.inf).max())
    finite = values[np.isfinite(values)]
    if not finite.any():
        return Top(0.0, largest)
    quantile = float(np.quantile(finite, _COVERED)) or float(finite.max())
    digit = 10.0 ** (math.floor(math.log10(quantile)) - 1)
    rounded = float(f"{math.ceil(round(quantile / digit, 6)) * digit:.2g}")
    return Top(min(rounded, largest), largest)


def heat_scale(top: Top) -> Scale:
    """What the colours of `heat` mean."""
    band = heat(np.linspace(0.0, 1.0, 64)[None, None], 1.0)
    return Scale(
        Picture(band, "colour scale from the page's ground to the strongest colour", coded=True), "0", top.label
    )


def signed_scale(low: str = "negative", high: str = "positive") -> Scale:
    """What the colours of `signed` mean."""
    band = signed(np.linspace(-1.0, 1.0, 64)[None, None], 1.0)
    return Scale(Picture(band, "colour scale from blue over neutral to vermilion", coded=True), low, high)


def difference_scale(top: Top) -> Scale:
    """What the colours of differences mean."""
    return signed_scale(MINUS + top.label.replace("above", "below"), top.label)
