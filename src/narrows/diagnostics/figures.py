"""Checks of figures against each other: a run's over the strengths of a task, and those that a source report states."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from narrows.diagnostics.arms import Arm, conditions, trained
from narrows.results import Finding, Reported, Run

STRENGTHS = {
    "GaussianNoise": "sigma",
    "PhotographNoise": "sigma",
    "SaltAndPepper": "share",
    "PixelMask": "ratio",
    "PatchMask": "ratio",
}
"""Which setting of a corruption says how hard it makes the task."""

HARDER = ("noise", "hidden")
"""Conditions whose greater number is the harder task."""

ERRORS = ("mse", "mae", "squared_error")

MATRIX_PRODUCTS = ("matrix_product_lowest", "matrix_product_highest")

FALLS = 0.02
"""Share by which the error at the greatest strength lies below that at the least: figures of two digits round to 1 %
or less where they are compared, and one set of pictures serves all strengths."""

SAME = 0.01
"""Share by which errors may differ and count as the same: the energy of noise grows with the square of its strength,
by `WIDER` squared = 2.25 or more over those compared."""

WIDER = 1.5
"""How many times the least strength the greatest is before errors ought to differ."""

EIGHT_BITS = 20 * math.log10(255)
"""48.13 dB: what a psnr gains where the peak is taken for 255 and the pictures stand in [0, 1]."""

ROUNDING = 10 * math.log10(12 * 255**2)
"""58.92 dB: the psnr of a picture that is merely rounded to 8 bits, a uniform error of variance 1 / (12 255^2)."""

BELOW = 0.25
"""Decibels that a mean psnr may fall short of the psnr of the mean error: an mse of two digits is rounded by up to 5 %,
0.21 dB. Beyond that Jensen's inequality forbids it: the mean of a convex function is at least that of the mean."""

ABOVE = 6.0
"""Decibels that it may exceed it. Where pictures' psnr spreads by s dB, normally distributed, the excess is
s^2 ln(10) / 20: 6 dB take a spread of 7, twice what natural pictures show; a doubled peak alone gives 6.02."""


class Series(NamedTuple):
    """One arm's errors from the easiest task to the hardest, everything else equal."""

    arm: str
    where: str
    """Whose figures they are, and of what."""
    key: str
    points: tuple[tuple[float, float], ...]
    """Strength and error, by rising strength."""


def error_falls_as_task_gets_harder(run: Run) -> Iterable[Finding]:
    """Fault: more noise or more hidden pixels, and less error: the task is not the one that is named.

    Threshold: at the greatest strength the error is more than `FALLS` below that at the least. Strengths under the one
    that an arm was trained at are left out, where it may well be worse. Report 000's masking falls so, from 20 to 80 %.
    """

    def falls(points: tuple[tuple[float, float], ...]) -> bool:
        return points[-1][1] < (1 - FALLS) * points[0][1]

    yield from _over_strengths(
        run,
        falls,
        "error falls as the task gets harder",
        "Measure one trained model at every strength, on the same pictures and against the clean ones.",
    )


def same_error_at_every_strength(run: Run) -> Iterable[Finding]:
    """Fault: the error does not move while the corruption grows: the model never saw it, or its output is constant.

    Threshold: at least three strengths, `WIDER` apart, whose errors differ by less than `SAME`. Report 004's noise,
    added to pictures of 0 to 255, gives 11.894 to 11.899 from 0.5 to 0.9.
    """

    def same(points: tuple[tuple[float, float], ...]) -> bool:
        values = [error for _, error in points]
        apart = len(points) >= 3 and points[-1][0] >= WIDER * points[0][0]
        return apart and max(values) - min(values) < SAME * min(values)

    yield from _over_strengths(
        run,
        same,
        "same error at every strength",
        "Look at the corrupted input: add the corruption on the scale that the pictures have.",
    )


def psnr_contradicts_error(run: Run) -> Iterable[Finding]:
    """Fault: a reported psnr that its mse cannot have, or that no lossy picture has: a wrong peak, most often 255.

    Thresholds: from `BELOW` under to `ABOVE` over 10 log10(1 / mse) of the same arm, condition and split; without an
    mse, `ROUNDING`. Report 003 states 62.8 dB for pictures that it calls blurry.
    """
    for arm, rows in _reported(run, "psnr").items():
        if said := "; ".join(filter(None, (_psnr_fault(run, row) for row in rows))):
            yield Finding(
                "error",
                "PSNR and MSE contradict each other",
                arm,
                said,
                "Compute psnr with the peak that the pictures have: 1 for pictures in [0, 1].",
            )


def ssim_contradicts_error(run: Run) -> Iterable[Finding]:
    """Fault: a reported ssim near 1 for pictures with a visible error, as a data range of 255 gives it on [0, 1].

    Threshold: 1 - mse / 4. In a window of pictures in [0, 1] luminance costs at least half the squared difference of
    the means, structure twice the variance of the error, so that ssim is at most 1 - mse / 2; the other half is for
    borders, which windows see less of. Without an mse the corrected psnr gives one.
    """
    for arm, rows in _reported(run, "ssim").items():
        mse = {row: 10 ** (-_true_psnr(run, row) / 10) for row in rows}
        if said := [
            f"{where_stated(row)}: ssim {row.value:g} with an mse of {mse[row]:.2g}"
            for row in rows
            if row.value > 1 - mse[row] / 4
        ]:
            yield Finding(
                "error",
                "SSIM higher than its error allows",
                arm,
                "; ".join(said),
                "Compute ssim with the data range that the pictures have: 1 for pictures in [0, 1].",
            )


def matrix_product_as_error(run: Run) -> Iterable[Finding]:
    """Fault: a difference times itself as a matrix, its entries summed, passes for a squared error.

    Threshold: any reported matrix product, and any reported error below 0, which no sum of squares is. The sum is the
    product of the difference's row sums and column sums: report 004 states -21.2 to 85.6 for its ten pictures.
    """
    for arm in dict.fromkeys(row.arm for row in run.reported):
        rows = [row for row in run.reported if row.arm == arm and _no_squared_error(row)]
        if rows:
            said = ", ".join(f"{row.metric.replace('_', ' ')} {row.value:g}" for row in rows)
            right = run.mean(arm, "squared_error", split=rows[0].split, condition=rows[0].condition)
            beside = "" if math.isnan(right) else f"; the same pictures' mean squared error is {right:.4g} in this run"
            yield Finding(
                "error",
                "matrix product as error",
                arm,
                f"{where_stated(rows[0])}: {said}; a squared error is never negative{beside}",
                "Square the difference entry by entry: np.square(d).sum(), not np.dot(d, d).sum().",
            )


def _no_squared_error(row: Reported) -> bool:
    return row.metric in MATRIX_PRODUCTS or (row.metric in ERRORS and row.value < 0)


def _over_strengths(
    run: Run, fault: Callable[[tuple[tuple[float, float], ...]], bool], name: str, cure: str
) -> Iterator[Finding]:
    """One warning an arm that names every series that shows a fault."""
    said: dict[str, list[str]] = {}
    for series in [*_measured_series(run), *_reported_series(run)]:
        if fault(series.points):
            stated = ", ".join(f"{error:.6g} at {series.key}={strength:g}" for strength, error in series.points)
            said.setdefault(series.arm, []).append(f"{series.where}: {stated}")
    for arm, where in said.items():
        yield Finding("warning", name, arm, "; ".join(where), cure)


def _measured_series(run: Run) -> Iterator[Series]:
    """The mse of every arm over a condition's strengths, mean over seeds, from the strength that it was trained at."""
    for arm in trained(run):
        figures = [
            (f"{row.evaluation}, {row.split} mse", row.condition, row.value)
            for row in run.results
            if row.arm == arm.name and row.metric == "mse" and row.condition
        ]
        yield from _series(arm.name, figures, least=_trained_strength(arm))


def _reported_series(run: Run) -> Iterator[Series]:
    """The errors that a report states of an arm over a condition's strengths."""
    for arm in dict.fromkeys(row.arm for row in run.reported):
        figures = [
            (f"report {row.report}, {row.split} {row.metric}", row.condition, row.value)
            for row in run.reported
            if row.arm == arm and row.metric in ERRORS
        ]
        yield from _series(arm, figures, least=0.0)


def _series(arm: str, figures: Iterable[tuple[str, str, float]], *, least: float) -> Iterator[Series]:
    grouped: dict[tuple[str, str], dict[float, list[float]]] = {}
    for where, condition, error in figures:
        pairs = conditions(condition)
        key = next((key for key in HARDER if key in pairs), None)
        # More hidden pixels make the visible ones no harder.
        if key is None or pairs.get("pixels") == "visible" or (strength := float(pairs.pop(key))) < least:
            continue
        place = " ".join([where, *(f"{name}={value}" for name, value in pairs.items())])
        grouped.setdefault((place, key), {}).setdefault(strength, []).append(error)
    for (place, key), points in grouped.items():
        if len(points) > 1:
            errors = ((strength, math.fsum(values) / len(values)) for strength, values in sorted(points.items()))
            yield Series(arm, place, key, tuple(errors))


def _trained_strength(arm: Arm) -> float:
    """The strength of an arm's corruption, the least of a range; 0 where it has none."""
    corruption = arm.part("corruption")
    strength = corruption.get(STRENGTHS.get(corruption.get("type", ""), ""), 0.0)
    return float(min(strength) if isinstance(strength, list) else strength)


def _reported(run: Run, metric: str) -> dict[str, list[Reported]]:
    """The reported figures of one metric by arm."""
    rows: dict[str, list[Reported]] = {}
    for row in run.reported:
        if row.metric == metric:
            rows.setdefault(row.arm, []).append(row)
    return rows


def where_stated(row: Reported) -> str:
    """Where a reported figure stands: report, split and condition."""
    return " ".join(filter(None, (f"report {row.report}, {row.split}", row.condition)))


def _beside(run: Run, row: Reported, metric: str) -> float | None:
    """Another metric that the same report states of the same arm, data, condition and split."""
    same = row._replace(metric=metric)[:7]
    return next((other.value for other in run.reported if other[:7] == same and other.value > 0), None)


def _implied_psnr(run: Run, row: Reported) -> float | None:
    mse = _beside(run, row, "mse")
    return None if mse is None else -10 * math.log10(mse)


def _psnr_fault(run: Run, row: Reported) -> str:
    """What is wrong with a reported psnr, with the figure that it stands for; empty where nothing is."""
    implied = _implied_psnr(run, row)
    if implied is None:
        if row.value <= ROUNDING:
            return ""
        return (
            f"{where_stated(row)}: {row.value:g} dB, where rounding to 8 bits alone leaves {ROUNDING:.1f} dB; less "
            f"20 log10 255 = {EIGHT_BITS:.2f} dB, the mistake of a peak of 255, it is {row.value - EIGHT_BITS:.1f} dB"
        )
    excess = row.value - implied
    if -BELOW <= excess <= ABOVE:
        return ""
    said = f"{where_stated(row)}: {row.value:g} dB, where its mse gives {implied:.1f} dB"
    if -BELOW <= excess - EIGHT_BITS <= ABOVE:
        return f"{said}: 20 log10 255 = {EIGHT_BITS:.2f} dB too much, the mistake of a peak of 255"
    return f"{said}: as if the peak were {10 ** (excess / 20):.3g}"


def _true_psnr(run: Run, row: Reported) -> float:
    """The psnr that a row's pictures must have: by their mse, else as stated without a peak of 255; inf if unknown."""
    implied = _implied_psnr(run, row)
    if implied is not None:
        return implied
    stated = _beside(run, row, "psnr")
    if stated is None:
        return math.inf
    return stated - EIGHT_BITS if stated > ROUNDING else stated
