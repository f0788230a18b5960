"""Thirty numbers a digit: PCA, the autoencoders of two reports, and a better one."""

import math
from dataclasses import replace

import numpy as np

from narrows.evaluation import FedBytes, Uncentred
from narrows.experiments.experiment import BLACK_PICTURE, Arm, Experiment
from narrows.experiments.recipes import ANNEALED, EXAMPLES, REPORTED_DENSE, TEN
from narrows.models import PCA, Deterministic, ResidualDense
from narrows.results import Conclusion, Run, untested
from narrows.training import Training

PCA_30 = "PCA, code 30"
REPORTED_10 = "as reported, 784-512-256-128-30, 10 epochs"
REPORTED_20 = "as reported, 784-512-256-128-30, 20 epochs"
IMPROVED = "improved, code 30"


def pca_vs_autoencoder() -> Experiment:
    """PCA against autoencoders with the same 30 numbers, on MNIST (reports 001, question 1, and 004).

    Expect PCA near 13.87 squared error a test picture (Hinton and Salakhutdinov 2006 state 13.87), the reports'
    network around it (above after 10 epochs, below after 20), and the improved one at 1.8. Its correction brought most
    of that: without it validation stood at 2.3 after 32 epochs and at 2.2 after 40. About 8 minutes on 2 cores with
    bfloat16 units.
    """
    ten = Arm(
        name=REPORTED_10,
        model=REPORTED_DENSE,
        training=Training(epochs=10, batch_size=256, learning_rate=1e-3, shuffle=False),
        data_used="train and validation",
        note="Report 004: all 60 000 pictures in file order, ReLU on code and output.",
        studies=(FedBytes(TEN),),
    )
    twenty = replace(ten, name=REPORTED_20, training=replace(ten.training, epochs=20))
    keras = replace(
        ten,
        name="as reported, 784-512-256-128-30, batch 32",
        training=Training(epochs=10, batch_size=32, learning_rate=1e-3),
        data_used="train",
        note=(
            "Report 001: 50 000 pictures. Optimiser and order are not stated: Adam and a new order each epoch are "
            "chosen here. It names ReLU as the activation, taken for code and output too. Weights start as PyTorch's "
            "do, not as Keras'."
        ),
        studies=(),
    )
    projection = Arm(
        name="as reported, PCA 30",
        model=PCA(30),
        training=Training(epochs=0),
        data_used="train and validation",
        note="Report 004: components of all 60 000 pictures.",
        studies=(Uncentred(TEN),),
    )
    sigmoid = replace(
        ten,
        name="compared, linear code and sigmoid output, 10 epochs",
        model=replace(REPORTED_DENSE, output_activation="sigmoid", bottleneck=Deterministic("linear")),
        training=replace(ten.training, shuffle=True),
        data_used="train",
        note="Report 004's network without ReLU on code and output, in a new order each epoch.",
        studies=(),
    )
    improved = Arm(
        name=IMPROVED,
        model=ResidualDense(code_size=30, num_corrections=1),
        training=replace(ANNEALED, epochs=42),
        note="Residual blocks; the encoder decodes its first code, looks at what is missing, and mends it. Warm-up and "
        "cosine, one-pixel shifts on half of the batches.",
    )
    return Experiment(
        name="pca_vs_autoencoder",
        title="PCA and autoencoders with thirty numbers a digit",
        question="How much less error than PCA can an autoencoder reach with the same 30 numbers?",
        text=(
            "MNIST, 50 000 / 10 000 / 10 000 digits for training, validation and test. Every model squeezes the 784 "
            "pixels of a digit through 30 numbers and gives the digit back; judged is the squared error of its raw "
            "output. Settings were chosen on validation."
        ),
        minutes=8.0,
        data="mnist",
        arms=(projection, ten, twenty, keras, sigmoid, improved),
        baselines=(BLACK_PICTURE,),
        examples=EXAMPLES,
        studies=(TEN,),
        sources=("001", "004"),
        judge=judge,
    )


def judge(run: Run) -> list[Conclusion]:
    """What the reports conclude from these figures."""
    return [judge_components(run), judge_holes(run), judge_error(run), judge_contrast(run)]


def judge_components(run: Run) -> Conclusion:
    """Are components after the second worth anything?"""
    claim = "PCA components after the second are not worthwhile."
    ratio = run.arrays(PCA_30, 0, "components").get("explained_variance_ratio")
    if ratio is None:
        return untested("001", claim)
    two, thirty = float(ratio[:2].sum()), float(ratio.sum())
    return Conclusion(
        report="001",
        claim=claim,
        verdict="refuted" if thirty - two > two else "confirmed",
        evidence=f"The first two carry {two:.1%} of the variance, the next {len(ratio) - 2} a further "
        f"{thirty - two:.1%}.",
    )


def judge_holes(run: Run) -> Conclusion:
    """Is PCA's error larger on digits with holes?"""
    claim = "PCA loses the holes of 0, 6 and 9."
    arrays = run.arrays(PCA_30, 0, "reconstruction")
    if not arrays:
        return untested("001", claim)
    holes = np.isin(arrays["per_picture_labels"], (0, 6, 9))
    error = arrays["per_picture"]
    with_holes, others = float(error[holes].mean()), float(error[~holes].mean())
    ratio = with_holes / others
    return Conclusion(
        report="001",
        claim=claim,
        verdict="confirmed" if ratio > 1.1 else "refuted" if ratio < 0.9 else "partly",
        evidence=f"PCA's squared error is {with_holes:.2f} on 0, 6 and 9 and {others:.2f} on the other digits.",
    )


def judge_error(run: Run) -> Conclusion:
    """Does PCA have the lower error?"""
    claim = "PCA has a lower reconstruction error than the autoencoder."
    pca, ten, twenty = (run.mean(arm, "squared_error") for arm in (PCA_30, REPORTED_10, REPORTED_20))
    if math.isnan(pca + ten + twenty):
        return untested("004", claim)
    return Conclusion(
        report="004",
        claim=claim,
        verdict="refuted" if max(ten, twenty) < pca else "confirmed" if min(ten, twenty) > pca else "partly",
        evidence=f"Fed with [0, 1], as it was trained, the network has a squared error of {ten:.2f} after 10 and "
        f"{twenty:.2f} after 20 epochs, PCA {pca:.2f}; the report fed it 0 to 255.",
    )


def judge_contrast(run: Run) -> Conclusion:
    """Does the autoencoder have the better contrast?"""
    claim = "The autoencoder's pictures have the better contrast."
    pca, network = (run.mean(arm, "output_variation", evaluation="checks") for arm in (PCA_30, REPORTED_20))
    if math.isnan(pca + network):
        return untested("004", claim)
    return Conclusion(
        report="004",
        claim=claim,
        verdict="confirmed" if network > pca else "refuted",
        evidence=f"Its outputs vary {network:.1%} as much between pictures as the digits do, PCA's {pca:.1%}.",
    )
