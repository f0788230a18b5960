"""What a study gets beside a model and the pictures that judge it."""

from collections.abc import Callable
from dataclasses import dataclass

from narrows.corruption import NoCorruption
from narrows.data import Pictures
from narrows.types import Corruption


@dataclass(frozen=True)
class Beside:
    """The pictures that a study may learn from, and the way to other sets."""

    train: Pictures
    """What the model's own weights were fitted to; of a baseline, what they could have been."""
    other: Callable[[str], Pictures]
    """The judged split of another data set by name."""
    corruption: Corruption = NoCorruption()
    """What the model was trained to undo; of a baseline, what all arms were."""
