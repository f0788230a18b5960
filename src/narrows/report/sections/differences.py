"""Signed differences from the original: where an arm is too bright, and where too dark."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.numbers import figure
from narrows.report.page import Gallery, Picture, Strip
from narrows.report.raster import difference, display_width
from narrows.report.scales import Top, difference_scale, shared_top
from narrows.report.sections.data import heads
from narrows.report.sections.shown import at, originals, reconstructed, shown_arms, shown_numbers
from narrows.report.subject import Arrays, Subject


def every_difference(subject: Subject) -> Gallery | None:
    """The originals and, a row an arm, what its answers differ by."""
    arms = shown_arms(subject)
    numbers = shown_numbers(subject, arms)
    if not numbers:
        return None
    top = _shared(subject, arms, numbers)
    rows = tuple(_differing(arm, subject.reconstructions[arm.name], numbers, top) for arm in arms)
    return replace(
        _gallery(subject, arms[0], numbers, top),
        name="differences",
        claim="Where every arm is too bright (orange) and too dark (blue).",
        strips=(originals(subject.reconstructions[arms[0].name], numbers), *rows),
        fold="differences from the original",
    )


def differences_of(subject: Subject, arm: Arm) -> Gallery | None:
    """The originals, one arm's answers, and what they differ by."""
    arms = shown_arms(subject)
    numbers = shown_numbers(subject, arms)
    if arm not in arms or not numbers:
        return None
    arrays = subject.reconstructions[arm.name]
    errors = at(arrays, "error", numbers).astype(np.float64)
    top = _shared(subject, arms, numbers)
    plain = _gallery(subject, arm, numbers, top)
    return replace(
        plain,
        claim=f"On these {len(numbers)} pictures {arm.name} has a squared error of {figure(float(errors.mean()), 3)} a"
        f" picture, from {figure(float(errors.min()), 3)} to {figure(float(errors.max()), 3)}.",
        caption="Below each reconstruction, clipped to the visible range, the squared error of the raw output."
        f" {plain.caption}",
        strips=(
            originals(arrays, numbers),
            Strip("reconstruction", reconstructed(arm, arrays, numbers).pictures),
            Strip("difference", _differing(arm, arrays, numbers, top).pictures),
        ),
    )


def _gallery(subject: Subject, arm: Arm, numbers: Sequence[int], top: Top) -> Gallery:
    """What both figures have in common; `arm` gives size and classes."""
    arrays = subject.reconstructions[arm.name]
    channels = ", mean over channels" if arrays["target"].shape[-3] > 1 else ""
    return Gallery(
        name="reconstructions",
        claim="",
        caption=f"Difference: raw output less original{channels}, first seed; orange is too bright, blue too dark."
        f" {top.sentence}",
        strips=(),
        width=display_width(arrays["target"].shape[-1]),
        heads=heads(subject, arrays, list(numbers)),
        scale=difference_scale(top),
    )


def _shared(subject: Subject, arms: Sequence[Arm], numbers: Sequence[int]) -> Top:
    return shared_top([np.abs(_less_original(subject.reconstructions[arm.name], numbers).mean(-3)) for arm in arms])


def _less_original(arrays: Arrays, numbers: Sequence[int]) -> NDArray[Any]:
    found: NDArray[Any] = at(arrays, "reconstruction", numbers) - at(arrays, "target", numbers)
    return found


def _differing(arm: Arm, arrays: Arrays, numbers: Sequence[int], top: Top) -> Strip:
    images = zip(numbers, _less_original(arrays, numbers), strict=True)
    return Strip(
        arm.name,
        tuple(
            Picture(difference(image, top.value), f"picture {number} by {arm.name}, less the original", coded=True)
            for number, image in images
        ),
        arm.style,
    )
