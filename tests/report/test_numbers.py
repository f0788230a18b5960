import math

import pytest

from narrows.report.numbers import count, duration, figure, measured, percent
from narrows.report.text import visible
from narrows.results import Interval


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0173456, "0.01735"),
        (13.9, "13.90"),
        (30.0, "30"),
        (0.0, "0"),
        (-1.5, "\u22121.500"),
        (1137000.0, "1\u202f137\u202f000"),
        (0.000012345, "1.234 \u00d7 10⁻⁵"),
        (math.inf, "∞"),
        (math.nan, "\u2013"),
    ],
)
def test_a_figure_has_four_significant_digits(value: float, shown: str) -> None:
    assert figure(value) == shown


def test_a_mean_ends_at_the_second_digit_of_its_half_width() -> None:
    assert measured(Interval(13.8712, 0.1234, 3)) == "13.87 ± 0.12"
    assert measured(Interval(1234.5, 45.6, 3)) == "1\u202f234 ± 46"  # 1234.5 rounds half to even
    assert measured(Interval(0.5, math.nan, 1)) == "0.5000"


def test_counts_shares_and_durations_read_as_one_says_them() -> None:
    assert count(9999) == "9999"
    assert count(10000) == "10\u202f000"
    assert percent(0.168) == "16.8\u202f%"
    assert [duration(seconds) for seconds in (48.0, 210.0, 7560.0)] == ["48 s", "3.5 min", "2.1 h"]


def test_unseen_and_turning_characters_become_signs() -> None:
    assert visible("a\x00b\u202ec\td\n") == "a\ufffdb\ufffdc\td\n"
