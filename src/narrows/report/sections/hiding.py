"""Which masks arms were judged under, whatever they were trained on."""

import re
from typing import NamedTuple

from narrows.report.numbers import percent
from narrows.report.subject import Subject

_CONDITION = re.compile(r"hidden=(?P<ratio>\d+(?:\.\d+)?)(?: patch=(?P<patch>\d+))?")


class Hiding(NamedTuple):
    """A share of the picture that was hidden, as patches of `patch` pixels a side or, where that is 0, single pixels.

    In the order of the page: single pixels first, smaller shares first.
    """

    patch: int
    ratio: float
    condition: str
    """What stands in results.csv where all pixels are judged."""

    @property
    def share(self) -> str:
        """As a sentence says it: `20 %`."""
        return percent(self.ratio)


def hidings(subject: Subject) -> tuple[Hiding, ...]:
    """The masks, and nothing else, under which arms were judged."""
    conditions = {
        key.condition for key in subject.measures if (key.evaluation, key.split) == ("reconstruction", subject.split)
    }
    found = [(match, condition) for condition in conditions if (match := _CONDITION.fullmatch(condition))]
    return tuple(sorted(Hiding(int(match["patch"] or 0), float(match["ratio"]), name) for match, name in found))


def of_a_part(subject: Subject, condition: str) -> bool:
    """Whether a condition is of the hidden or the visible pixels alone under one of these masks."""
    whole, part, _ = condition.partition(" pixels=")
    return bool(part) and any(hiding.condition == whole for hiding in hidings(subject))


def kind_of(patch: int) -> str:
    """What is hidden: single pixels, or patches and their size."""
    return f"{patch}\u00a0\u00d7\u00a0{patch} patches" if patch else "single pixels"
