"""Pixels and patches of photographs hidden and put back: a code of 16 numbers, interpolation, and one U-Net."""

import math
from dataclasses import replace

from narrows.corruption import PatchMask, PixelMask
from narrows.evaluation import UnderMasks
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.recipes import ANNEALED, FEWER_THAN_REPORTED, PHOTOGRAPHS
from narrows.models import Dense, InpaintingUNet
from narrows.objective import Objective
from narrows.results import Conclusion, Run, untested
from narrows.training import Augmentation, Training

RATIOS = (0.2, 0.4, 0.6, 0.8)
PATCH_SIZE = 8
REPORTED = "as reported, code 16"


def masking() -> Experiment:
    """Report 000's masked autoencoder on VOC 2007's pictures, a U-Net that knows the mask, and interpolation.

    Expect an SSIM of 0.99 to 0.84 of the U-Net from 20 to 80 % hidden (biharmonic interpolation 0.985 to 0.80). About
    16 minutes on 2 cores with bfloat16 units.
    """
    reported = Arm(
        name=REPORTED,
        model=Dense((512,), 16, output_activation="sigmoid"),
        training=Training(epochs=10, batch_size=32, learning_rate=1e-3),
        corruption=PixelMask((0.2, 0.8)),
        task="inpainting",
        note="Report 000 does not say whether one model was trained for all ratios or one for each; this is one for "
        "all, a ratio drawn evenly for every batch. Widths of 512, ReLU, a linear code, a sigmoid at the output and "
        "batches of 32 are chosen here, as in the experiment bottleneck; hidden pixels are black, and all pixels count "
        "in the loss.",
    )
    each = tuple(
        replace(
            reported,
            name=f"{REPORTED}, trained at {ratio}",
            corruption=PixelMask(ratio),
            note="The other reading: a model for each ratio.",
        )
        for ratio in RATIOS
    )
    improved = Arm(
        name="improved, pixels",
        model=InpaintingUNet((32, 64, 128)),
        training=replace(ANNEALED, epochs=50, batch_size=8, learning_rate=3e-3, augmentation=Augmentation(flip=True)),
        corruption=PixelMask((0.1, 0.9), counted="hidden"),
        objective=Objective("mae"),
        task="inpainting",
        note="One U-Net for all ratios, drawn evenly from 0.1 to 0.9 for every batch. It corrects a biharmonic fill, "
        "sees the mask and keeps the visible pixels; only hidden ones count in its loss. The absolute error "
        "as the loss gave a better SSIM, and a lower squared error too, at every ratio than the squared one.",
    )
    patches = replace(
        improved,
        name="improved, patches",
        training=replace(improved.training, epochs=16),
        objective=Objective("mse"),
        corruption=PatchMask((0.1, 0.9), PATCH_SIZE, counted="hidden"),
        note="The same for patches of 8 x 8, with the squared error.",
    )
    return Experiment(
        name="masking",
        title="Filling in what is hidden",
        question="How well do 16 numbers, interpolation and a U-Net put back hidden pixels of a photograph?",
        text=(
            f"{PHOTOGRAPHS}. 20, 40, 60 or 80 % of the pixels, or of patches of 8 x 8, are hidden, all channels of "
            "each, and shown black; judged is the raw output against the clean picture, on hidden, visible and all "
            f"pixels. The masks on test pictures are the same for every model. {FEWER_THAN_REPORTED} Settings were "
            "chosen on validation."
        ),
        minutes=16.0,
        data="voc2007",
        arms=(reported, *each, improved, patches),
        examples=tuple(range(8)),
        studies=(UnderMasks(RATIOS, PATCH_SIZE),),
        also_studied=("validation",),
        sources=("000",),
        judge=judge,
    )


def judge(run: Run) -> list[Conclusion]:
    """What report 000 concludes of its masks."""
    return [judge_ratio(run), judge_best(run), judge_details(run)]


def judge_ratio(run: Run) -> Conclusion:
    """Is the error of a model trained and tested at the greatest ratio below that of one at the least?"""
    claim = "As the mask percentage increases, the validation and test losses decrease."
    errors = own_errors(run)
    if not errors:
        return untested("000", claim)
    return Conclusion(
        report="000",
        claim=claim,
        verdict="confirmed" if errors[-1] < errors[0] else "refuted",
        evidence=f"mse of a model for each ratio, tested at it: {listed(errors)}.",
    )


def judge_best(run: Run) -> Conclusion:
    """Is 80 % the ratio to train at, on pictures that all ratios share?"""
    claim = "Masking 80 % leads to the most effective learned representations and reconstruction capabilities."
    errors = {
        ratio: [run.mean(f"{REPORTED}, trained at {ratio}", "mse", condition=f"hidden={tested}") for tested in RATIOS]
        for ratio in RATIOS
    }
    if math.isnan(sum(map(sum, errors.values()))):
        return untested("000", claim)
    best = [min(RATIOS, key=lambda ratio: errors[ratio][place]) for place in range(len(RATIOS))]
    won = sum(ratio == RATIOS[-1] for ratio in best)
    return Conclusion(
        report="000",
        claim=claim,
        verdict="confirmed" if won == len(RATIOS) else "partly" if won > 1 else "refuted",
        evidence="On the same test pictures the least error with "
        + ", ".join(
            f"{tested:g} hidden is of the model trained at {ratio:g}"
            for tested, ratio in zip(RATIOS, best, strict=True)
        )
        + ".",
    )


def judge_details(run: Run) -> Conclusion:
    """Do 16 numbers recover more of the hidden pixels than interpolation?"""
    claim = "Autoencoders effectively reconstruct images and recover important details of what is hidden."
    found = [
        [run.mean(arm, "mse", condition=f"hidden={ratio} pixels=hidden") for ratio in RATIOS]
        for arm in (REPORTED, "linear interpolation")
    ]
    if math.isnan(sum(map(sum, found))):
        return untested("000", claim)
    won = sum(own < other for own, other in zip(*found, strict=True))
    return Conclusion(
        report="000",
        claim=claim,
        verdict="confirmed" if won == len(RATIOS) else "partly" if won else "refuted",
        evidence=f"mse on hidden pixels: {listed(found[0])}; linear interpolation has {listed(found[1])}.",
    )


def own_errors(run: Run) -> list[float]:
    """Of the models for one ratio each, on all pixels at that ratio; empty where one is missing."""
    errors = [run.mean(f"{REPORTED}, trained at {ratio}", "mse", condition=f"hidden={ratio}") for ratio in RATIOS]
    return [] if math.isnan(sum(errors)) else errors


def listed(errors: list[float]) -> str:
    """The errors with their ratios."""
    return ", ".join(f"{error:.4f} at {ratio:g}" for ratio, error in zip(RATIOS, errors, strict=True))
