"""Over-complete codes of which few are used: L1 penalties, and the k largest."""

import math
from dataclasses import replace

from narrows.evaluation import FedBytes
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.recipes import ANNEALED, EXAMPLES, TEN
from narrows.models import Dense, Deterministic, ResidualDense, TopK
from narrows.objective import L1, Objective
from narrows.results import Conclusion, Run, untested
from narrows.training import Augmentation, Training

UNITS = 1156
STANDARD = "compared, standard fc(256)"
OVERFITTING = 1.1
"""Error on unseen pictures over that on training pictures from which a model is called over-fitted."""
BATCH = 256
"""Report 004 sums its penalty over the batch; the library takes the mean, so its weight is multiplied by this."""


def sparse() -> Experiment:
    """1 156 hidden units on MNIST, kept sparse by L1 weights as reports 001 and 004 do, or by keeping the k largest.

    Expect the reported weights of 1e-5 and 1e-4 (004) to collapse to a black output; the measured figures stand in
    docs/results.md. About 10 minutes on 2 cores with bfloat16 units.
    """
    wide = Dense((), UNITS, output_activation="relu", bottleneck=Deterministic("relu"))
    summed = [
        Arm(
            name=f"as reported, L1 {weight}",
            model=wide,
            training=Training(epochs=10, batch_size=BATCH, learning_rate=1e-3, shuffle=False),
            objective=Objective(penalties=(L1(BATCH * float(weight)),)),
            data_used="train and validation",
            note="Report 004: the penalty is a sum over units and over the batch of 256; ReLU on code and output.",
            studies=(FedBytes(TEN),),
        )
        for weight in ("1e-6", "1e-5", "1e-4")
    ]
    keras = [
        Arm(
            name=f"as reported, Keras L1 {weight}",
            model=wide,
            training=Training(epochs=10, batch_size=32, learning_rate=1e-3),
            objective=Objective(penalties=(L1(float(weight)),)),
            note=(
                "Report 001: Keras' activity penalty, a mean over the batch. Units, batch and epochs are not stated: "
                "those of its other questions and of report 004."
            ),
        )
        for weight in ("1e-4", "1e-3", "1e-6")
    ]
    standard = Arm(
        name=STANDARD,
        model=replace(wide, code_size=256),
        training=Training(epochs=10, batch_size=BATCH, learning_rate=1e-3, shuffle=False),
        data_used="train and validation",
        note="Report 004's standard autoencoder, whose activations it shows beside the sparse ones.",
    )
    kept = [
        Arm(
            name=f"{role}, {k} active",
            model=ResidualDense(UNITS, num_blocks=1, bottleneck=TopK(k, balanced=True)),
            training=ANNEALED,
            note="The k largest units, each first brought to mean 0 and variance 1, so that all get their turn.",
        )
        for role, k in (("compared", 10), ("improved", 30), ("compared", 64), ("compared", 128))
    ]
    honest = [
        Arm(
            name=f"improved, L1 {weight} with unit columns",
            model=replace(wide, output_activation="linear", unit_columns=True),
            training=replace(ANNEALED, epochs=15, learning_rate=1e-3, weight_decay=0.0, augmentation=Augmentation()),
            objective=Objective(penalties=(L1(float(weight)),)),
            note="Decoder columns of length 1, so that a small code cannot buy a small penalty.",
        )
        for weight in ("1e-4", "3e-4", "1e-3")
    ]
    return Experiment(
        name="sparse",
        title="Few active out of 1 156",
        question="How sparse can an over-complete code be, and what does sparsity cost?",
        text=(
            "MNIST, 50 000 / 10 000 / 10 000 digits for training, validation and test. 1 156 hidden units, more than "
            "the 784 pixels, of which a penalty or a choice of the k largest leaves few active. Reconstruction error "
            "and penalty are always stated apart."
        ),
        minutes=10.0,
        data="mnist",
        arms=(*summed, *keras, standard, *kept, *honest),
        examples=EXAMPLES,
        studies=(TEN,),
        sources=("001", "004"),
        judge=judge,
    )


def judge(run: Run) -> list[Conclusion]:
    """What the reports conclude of the penalty's weight."""
    return [judge_weight(run), judge_overfitting(run), judge_values(run)]


def judge_weight(run: Run) -> Conclusion:
    """Does a smaller weight mean less error and more active units?"""
    claim = "A smaller L1 weight means less error and more active units."
    arms = [f"as reported, L1 {weight}" for weight in ("1e-6", "1e-5", "1e-4")]
    error = [run.mean(arm, "mse") for arm in arms]
    active = [run.mean(arm, "active_units", evaluation="checks") for arm in arms]
    if math.isnan(sum(error)):
        return untested("004", claim)
    return Conclusion(
        report="004",
        claim=claim,
        verdict="confirmed" if error == sorted(error) and active == sorted(active, reverse=True) else "partly",
        evidence="Weights 1e-6, 1e-5, 1e-4: mse "
        + ", ".join(f"{value:.4f}" for value in error)
        + "; active units "
        + ", ".join(f"{value:.0f}" for value in active)
        + ". Where none is active, the output is black, not sparse.",
    )


def judge_overfitting(run: Run) -> Conclusion:
    """Does the smallest weight, a 256th of report 004's smallest, fit the training pictures better than others?"""
    claim = "Below some L1 weight the model over-fits."
    arm = "as reported, Keras L1 1e-6"
    seen, unseen = run.mean(arm, "mse", split="train"), run.mean(arm, "mse")
    if math.isnan(unseen):
        return untested("004", claim)
    return Conclusion(
        report="004",
        claim=claim,
        verdict="confirmed" if unseen > OVERFITTING * seen else "refuted",
        evidence=f"With a weight that is a 256th of the report's smallest, the {run.judged_split} pictures' mse is "
        f"{unseen:.5f}, {unseen / seen:.2f} times the training pictures' {seen:.5f}.",
    )


def judge_values(run: Run) -> Conclusion:
    """Are fewer of a sparse code's units active than of a standard one's?"""
    claim = "Sparse codes hide many values."
    sparse, standard = (
        run.mean(arm, "active_units", evaluation="checks") for arm in ("as reported, Keras L1 1e-4", STANDARD)
    )
    if math.isnan(sparse + standard):
        return untested("001", claim)
    return Conclusion(
        report="001",
        claim=claim,
        verdict="confirmed" if sparse / UNITS < standard / 256 else "refuted",
        evidence=f"{sparse:.0f} of {UNITS} units are active at weight 1e-4, {standard:.0f} of 256 without penalty.",
    )
