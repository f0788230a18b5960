"""How many hidden units a single-layer autoencoder needs, and what it makes of pictures it was never shown."""

import math

import numpy as np

from narrows.evaluation import NOISE, ChosenPictures, FedBytes, OutOfDistribution
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.recipes import ANNEALED, EXAMPLES
from narrows.models import Dense, Deterministic, ResidualDense
from narrows.results import Conclusion, Run, untested
from narrows.training import Training

SIZES = (64, 128, 256)
SIX = ChosenPictures((9710,))
GARMENT = ChosenPictures((10,), data="fashion_mnist")
"""The two pictures on which report 004 judges."""


def hidden_size() -> Experiment:
    """Single hidden layers of 64, 128 and 256 units on MNIST, and on Fashion-MNIST and noise (reports 001 and 004).

    Expect every reported network above PCA of its size, the improved ones below; the measured figures stand in
    docs/results.md. About 7 minutes on 2 cores with bfloat16 units.
    """
    single = [
        Arm(
            name=f"as reported, fc({size})",
            model=Dense((), size, output_activation="relu", bottleneck=Deterministic("relu")),
            training=Training(epochs=10, batch_size=256, learning_rate=1e-3, shuffle=False),
            data_used="train and validation",
            note="Report 004: all 60 000 pictures in file order, ReLU on code and output.",
            studies=(FedBytes(SIX), FedBytes(GARMENT, in_bytes=True)),
        )
        for size in SIZES
    ]
    double = [
        Arm(
            name=f"as reported, fc({size})-fc({size})",
            model=Dense((size,), size, (), output_activation="relu", bottleneck=Deterministic("relu")),
            training=Training(epochs=10, batch_size=32, learning_rate=1e-3),
            note=(
                "Report 001, whose listing has one more dense layer than its text. Batch, epochs and learning rate "
                "are those that it states for its first question; ReLU on code and output, and Adam, are chosen here. "
                "Weights start as PyTorch's do, not as Keras'."
            ),
        )
        for size in SIZES
    ]
    better = [
        Arm(
            name=f"improved, code {size}",
            model=ResidualDense(code_size=size),
            training=ANNEALED,
            note="Residual blocks, warm-up and cosine, one-pixel shifts on half of the batches.",
        )
        for size in SIZES
    ]
    return Experiment(
        name="hidden_size",
        title="More hidden units, and pictures of another kind",
        question="What do more hidden units buy, and does a network beat PCA with as many numbers?",
        text=(
            "MNIST, 50 000 / 10 000 / 10 000 digits for training, validation and test. Single-layer networks as two "
            "reports describe them, with 64, 128 and 256 units, beside PCA and deeper networks with as many numbers; "
            "then the same models on Fashion-MNIST's garments and on pictures of random noise."
        ),
        minutes=7.0,
        data="mnist",
        arms=(*single, *double, *better),
        examples=EXAMPLES,
        studies=(OutOfDistribution(("fashion_mnist", NOISE)), SIX, GARMENT),
        sources=("001", "004"),
        judge=judge,
    )


def judge(run: Run) -> list[Conclusion]:
    """What report 004 concludes of digits, garments and random pictures."""
    return [
        judge_most(run, "digits", "reconstruction", ""),
        judge_most(run, "garments", "out_of_distribution", "data=fashion_mnist"),
        judge_noise(run),
    ]


def judge_most(run: Run, pictures: str, evaluation: str, condition: str) -> Conclusion:
    """Do 256 units reconstruct a kind of pictures best?"""
    errors = {
        size: run.mean(f"as reported, fc({size})", "squared_error", evaluation=evaluation, condition=condition)
        for size in SIZES
    }
    claim = f"256 units reconstruct {pictures} best."
    if any(map(math.isnan, errors.values())):
        return untested("004", claim)
    stated = ", ".join(f"{error:.1f} with {size}" for size, error in errors.items())
    return Conclusion(
        report="004",
        claim=claim,
        verdict="confirmed" if min(errors, key=lambda size: errors[size]) == max(SIZES) else "refuted",
        evidence=f"Squared error a picture: {stated}; the report judged one picture, fed as 0 to 255.",
    )


def judge_noise(run: Run) -> Conclusion:
    """Do random pictures come back as something in the middle, where digits are?"""
    claim = "Random pictures come back as blurred digits in the middle."
    outputs = run.arrays("as reported, fc(256)", 0, "out_of_distribution").get(f"reconstruction_{NOISE}")
    if outputs is None:
        return untested("004", claim)
    middle = np.zeros(outputs.shape[-2:], dtype=bool)
    middle[4:24, 4:24] = True  # the box into which MNIST's digits were scaled
    inside, outside = (float(outputs[..., where].mean()) for where in (middle, ~middle))
    return Conclusion(
        report="004",
        claim=claim,
        verdict="confirmed" if inside > 2 * outside else "refuted",
        evidence=f"Mean output of 256 units {inside:.2f} inside the digits' box of 20 x 20 pixels, {outside:.2f} "
        "around it, where the random pictures have 0.50 everywhere.",
    )
