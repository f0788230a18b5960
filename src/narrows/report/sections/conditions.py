"""What follows from the condition of the input: a figure for each of its numbers."""

from narrows.report.page import Section
from narrows.report.sections.curves import numeric, over
from narrows.report.sections.hiding import hidings
from narrows.report.sections.noise import levels
from narrows.report.subject import Subject

_NAMES_OF_PICTURES = ("pictures", "draw", "labels")
"""Keys of a condition whose numbers name what was measured rather than how hard it was."""


def conditions(subject: Subject) -> Section | None:
    """One figure for each numeric key of the conditions; noise and masks have sections of their own.

    Those stand where nothing but the one thing is done to the input.
    """
    keys = dict.fromkeys(
        name
        for key in subject.measures
        if key.evaluation == "reconstruction"
        for name, value, _ in numeric(key.condition)
        if name not in _NAMES_OF_PICTURES
    )
    elsewhere = (*(("noise",) if levels(subject) else ()), *(("hidden", "patch") if hidings(subject) else ()))
    shown = [name for name in keys if name not in elsewhere]
    plots = tuple(plot for name in shown if (plot := over(subject, name)) is not None)
    return Section("conditions", "As the input gets harder", plots) if plots else None
