"""Every member of the family on one page: the same digits, the same number of code numbers, the same training time."""

from dataclasses import replace

from narrows.corruption import Binarise, GaussianNoise, PixelMask
from narrows.evaluation import CodeNoise, EvidenceLowerBound, LinearProbe, Manifold, PriorSamples, UnderNoise
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.recipes import ANNEALED
from narrows.models import Convolutional, Dense, Deterministic, Gaussian, ResidualDense, TopK
from narrows.objective import L1, KLToPrior, Objective
from narrows.training import Augmentation

SIZE = 32
UNITS = 1156
"""Of the sparse members, which have as many active as the others have numbers."""


def family() -> Experiment:
    """Dense, convolutional, sparse, denoising, masked and variational autoencoders beside PCA, on MNIST.

    Every member passes 32 numbers a digit, the sparse ones 32 active of 1 156, and trains for the same time. Expect the
    least error of the convolutional member (test mse 0.0042, PCA 0.017), the most accurate classifier on the sparse
    codes (0.97 with all labels, PCA 0.90), the least harm from noise on the input in the denoising one, and a bound of
    -94 nats (-91 after five minutes). About 12 minutes on 2 cores with bfloat16 units.
    """
    equal = replace(ANNEALED, minutes=1.0)
    dense = Arm(
        name="compared, dense",
        model=Dense((1024, 512, 256), SIZE, output_activation="sigmoid", bottleneck=Deterministic(balanced=True)),
        training=equal,
        note="Three layers before the code, whose numbers are kept at mean 0 and variance 1.",
    )
    members = (
        dense,
        replace(
            dense,
            name="compared, convolutional",
            model=Convolutional((32, 64), code_size=SIZE, output_activation="linear"),
            training=replace(equal, batch_size=50),
            note="Two stages of convolution and pooling, projected.",
        ),
        replace(
            dense,
            name="compared, L1",
            model=Dense((), UNITS, bottleneck=Deterministic("relu"), unit_columns=True),
            training=replace(equal, learning_rate=1e-3, weight_decay=0.0, augmentation=Augmentation()),
            objective=Objective(penalties=(L1(1.25e-3),)),
            note="Decoder columns of length 1; the penalty's weight was chosen on validation for 32 active units.",
        ),
        replace(
            dense,
            name="compared, k-sparse",
            model=ResidualDense(UNITS, num_blocks=1, bottleneck=TopK(SIZE, balanced=True)),
            note="The 32 largest of 1 156 balanced units.",
        ),
        replace(
            dense,
            name="compared, denoising",
            corruption=GaussianNoise((0.0, 1.0)),
            task="denoising",
            note="The dense member; each picture's noise is drawn evenly from none to 1.",
        ),
        replace(
            dense,
            name="compared, masked",
            corruption=PixelMask(0.5),
            task="inpainting",
            note="The dense member, half of whose input pixels are hidden.",
        ),
        *(
            replace(
                dense,
                name=f"compared, variational, beta {beta:g}",
                model=ResidualDense(SIZE, bottleneck=Gaussian()),
                training=replace(
                    equal,
                    batch_size=100,
                    learning_rate=1e-3,
                    weight_decay=0.0,
                    warmup=0.2,
                    augmentation=Augmentation(),
                ),
                objective=Objective("bce", (KLToPrior(beta),), reduction="sum"),
                corruption=Binarise(),
                note="Trained and bounded on binarised digits; small batches and a long warm-up keep the rate from "
                "collapsing.",
            )
            for beta in (1.0, 4.0)
        ),
    )
    return Experiment(
        name="family",
        title="One family, thirty-two numbers",
        question="What does each member of the family buy with the same numbers and the same minutes?",
        text=(
            "MNIST, 50 000 / 10 000 / 10 000 digits for training, validation and test. Every member passes 32 numbers "
            "a digit and trains for one minute. All get the same clean and noisy digits here, whatever they were "
            "trained on; a linear classifier learns from their codes with 100, 1 000 and all labels. A budget of "
            "minutes makes the figures depend on the machine."
        ),
        minutes=12.0,
        data="mnist",
        arms=members,
        studies=(
            UnderNoise((0.0, 0.25, 0.5)),
            CodeNoise((), (0.25, 0.5, 1.0)),
            Manifold(pairs=((0, 1), (2, 3))),
            LinearProbe(),
            EvidenceLowerBound(),
            PriorSamples(),
        ),
    )
