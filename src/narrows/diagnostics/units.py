"""Losses that a source report states in units of its own, brought to pictures in [0, 1]."""

import math
from collections.abc import Iterable

from narrows.diagnostics.arms import Arm, trained
from narrows.diagnostics.figures import where_stated
from narrows.results import LOSSES, Finding, Reported, Run


def loss_of_standardised_pictures(run: Run) -> Iterable[Finding]:
    """Fault: a reported loss is of pictures less a mean over a deviation, and passes for one of pictures in [0, 1].

    A mean squared error is then deviation^-2 times as large. Threshold: any such loss is a note; an error where the
    lowest is above the mean picture's, for then nothing was learned, or it is no such loss. Report 002 ends at 0.26
    where the mean picture has 0.12, and states a psnr beside it that the range of 2 does not give; report 003's 0.228
    is 0.057.
    """
    for arm in trained(run):
        rows = [row for row in run.reported if row.arm == arm.name and row.metric in LOSSES]
        if not rows or arm.part("model").get("type") != "Standardised":
            continue
        scale = float(arm.part("model")["deviation"]) ** 2
        lowest = min(rows, key=lambda row: row.value)
        mean = run.mean("mean picture", "mse", split=run.judged_split) * _terms(arm)
        if math.isnan(mean):
            continue
        above = lowest.value * scale > mean
        said = (
            f"{where_stated(lowest)}: a loss of {lowest.value:g}, of pictures in "
            f"[0, 1] {lowest.value * scale:.3g}; the mean picture has {mean:.3g}{_peak(run, lowest)}"
        )
        yield Finding(
            "error" if above else "note",
            "reported loss above the mean picture's" if above else "loss of standardised pictures",
            arm.name,
            said,
            "State losses of pictures in [0, 1], or the mean and deviation that they were standardised by.",
        )


def _terms(arm: Arm) -> int:
    """How many sources a total adds up; 1 where there are none."""
    return max(1, len(arm.part("objective").get("source_names", ())))


def _peak(run: Run, row: Reported) -> str:
    """The peak that a psnr of the same arm would have had with this loss; empty where none is stated."""
    stated = [other.value for other in run.reported if (other.arm, other.metric) == (row.arm, "psnr")]
    if len(stated) != 1:
        return ""
    peak = math.sqrt(row.value) * 10 ** (stated[0] / 20)
    return f"; a psnr of {stated[0]:g} dB with it takes a peak of {peak:.3g}"
