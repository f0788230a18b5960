"""The pictures that are shown of every arm: which they are, the originals, the answers."""

from collections.abc import Sequence
from typing import Any

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
    held = [subject.reconstructions[arm.name]["index"].tolist() for arm in arms]
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
