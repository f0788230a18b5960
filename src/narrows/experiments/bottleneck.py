"""Noisy photographs through 256 to 16 numbers: what a wider bottleneck buys, and what PCA makes of the same."""

import itertools
import math
from dataclasses import replace

from narrows.corruption import GaussianNoise
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.recipes import ANNEALED, FEWER_THAN_REPORTED, PHOTOGRAPHS
from narrows.models import Dense, RefinedPCA
from narrows.results import Conclusion, Run, untested
from narrows.training import Augmentation, Training

SIZES = (256, 128, 64, 32, 16)


def bottleneck() -> Experiment:
    """Report 000's denoising autoencoders of five code sizes on VOC 2007's pictures, and PCA with a correction.

    Expect test mse of 0.026 to 0.028 as reported, 0.0067 to 0.0230 improved, PCA's being 0.0080 to 0.0237. About 5
    minutes on 2 cores with bfloat16 units.
    """
    noise = GaussianNoise(0.1, clip=True)
    reported = tuple(
        Arm(
            name=f"as reported, code {size}",
            model=Dense((512,), size, output_activation="sigmoid"),
            training=Training(epochs=10, batch_size=32, learning_rate=1e-3),
            corruption=noise,
            task="denoising",
            note="Report 000: three hidden layers, whose widths it does not state: 512, the code and 512 are chosen "
            "here, with ReLU, a linear code and a sigmoid at the output, and batches of 32. A ReLU on the code, which "
            "the report does not exclude, dies with few numbers and doubled the error at 16.",
        )
        for size in SIZES
    )
    improved = tuple(
        Arm(
            name=f"improved, code {size}",
            model=RefinedPCA(size),
            training=replace(ANNEALED, epochs=10, batch_size=32, augmentation=Augmentation(flip=True)),
            corruption=noise,
            task="denoising",
            note="PCA of the clean training pictures, and a small U-Net that learns what its reconstructions lack; "
            "half of the batches are mirrored. Shifts of up to 4 pixels made it worse than PCA with 16 numbers.",
        )
        for size in SIZES
    )
    return Experiment(
        name="bottleneck",
        title="What a wider bottleneck buys",
        question="How much of a noisy photograph do 256 to 16 numbers keep, and is it more than PCA keeps?",
        text=(
            f"{PHOTOGRAPHS} (70-20-10 with --set split=70-20-10). Gaussian noise of 0.1 is added to the input and "
            "clipped to [0, 1]; judged is the raw output against the clean picture. PCA is fitted to the clean "
            f"training pictures and gets the same noisy input. {FEWER_THAN_REPORTED} Where its figures differ from the "
            "rerun's, likely causes are that ten epochs of its pictures are some 1 240 steps in batches of 32, and "
            "480 here, and the widths, activations and batch size that it does not state. Settings were chosen on "
            "validation."
        ),
        minutes=5.0,
        data="voc2007",
        arms=(*reported, *improved),
        sources=("000",),
        judge=judge,
    )


def judge(run: Run) -> list[Conclusion]:
    """What report 000 concludes of its five sizes."""
    return [judge_sizes(run), judge_figure(run), judge_split(run)]


def judge_sizes(run: Run) -> Conclusion:
    """Is the error lower the more numbers the code has?"""
    claim = "The bottleneck of 256 has the lowest error; a smaller one loses more."
    errors = reported_errors(run)
    if not errors:
        return untested("000", claim)
    pca = run.mean("PCA, code 256", "mse")
    return Conclusion(
        report="000",
        claim=claim,
        verdict="confirmed" if errors == sorted(errors) else "partly" if errors[0] == min(errors) else "refuted",
        evidence=f"mse {listed(errors)}; PCA, which has {pca:.4f} with 256, says how much more there was to keep.",
    )


def judge_figure(run: Run) -> Conclusion:
    """Does the error fall as the bottleneck gets smaller?"""
    claim = "As the bottleneck dimension decreases, the reconstruction error generally decreases as well."
    errors = reported_errors(run)
    if not errors:
        return untested("000", claim)
    falls = sum(after < before for before, after in itertools.pairwise(errors))
    return Conclusion(
        report="000",
        claim=claim,
        verdict="refuted" if errors[-1] > errors[0] else "confirmed",
        evidence=f"mse {listed(errors)}: it falls in {falls} of {len(errors) - 1} steps to a smaller one. The report "
        "says the opposite below its own table.",
    )


def judge_split(run: Run) -> Conclusion:
    """Do the report's own figures favour 80-10-10?"""
    claim = "80-10-10 is the better split."
    own = str(run.experiment.get("data", {}).get("split", ""))
    first, second = (
        [
            row.value
            for row in run.reported
            if (row.split, row.metric, row.condition)
            == ("validation", "mse", "" if split == own else f"splits={split}")
        ]
        for split in ("80-10-10", "70-20-10")
    )
    if not reported_errors(run) or not first:
        return untested("000", claim)
    lower = sum(more > less for more, less in zip(first, second, strict=True))
    return Conclusion(
        report="000",
        claim=claim,
        verdict="confirmed" if lower == 0 else "refuted" if lower == len(SIZES) else "partly",
        evidence=f"By its own validation figures 70-20-10 is lower at {lower} of {len(SIZES)} sizes; and errors on "
        "different validation pictures cannot tell which split is better.",
    )


def reported_errors(run: Run) -> list[float]:
    """Of the reported networks, the widest first; empty where one is missing."""
    errors = [run.mean(f"as reported, code {size}", "mse") for size in SIZES]
    return [] if math.isnan(sum(errors)) else errors


def listed(errors: list[float]) -> str:
    """The errors with their sizes."""
    return ", ".join(f"{error:.4f} with {size}" for size, error in zip(SIZES, errors, strict=True))
