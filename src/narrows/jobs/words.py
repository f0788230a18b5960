"""What is to be done to pictures, in a user's words: noise:0.3, mask:0.75, patches:0.75 and mix."""

import re
from typing import Literal, NamedTuple, TypeAlias

from narrows.corruption import GaussianNoise, Mixing, NoCorruption, PatchMask, PhotographNoise, PixelMask, Strength
from narrows.types import Corruption, ImageShape

Kind: TypeAlias = Literal["none", "noise", "mask", "patches", "mix"]

USUAL: dict[str, Strength] = {"noise": (0.0, 0.2), "mask": (0.1, 0.9), "patches": (0.1, 0.9)}
"""Strengths where none is named: one model for all between."""
LARGEST = {"noise": 10.0, "mask": 1.0, "patches": 1.0}
NUMBER = r"\d*\.?\d+"
FORM = re.compile(rf"(?P<low>{NUMBER})(?:/(?P<whole>{NUMBER})|-(?P<high>{NUMBER}))?")
PATCHES = (8, 4, 2)
"""Sides of patches; the largest of which eight stand along the shorter side is taken."""


class Words(NamedTuple):
    """A kind of corruption and how strong it is."""

    kind: Kind
    strength: Strength

    @property
    def weakest(self) -> float:
        """The strength, or the least of a range."""
        return self.strength[0] if isinstance(self.strength, tuple) else self.strength

    @property
    def strongest(self) -> float:
        """The strength, or the greatest of a range."""
        return self.strength[1] if isinstance(self.strength, tuple) else self.strength


def parse_words(text: str) -> Words:
    """A corruption as `--corrupt` takes it; an empty text means none.

    A strength is one number, a fraction such as 25/255, or a range such as 0-0.2 to draw from; without one it is
    drawn from a usual range.

    Raises:
        ValueError: an unknown kind, or a strength that makes no sense.

    >>> parse_words("noise:0.3"), parse_words("patches:0.1-0.5").strongest
    (Words(kind='noise', strength=0.3), 0.5)
    """
    if text == "":
        return Words("none", 0.0)
    if text == "mix":
        return Words("mix", 0.0)
    kind, colon, strength = text.partition(":")
    if kind not in USUAL or (colon and not FORM.fullmatch(strength)):
        raise ValueError(
            f"expected a corruption such as noise:0.3, noise:25/255, noise:0-0.2, mask:0.75, patches:0.75 or mix, "
            f"found {text!r}; choose one of these forms"
        )
    found = _strength(strength) if colon else USUAL[kind]
    words = Words(kind, found)  # type: ignore[arg-type]  # one of the kinds: it stands in the table
    if not 0 <= words.weakest <= words.strongest <= LARGEST[kind] or not words.strongest:
        raise ValueError(
            f"expected a strength of {kind} above 0 and at most {LARGEST[kind]:g}, the lower one first, found {text!r}"
            + ("; values count from 0 to 1, so 25 of 255 is noise:25/255" if kind == "noise" else "")
        )
    return words


def _strength(text: str) -> Strength:
    match = FORM.fullmatch(text)
    assert match is not None
    low = float(match["low"])
    if match["whole"]:
        return low / float(match["whole"]) if float(match["whole"]) else -1.0  # refused as out of range
    return (low, float(match["high"])) if match["high"] else low


def corruption_of(words: Words, image_shape: ImageShape) -> Corruption:
    """The corruption that the words mean for pictures of this shape; only hidden pixels count where some are hidden."""
    if words.kind == "none":
        return NoCorruption()
    if words.kind == "mix":
        return Mixing()
    if words.kind == "noise":
        return PhotographNoise(words.strength) if image_shape[0] == 3 else GaussianNoise(words.strength)
    if words.kind == "mask":
        return PixelMask(words.strength, counted="hidden")
    return PatchMask(words.strength, patch_size(image_shape), counted="hidden")


def patch_size(image_shape: ImageShape) -> int:
    """Side of the patches that are hidden."""
    shorter = min(image_shape[1:])
    return next((side for side in PATCHES if 8 * side <= shorter), 1)
