"""The pictures that are shown of every arm: which they are, the originals, the answers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.numbers import figure
from narrows.report.page import Picture, Strip
from narrows.report.raster import photograph
from narrows.report.subject import Arrays, Subject

_SHOWN = 10


def shown_arms(subject: Subject) -> tuple[Arm, ...]:
    """The arms whose reconstructions the run holds."""
    return tuple(arm for arm in subject.pictured if "reconstruction" in subject.reconstructions[arm.name])


def shown_numbers(subject: Subject, arms: Sequence[Arm]) -> list[int]:
    """The first pictures that all of `arms` hold, by their number in the split."""
    return held_by_all([subject.reconstructions[arm.name] for arm in arms])


def held_by_all(arrays: Sequence[Arrays]) -> list[int]:
    """The first pictures that stand in all of `arrays`, by their number in the split."""
    held = [found["index"].tolist() for found in arrays]
    return [number for number in held[0] if all(number in other for other in held)][:_SHOWN] if held else []


def at(arrays: Arrays, key: str, numbers: Sequence[int]) -> NDArray[Any]:
    """An array's rows of these pictures."""
    place = {number: place for place, number in enumerate(arrays["index"].tolist())}
    found: NDArray[Any] = arrays[key][[place[number] for number in numbers]]
    return found


def originals(arrays: Arrays, numbers: Sequence[int]) -> Strip:
    """What the decoder owes."""
    images = zip(numbers, at(arrays, "target", numbers), strict=True)
    return Strip(
        "original",
        tuple(Picture(photograph(image), f"original, picture {number}") for number, image in images),
    )


def reconstructed(arm: Arm, arrays: Arrays, numbers: Sequence[int]) -> Strip:
    """An arm's answers, each with its squared error."""
    errors = [figure(float(error), 3) for error in at(arrays, "error", numbers)]
    images = zip(numbers, at(arrays, "reconstruction", numbers), errors, strict=True)
    return Strip(
        arm.name,
        tuple(
            Picture(photograph(image), f"picture {number} by {arm.name}, squared error {error}", error)
            for number, image, error in images
        ),
        arm.style,
    )


def studied(
    subject: Subject, arms: Sequence[Arm], study: str, *, needed: set[str], same: tuple[str, ...]
) -> dict[Arm, Arrays]:
    """A study's arrays of each arm's first seed, where they are whole and the arrays `same` are the first arm's."""
    found = {arm: subject.run.arrays(arm.name, arm.seeds[0], study) for arm in arms if arm.seeds}
    whole = {arm: arrays for arm, arrays in found.items() if set(arrays) >= needed and len(arrays["index"])}
    first = next(iter(whole.values()), {})
    return {
        arm: arrays for arm, arrays in whole.items() if all(np.array_equal(arrays[key], first[key]) for key in same)
    }


def in_decibels(
    row: tuple[str, Arm | None], images: NDArray[Any], values: NDArray[np.float64], named: Sequence[str]
) -> Strip:
    """A row's label and arm, its pictures with their decibels, and what each is of."""
    label, arm = row
    pictures = tuple(
        Picture(photograph(image), f"{name}, {label}, {decibels(value)} dB", decibels(value))
        for name, image, value in zip(named, images, values, strict=True)
    )
    return Strip(label, pictures, arm.style if arm else None)


def decibels(value: np.float64) -> str:
    """Decibels as they stand below a picture."""
    return figure(float(value), 3)
