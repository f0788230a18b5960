"""What noise and its removal look like: one picture at every level, and several at each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.page import Gallery, Picture, Strip
from narrows.report.raster import display_width, photograph
from narrows.report.sections.data import heads
from narrows.report.sections.shown import decibels, in_decibels, studied
from narrows.report.subject import Arrays, Subject

_NEEDED = {"levels", "index", "target", "input", "reconstruction", "error"}


def noisy_pictures(subject: Subject) -> tuple[Gallery, ...]:
    """One picture at every level, then, behind a fold each, all pictures of each level."""
    shown = _shown(subject)
    if not shown:
        return ()
    strengths = next(iter(shown.values()))["levels"]
    one = (_every_level(shown),) if len(strengths) > 1 else ()
    each = [_one_level(subject, shown, place) for place in range(len(strengths))]
    return (*one, *(replace(gallery, fold=gallery.fold if one else "") for gallery in each))


def _shown(subject: Subject) -> dict[Arm, Arrays]:
    """The arrays of PCA and the trained arms, as far as they are of the same levels and pictures."""
    arms = [arm for arm in subject.arms if arm.is_pca] + list(subject.trained)
    return studied(subject, arms, "under_noise", needed=_NEEDED, same=("levels", "index"))


def _every_level(shown: Mapping[Arm, Arrays]) -> Gallery:
    first = next(iter(shown.values()))
    strengths, place = first["levels"].tolist(), len(first["index"]) // 2
    number = int(first["index"][place])
    given = _decibels(_noise_error(first)[:, place], first)
    ends = {arm.name: _decibels(arrays["error"][:, place], arrays) for arm, arrays in shown.items()}
    winner = max(ends, key=lambda name: float(ends[name][-1]))
    rows = {"noisy input": (None, first["input"][:, place], given)} | {
        arm.name: (arm, arrays["reconstruction"][:, place], ends[arm.name]) for arm, arrays in shown.items()
    }
    return Gallery(
        name="noise-levels",
        claim=f"From noise {strengths[0]:g} to {strengths[-1]:g} picture {number} falls from {decibels(given[0])} to"
        f" {decibels(given[-1])} dB; “{winner}” brings it to {decibels(ends[winner][0])} and"
        f" {decibels(ends[winner][-1])} dB.",
        caption="One picture at every level, first seed, clipped to the visible range; below each its psnr in dB, of"
        " the raw output.",
        strips=(
            Strip("clean", (Picture(photograph(first["target"][place]), f"clean, picture {number}"),) * len(strengths)),
            *(
                in_decibels(
                    (label, arm), images, values, [f"picture {number} at noise {level:g}" for level in strengths]
                )
                for label, (arm, images, values) in rows.items()
            ),
        ),
        width=display_width(first["target"].shape[-1]),
        heads=tuple(f"noise {level:g}" for level in strengths),
    )


def _one_level(subject: Subject, shown: Mapping[Arm, Arrays], place: int) -> Gallery:
    first = next(iter(shown.values()))
    level, numbers = float(first["levels"][place]), first["index"].tolist()
    given = _decibels(_noise_error(first)[place], first)
    values = {arm.name: _decibels(arrays["error"][place], arrays) for arm, arrays in shown.items()}
    winner = max(values, key=lambda name: float(values[name].mean()))
    named = [f"picture {number}" for number in numbers]
    clean = zip(named, first["target"], strict=True)
    return Gallery(
        name=f"noise-{place}",
        claim=f"At noise {level:g} “{winner}” comes closest on these {len(numbers)} pictures:"
        f" {decibels(values[winner].mean())} dB, from an input of {decibels(given.mean())} dB.",
        caption="First seed, clipped to the visible range; below each picture its psnr in dB, of the raw output.",
        strips=(
            Strip("clean", tuple(Picture(photograph(image), f"clean, {name}") for name, image in clean)),
            in_decibels(("noisy input", None), first["input"][place], given, named),
            *(
                in_decibels((arm.name, arm), arrays["reconstruction"][place], values[arm.name], named)
                for arm, arrays in shown.items()
            ),
        ),
        width=display_width(first["target"].shape[-1]),
        heads=heads(subject, first, numbers),
        fold=f"pictures at noise {level:g}",
    )


def _noise_error(arrays: Arrays) -> NDArray[np.float64]:
    """Squared error of every noisy input (level, picture)."""
    given: NDArray[np.float64] = arrays["input"].astype(np.float64)
    return np.asarray(((given - arrays["target"]) ** 2).sum((-3, -2, -1)))


def _decibels(errors: NDArray[Any], arrays: Arrays) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio, peak 1, from the squared error of a picture."""
    pixels = float(np.prod(arrays["target"].shape[1:]))
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(pixels / np.asarray(errors, np.float64)))
