"""Eight numbers a digit on data that come with scikit-learn: a first look in under a minute."""

from dataclasses import replace

from narrows.experiments.experiment import Arm, Experiment
from narrows.models import Dense, ResidualDense
from narrows.training import COSINE, Augmentation, Training


def quickstart() -> Experiment:
    """PCA, a plain and a residual autoencoder with the same 8 numbers on scikit-learn's 8 x 8 digits.

    Expect both autoencoders clearly below PCA; under a minute on 2 cores.
    """
    return Experiment(
        name="quickstart",
        title="Eight numbers a digit",
        question="Can an autoencoder keep more of a small digit in 8 numbers than PCA?",
        text=(
            "Scikit-learn's 1 797 handwritten digits of 8 x 8 pixels, split 80-10-10. Every model squeezes the 64 "
            "pixels through 8 numbers and gives the digit back."
        ),
        minutes=0.5,
        data="digits",
        arms=(
            Arm(
                name="compared, plain network",
                model=Dense(widths=(256, 128), code_size=8, output_activation="sigmoid"),
                training=Training(epochs=150, batch_size=64, schedule="cosine", warmup=0.05),
                note="Linear layers and ReLU.",
            ),
            Arm(
                name="improved, code 8",
                model=ResidualDense(code_size=8, width=256, hidden_width=512, num_blocks=1),
                training=replace(COSINE, epochs=150, batch_size=64, augmentation=Augmentation(shift=1, share=0.25)),
                note="Residual blocks, and one-pixel shifts on a quarter of the batches.",
            ),
        ),
    )
