"""Numbers as a reader wants them: sensible digits, thin spaces, a true minus."""

import math

from narrows.results import Interval

MISSING = "\u2013"
MINUS = "\u2212"
_TIMES = "\u00d7"
_NARROW_SPACE = "\u202f"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def figure(value: float, digits: int = 4) -> str:
    """A value with `digits` significant digits; whole numbers as they are, a dash for nan.

    >>> figure(0.0173456), figure(13.9), figure(30.0)
    ('0.01735', '13.90', '30')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value.is_integer() and abs(value) < 1e9:
        return count(int(value))
    exponent = math.floor(math.log10(abs(value)))
    if not -5 < exponent < 7:
        mantissa = _typeset(f"{value / 10.0**exponent:.{digits - 1}f}")
        return f"{mantissa} {_TIMES} 10{str(exponent).translate(_SUPERSCRIPT)}"
    return _typeset(f"{value:,.{max(0, digits - 1 - exponent)}f}")


def count(number: int) -> str:
    """A whole number, its thousands parted by a narrow space."""
    return _typeset(f"{number:,}" if abs(number) >= 10_000 else str(number))


def measured(found: Interval) -> str:
    """A mean with its half-width, both cut at the half-width's second digit.

    >>> measured(Interval(13.8712, 0.1234, 3))
    '13.87 ± 0.12'
    """
    if math.isnan(found.half_width) or found.half_width == 0:
        return figure(found.mean)
    decimals = 1 - math.floor(math.log10(found.half_width))
    if decimals > 6:
        return f"{figure(found.mean)} ± {figure(found.half_width, 2)}"
    decimals = max(0, decimals)
    return _typeset(f"{found.mean:,.{decimals}f} ± {found.half_width:,.{decimals}f}")


def percent(share: float, digits: int = 3) -> str:
    """A share as a percentage: `percent(0.168)` is `16.8 %`."""
    return f"{figure(100 * share, digits)}{_NARROW_SPACE}%"


def duration(seconds: float) -> str:
    """Seconds in the unit one would say: `48 s`, `3.5 min`, `2.1 h`."""
    if seconds < 90:
        return f"{figure(seconds, 2)} s"
    return f"{figure(seconds / 60, 2)} min" if seconds < 5400 else f"{figure(seconds / 3600, 2)} h"


def _typeset(text: str) -> str:
    return text.replace(",", _NARROW_SPACE).replace("-", MINUS)
