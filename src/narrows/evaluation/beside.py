"""What a study gets beside a model and the pictures that judge it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from narrows.corruption import NoCorruption
from narrows.data import Pictures
from narrows.evaluation.features import FeatureMemory
from narrows.types import Corruption


@dataclass(frozen=True)
class Beside:
    """The pictures that a study may learn from, and the way to other sets."""

    train: Pictures
    """What the model's own weights were fitted to; of a baseline, what they could have been."""
    other: Callable[[str], Pictures]
    """The judged split of another data set by name."""
    validation: Pictures
    """On which a study may choose."""
    corruption: Corruption = NoCorruption()
    """What the model was trained to undo; of a baseline, what all arms were."""
    seed: int = 0
    """Of the arm; of what a study draws, where its figures are to vary as the arm's do."""
    features: FeatureMemory = field(default_factory=FeatureMemory)
    """What the last encoder made of pictures, for the next study of the same one."""
