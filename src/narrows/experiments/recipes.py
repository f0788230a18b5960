"""What several experiments share: training settings, pictures that a report shows, and what is said of a data set."""

from dataclasses import replace

from narrows.evaluation import ChosenPictures
from narrows.models import Dense, Deterministic
from narrows.training import COSINE, Augmentation

ANNEALED = replace(COSINE, augmentation=Augmentation(shift=1))
"""With one-pixel shifts on half of the batches, chosen on MNIST's validation split too."""

REPORTED_DENSE = Dense(
    widths=(512, 256, 128),
    code_size=30,
    decoder_widths=(128, 256),
    output_activation="relu",
    bottleneck=Deterministic("relu"),
)
"""The network of 30 numbers a digit in reports 001 and 004; ReLU on code and output."""

EXAMPLES = tuple(range(9705, 9715))
"""The test pictures that report 004 shows."""
TEN = ChosenPictures(EXAMPLES)

PHOTOGRAPHS = (
    "VOC 2007, pictures brought to 64 x 64 by Pillow's bilinear filter, 80-10-10 % for training, validation and test "
    "by seed"
)
FEWER_THAN_REPORTED = (
    "The report has 4 952 pictures of the official test archive; how many there are here stands under Data."
)
