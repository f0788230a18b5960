"""What several experiments share: training settings, and the pictures that a report shows."""

from narrows.evaluation import ChosenPictures
from narrows.training import Augmentation, Training

ANNEALED = Training(
    epochs=20,
    optimizer="adamw",
    learning_rate=2e-3,
    weight_decay=0.01,
    schedule="cosine",
    warmup=0.05,
    augmentation=Augmentation(shift=1),
)
"""AdamW, warm-up and a cosine to 0, one-pixel shifts on half of the batches; chosen on MNIST's validation split."""

EXAMPLES = tuple(range(9705, 9715))
"""The test pictures that report 004 shows."""
TEN = ChosenPictures(EXAMPLES)
