"""Pictures that variational arms decode from draws of their prior."""

from narrows.report.arms import Arm
from narrows.report.numbers import count
from narrows.report.page import Gallery, Picture, Section, Strip
from narrows.report.raster import enlarged, mosaic, near_square, photograph
from narrows.report.subject import Arrays, Subject

_TILE = 28
"""Least width of one sample."""


def samples(subject: Subject) -> Section | None:
    """The samples of every variational arm, a grid each."""
    found = {
        arm: arrays
        for arm in subject.trained
        if arm.seeds and "samples" in (arrays := subject.run.arrays(arm.name, arm.seeds[0], "prior_samples"))
    }
    if not found:
        return None
    tiles = tuple(_grid(arm, arrays) for arm, arrays in found.items())
    gallery = Gallery(
        name="prior-samples",
        claim="What the decoder takes for a picture when nobody shows it one.",
        caption="Decoded from draws of the standard normal prior, first seed, clipped to the visible range; the draws"
        " are the same for all arms of one code size. Shown is each pixel's probability of being white where the output"
        " is one.",
        strips=(Strip("", tiles),),
        width=max(tile.pixels.shape[1] for tile in tiles),
        flow=True,
    )
    return Section("samples", "Drawn from the prior", (gallery,))


def _grid(arm: Arm, arrays: Arrays) -> Picture:
    drawn = [enlarged(photograph(image), _TILE) for image in arrays["samples"]]
    alt = f"{count(len(drawn))} samples of {arm.name}"
    return Picture(mosaic(drawn, near_square(len(drawn))[1], gap=2), alt, arm.name)
