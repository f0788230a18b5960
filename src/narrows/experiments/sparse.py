"""Over-complete codes of which few are used: L1 penalties, and the k largest."""

from dataclasses import replace

from narrows.evaluation import ChosenPictures, FedBytes
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.recipes import ANNEALED
from narrows.models import Dense, Deterministic, ResidualDense, TopK
from narrows.objective import L1, Objective
from narrows.results import Conclusion, Run, interval
from narrows.training import Augmentation, Training

UNITS = 1156
EXAMPLES = tuple(range(9705, 9715))
"""The test pictures that report 004 shows."""
TEN = ChosenPictures(EXAMPLES)
BATCH = 256
"""Report 004 sums its penalty over the batch; the library takes the mean, so its weight is multiplied by this."""


def sparse() -> Experiment:
    """1 156 hidden units on MNIST, kept sparse by L1 weights as reports 001 and 004 do, or by keeping the k largest.

    Expect the reported weights of 1e-5 and 1e-4 (004) to collapse to a black output. Not recorded yet: the minutes are
    an estimate.
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
        name="compared, standard fc(256)",
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
    unit = [
        Arm(
            name=f"compared, L1 {weight} with unit columns",
            model=replace(wide, output_activation="linear", unit_columns=True),
            training=replace(ANNEALED, epochs=15, learning_rate=1e-3, weight_decay=0.0, augmentation=Augmentation()),
            objective=Objective(penalties=(L1(weight),)),
            note="Decoder columns of length 1, so that a small code cannot buy a small penalty.",
        )
        for weight in (3e-4, 1e-3)
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
        minutes=12.0,
        data="mnist",
        arms=(*summed, *keras, standard, *kept, *unit),
        examples=EXAMPLES,
        studies=(TEN,),
        sources=("001", "004"),
        judge=judge,
    )


def judge(run: Run) -> list[Conclusion]:
    """What the reports conclude of the penalty's weight."""
    split = "test" if run.values("mean picture", "mse", split="test") else "validation"

    def mean(arm: str, metric: str, evaluation: str = "reconstruction") -> float:
        found = run.values(arm, metric, split=split, evaluation=evaluation)
        return interval(list(found.values())).mean if found else float("nan")

    weights = ("1e-6", "1e-5", "1e-4")
    error = [mean(f"as reported, L1 {weight}", "mse") for weight in weights]
    active = [mean(f"as reported, L1 {weight}", "active_units", "checks") for weight in weights]
    falls = error == sorted(error) and active == sorted(active, reverse=True)
    keras = mean("as reported, Keras L1 1e-4", "active_units", "checks")
    standard = mean("compared, standard fc(256)", "active_units", "checks")
    return [
        Conclusion(
            report="004",
            claim="A smaller L1 weight means less error and more active units.",
            verdict="confirmed" if falls else "partly",
            evidence="Weights 1e-6, 1e-5, 1e-4: mse "
            + ", ".join(f"{value:.4f}" for value in error)
            + "; active units "
            + ", ".join(f"{value:.0f}" for value in active)
            + ". Where none is active, the output is black, not sparse.",
        ),
        Conclusion(
            report="001",
            claim="Sparse codes hide many values.",
            verdict="confirmed" if keras / UNITS < standard / 256 else "refuted",
            evidence=f"{keras:.0f} of {UNITS} units are active at weight 1e-4, {standard:.0f} of 256 without penalty.",
        ),
    ]
