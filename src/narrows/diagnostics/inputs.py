"""Checks of what the models were given: its range, its corruption and its splits."""

import math
from collections.abc import Iterable, Mapping

from narrows.diagnostics.arms import SEVERITIES, Arm, conditions, shown, trained
from narrows.results import Finding, Result, Run, Severity

GREY_LEVEL = 1 / 255
"""Share of the range that an input may stand outside it: rounding gives less, another scale gives more."""

NOISE_REACH = 8.0
"""Standard deviations that normal noise is let reach: 8 are passed by one number in 10^15, a test set has 10^8."""

INVISIBLE_DECIBELS = 40.0
"""Above it noise is under a hundredth of the range, 2.6 grey levels of 255: the step in brightness that an eye just
sees is one to two hundredths (Weber's law), and 48.1 dB is a single grey level."""

OTHER_PROJECTION = 1e-3
"""Share by which two errors of one projection may differ: float32 gives 1e-5, the mean left out 2e-2 on MNIST."""

COPIES_OF_A_SET = 0.01
"""Share of validation pictures that may have copies in an official training set: MNIST and FashionMNIST have none, and
one picture in a hundred moves a mean error by a hundredth; a validation set that overlaps by mistake has far more."""


def input_out_of_range(run: Run) -> Iterable[Finding]:
    """Fault: a model trained on one range of values is given another, so that its figures say nothing of it.

    Threshold: the declared value range and the fill of masks, wider by a grey level and by `NOISE_REACH` of the noise.
    Report 004 trained on [0, 1] and measured on 0 to 255, and found PCA better than its autoencoder.
    """
    for arm in trained(run):
        rows = [row for row in _rows(run, arm, "input_minimum", "input_maximum") if _excess(run, arm, row) > 0]
        if rows:
            worst = max(rows, key=lambda row: _excess(run, arm, row))
            low, high = _value_range(run)
            yield Finding(
                "error",
                "input outside the training range",
                arm.name,
                f"the evaluation '{worst.evaluation}' gave it {worst.value:g}, it was trained on {low:g} to {high:g} "
                f"(seeds: {len({row.seed for row in rows})})",
                f"Scale the pictures to {low:g} to {high:g} before the model gets them, and measure again.",
            )


def projected_without_mean(run: Run) -> Iterable[Finding]:
    """Fault: pictures are projected on principal components without the mean subtracted before and added after.

    Threshold: the error as measured in the report stands `OTHER_PROJECTION` above that of the same PCA on the same
    pictures. Report 004's PCA has 13.97 for 13.70 on its ten pictures.
    """
    for arm in trained(run):
        if not arm.closed_form:
            continue
        rows = [row for row in run.results if row.arm == arm.name and row.metric == "squared_error"]
        right = {(row.seed, row.condition, row.split): row.value for row in rows if row.evaluation == "reconstruction"}
        for row in rows:
            proper = right.get((row.seed, row.condition, row.split), math.nan)
            if row.evaluation == "as measured in the report" and row.value > (1 + OTHER_PROJECTION) * proper:
                yield Finding(
                    "error",
                    "projected without the mean",
                    arm.name,
                    f"squared error {row.value:.4g} as measured, {proper:.4g} by the same components with the mean "
                    f"({row.condition})",
                    "Subtract the training pictures' mean before projecting, and add it after.",
                )


def corruption_too_small(run: Run) -> Iterable[Finding]:
    """Fault: the corruption is so weak that a task of undoing it asks for nothing.

    Threshold: `INVISIBLE_DECIBELS`, of the input's psnr, and of the range of the input over a condition's `noise`:
    report 004 added noise of 0.3 to 0.9 to pictures of 0 to 255, 49 dB at most.
    """
    for arm in trained(run):
        psnr = {row.seed: row.value for row in _rows(run, arm, "input_psnr")}
        spans = _spans_over_noise(_rows(run, arm, "input_minimum", "input_maximum"))
        decibels = {seed: max(psnr.get(seed, 0.0), spans.get(seed, 0.0)) for seed in psnr | spans}
        if found := shown(decibels, lambda value: value > INVISIBLE_DECIBELS):
            yield Finding(
                "warning",
                "corruption too small to see",
                arm.name,
                f"the corrupted input is {found.mean:.1f} dB from the clean one, {INVISIBLE_DECIBELS:g} dB is the "
                f"least that shows ({found.seeds})",
                "Raise the corruption, or add it on the scale that the pictures have: sigma counts in their range.",
            )


def same_picture_in_two_splits(run: Run) -> Iterable[Finding]:
    """Fault: pictures of one split stand in another, so that what was learned by heart counts as understood.

    Threshold: any copy. In a set that was divided here that is an error: copies are to be kept on one side. An official
    test set is as it is: a note. So are copies inside an official training set that our validation split fell between,
    up to `COPIES_OF_A_SET`; above it the splits themselves overlap, and that is an error.
    """
    data = run.experiment.get("data", {})
    counts = {pair: count for pair, count in data.get("duplicates", {}).items() if count}
    if counts:
        official = bool(data.get("official_test"))
        severities = {_copies(pair, count, official, data.get("n", {})) for pair, count in counts.items()}
        yield Finding(
            min(severities, key=SEVERITIES.index),
            "same picture in two splits",
            "",
            ", ".join(f"{count} in {pair}" for pair, count in counts.items())
            + (" (the test split is the official one)" if official else " (the splits were made here)"),
            "Drop the copies from the training split, or keep all copies of a picture in one split.",
        )


def _copies(pair: str, count: int, official: bool, sizes: Mapping[str, int]) -> Severity:
    if not official:
        return "error"
    if "test" in pair.split("-"):
        return "note"
    return "note" if count <= COPIES_OF_A_SET * sizes.get("validation", 0) else "error"


def _rows(run: Run, arm: Arm, *metrics: str) -> list[Result]:
    return [row for row in run.results if row.arm == arm.name and row.metric in metrics]


def _value_range(run: Run) -> tuple[float, float]:
    low, high = run.experiment.get("value_range", (0.0, 1.0))
    return float(low), float(high)


def _excess(run: Run, arm: Arm, row: Result) -> float:
    """How far an input stands outside what training showed; at most 0 inside."""
    low, high = _value_range(run)
    corruption = arm.part("corruption")
    fill = float(corruption.get("fill", low))
    noise = max(_highest(corruption.get("sigma", 0.0)), _noise(row))
    slack = GREY_LEVEL * (high - low) + NOISE_REACH * noise
    return max(min(low, fill) - slack - row.value, row.value - max(high, fill) - slack)


def _highest(strength: float | list[float]) -> float:
    """The strongest of a corruption that has one strength or draws from a range."""
    return max(strength) if isinstance(strength, list) else strength


def _noise(row: Result) -> float:
    return float(conditions(row.condition).get("noise", 0.0))


def _spans_over_noise(rows: Iterable[Result]) -> dict[int, float]:
    """Range of the input over its noise in decibels, by seed: the weakest noise of those that conditions name."""
    ends: dict[tuple[int, str, str], list[Result]] = {}
    for row in rows:
        if _noise(row) > 0:
            ends.setdefault((row.seed, row.evaluation, row.condition), []).append(row)
    decibels: dict[int, float] = {}
    for (seed, _, _), pair in ends.items():
        span = max(row.value for row in pair) - min(row.value for row in pair)
        if span > 0:
            decibels[seed] = max(decibels.get(seed, 0.0), 20 * math.log10(span / _noise(pair[0])))
    return decibels
