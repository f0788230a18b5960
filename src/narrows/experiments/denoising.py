"""Noise in, clean digits out: a model for each level as two reports train them, and one for all levels."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from narrows.corruption import GaussianNoise
from narrows.evaluation import ChosenPictures, FedBytes, UnderNoise
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.recipes import EXAMPLES
from narrows.models import Dense, Deterministic, UNet
from narrows.results import Conclusion, Run, untested
from narrows.training import Training

CLEAN = "as reported, fc(256), clean"
TRAINED = "as reported, fc(256), trained at 0.3"
LEVELS = (0.3, 0.5, 0.7, 0.8, 0.9)
REPORTED_LEVELS = (0.3, 0.5, 0.8, 0.9)
"""Of report 004."""


def denoising() -> Experiment:
    """Denoising autoencoders of 256 units for noise of 0.3 to 0.9 on MNIST (reports 001 and 004), and one U-Net.

    Expect a model trained at a level to be best at it, and the U-Net above all of them; the measured figures stand in
    docs/results.md. About 13 minutes on 2 cores with bfloat16 units.
    """
    network = Dense((), 256, output_activation="relu", bottleneck=Deterministic("relu"))
    clean = Arm(
        name=CLEAN,
        model=network,
        training=Training(epochs=10, batch_size=256, learning_rate=1e-3, shuffle=False),
        data_used="train and validation",
        task="denoising",
        note="Report 004's standard autoencoder, trained without noise.",
        studies=tuple(FedBytes(six(level)) for level in REPORTED_LEVELS),
    )
    single = [
        replace(
            clean,
            name=f"as reported, fc(256), trained at {level}",
            training=replace(clean.training, learning_rate=8e-4),
            corruption=GaussianNoise(level),
            note="Report 004: learning rate 8e-4, noise not clipped, ReLU on code and output.",
            studies=fed_as_reported(level),
        )
        for level in REPORTED_LEVELS
    ]
    double = [
        Arm(
            name=f"as reported, fc(256)-fc(256), trained at {level}",
            model=Dense((256,), 256, (), output_activation="relu", bottleneck=Deterministic("relu")),
            training=Training(epochs=10, batch_size=32, learning_rate=1e-3),
            corruption=GaussianNoise(level),
            task="denoising",
            note=(
                "Report 001: a second layer of 256. Optimiser, learning rate and whether the noise is clipped are not "
                "stated: Adam, 1e-3 and no clipping. ReLU on code and output."
            ),
        )
        for level in LEVELS
    ]
    improved = Arm(
        name="improved, all levels",
        model=UNet((16, 32, 64, 128)),
        training=Training(
            epochs=14, batch_size=32, optimizer="adamw", learning_rate=3e-3, schedule="cosine", warmup=0.05
        ),
        corruption=GaussianNoise((0.25, 1.0)),
        task="denoising",
        note="One U-Net for all levels, each picture's strength drawn evenly from 0.25 to 1.",
    )
    sixes = (*map(six, REPORTED_LEVELS), six(0.3, 1), six(0.3, 2))
    return Experiment(
        name="denoising",
        title="From noise to digits",
        question="How much noise can a model take out of a digit, and must it be trained for each level?",
        text=(
            "MNIST, 50 000 / 10 000 / 10 000 digits for training, validation and test. Gaussian noise of a standard "
            "deviation of 0.3 to 0.9 is added to pictures in [0, 1] and not clipped; judged is the distance to the "
            "clean picture. The noise on test pictures is the same for every model."
        ),
        minutes=13.0,
        data="mnist",
        arms=(clean, *single, *double, improved),
        examples=EXAMPLES,
        studies=(UnderNoise(LEVELS, examples=tuple(range(9708, 9713))), *sixes),
        sources=("001", "004"),
        judge=judge,
    )


def six(level: float, draw: int | None = None) -> ChosenPictures:
    """The test picture on which report 004 judges, with noise."""
    return ChosenPictures((9710,), noise=level, draw=draw)


def fed_as_reported(level: float) -> tuple[FedBytes, ...]:
    """The noise that report 004 added to 0 to 255: of its own level; of every level, and twice at 0.3, for that one."""
    if level == 0.3:
        return tuple(map(FedBytes, (six(0.3, 1), six(0.3, 2), six(0.5), six(0.8), six(0.9))))
    return (FedBytes(six(level)),)


def judge(run: Run) -> list[Conclusion]:
    """What report 004 concludes of its denoising autoencoders."""
    return [judge_training(run), judge_filters(run)]


def judge_training(run: Run) -> Conclusion:
    """Does a denoising autoencoder beat the standard one on noisy input?"""
    claim = "A denoising autoencoder beats the standard one on noisy input."
    trained, standard = (run.mean(arm, "psnr", condition="noise=0.3") for arm in (TRAINED, CLEAN))
    if math.isnan(trained + standard):
        return untested("004", claim)
    return Conclusion(
        report="004",
        claim=claim,
        verdict="confirmed" if trained > standard else "refuted",
        evidence=f"Under noise of 0.3 the one trained at 0.3 has {trained:.1f} dB, the standard one {standard:.1f} "
        "dB. The report's own figures cannot show it: its noise was never visible.",
    )


def judge_filters(run: Run) -> Conclusion:
    """Are neighbouring weights of a denoising encoder more alike than a standard one's, as strokes need them?"""
    claim = "The encoder of a denoising autoencoder shows strokes."
    filters = [run.arrays(arm, 0, "filters").get("first_layer") for arm in (TRAINED, CLEAN)]
    trained, standard = (None if weights is None else neighbour_correlation(weights) for weights in filters)
    if trained is None or standard is None:
        return untested("004", claim)
    return Conclusion(
        report="004",
        claim=claim,
        verdict="confirmed" if trained > 1.5 * standard else "refuted",
        evidence=f"Neighbouring weights of a filter correlate at {trained:.2f} after training at 0.3, at "
        f"{standard:.2f} after training without noise.",
    )


def neighbour_correlation(filters: NDArray[np.float32]) -> float:
    """Mean over filters (unit, ..., width) of the correlation between weights that are neighbours in a row."""
    deviation = filters - filters.mean((1, 2, 3), keepdims=True)
    products = (deviation[..., 1:] * deviation[..., :-1]).mean((1, 2, 3))
    return float((products / deviation.var((1, 2, 3))).mean())
