"""Few labels: what an encoder that was trained without any is worth to a classifier, from 1 % of the labels to all."""

import math
from dataclasses import replace

from narrows.evaluation import MLP, FineTuned, LabelEfficiency, Linear, Majority, NearestNeighbours
from narrows.evaluation.classifiers import FeatureClassifier
from narrows.evaluation.fine_tuned import FINE_TUNING
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.recipes import ANNEALED
from narrows.models import PCA, Convolutional, Dense, Deterministic, PatchFeatures
from narrows.results import Conclusion, Run, untested
from narrows.training import Augmentation, Training

ENCODER = "as reported, autoencoder code 16"
THREE_LAYERS, FIVE_LAYERS = "as reported, MLP 512-256-128", "as reported, MLP 512-256-128-64-32"
ANOTHER = "as reported, another architecture"
REAL_CODES = "compared, code 16, MLP"
IMPROVED = "improved"
FEW, ALL = "labels=0.01", "labels=1.0"

AS_REPORTED = Training(epochs=10, batch_size=32, learning_rate=1e-3)
MLP_TRAINING = replace(AS_REPORTED, batch_size=256)
WEIGHT_DECAYS = (1e-3, 3e-2, 1.0)
"""For 1 % of the labels as for all: the fewer labels, the larger the best weight decay."""
NEAR = 1e-5
"""The tolerance of linear classifiers of thousands of numbers: at 1e-8 they take twice as many steps, and validation
accuracy differs by less than a thousandth."""
LINEAR = tuple(map(Linear, WEIGHT_DECAYS))
NEAR_LINEAR = tuple(replace(each, tolerance=NEAR) for each in LINEAR)
ONE_LAYER = MLP((512,), Training(epochs=10, batch_size=128, schedule="cosine"), dropout=0.2)
NEIGHBOURS = tuple(NearestNeighbours(k) for k in (1, 5, 20))
EVERY_KIND: tuple[FeatureClassifier, ...] = (*LINEAR, ONE_LAYER, *NEIGHBOURS)
"""Of which validation chooses on codes of at most 128 numbers; on thousands, all but the linear ones take minutes and
have arms of their own."""
FEW_SHARES = (0.01, 0.1, 1.0)
MINUTES = 0.5
"""Of fine-tuning, for each of the few shares."""


def label_efficiency() -> Experiment:
    """Report 000's features, which are no codes, and its MLPs; real codes; and what is gained where an encoder learns.

    Expect chance from what is reported, and 52 % to 81 % of the pictures of CIFAR-10 named from 1 % of the labels to
    all; the measured figures stand in docs/results.md. About an hour on 2 cores without bfloat16 units, 25 minutes of
    which are the improved encoder's: 8 for the features of 60 000 pictures, 8 for linear classifiers of them.
    """
    return Experiment(
        name="label_efficiency",
        title="What an encoder is worth when labels are few",
        question="How far do 1 % to 100 % of the labels lead, on features that were learnt without any?",
        text=(
            "CIFAR-10, 45 000 / 5 000 / 10 000 pictures for training, validation and test. Encoders are trained "
            "without labels and then stand still; classifiers learn from the features of 1, 10, 20, 40, 60 and 100 % "
            "of the training pictures, drawn by the seed, stratified and nested. Where an arm has several, the one "
            "with the highest accuracy on validation is judged, for each share by itself. Fine-tuned, from scratch and "
            f"after pretraining on another set the encoder learns too, {60 * MINUTES:.0f} seconds a share, with one "
            "seed. Report 000 has STL-10, which is not here: its 5 000 labelled pictures, split 80-10-10, run with "
            "--set data=stl10 --set split=80-10-10, and with data=stl10 alone its official test pictures do."
        ),
        minutes=57.0,
        data="cifar10",
        arms=(*as_reported(), *improved(), *baselines(), *learning_encoders()),
        sources=("000",),
        judge=judge,
    )


def as_reported() -> tuple[Arm, ...]:
    """The report's autoencoder, its classifiers on what the decoder gives, and the same MLPs on codes."""
    encoder = Arm(
        name=ENCODER,
        task="classification",
        model=Dense((), 16, output_activation="sigmoid", bottleneck=Deterministic("relu")),
        training=AS_REPORTED,
        note=(
            "Report 000: input, a dense code of 16, a dense decoder; Adam at 1e-3 on the squared error. It leaves open "
            "epochs, batches and activations: here 10 epochs in batches of 32, ReLU on the code and a sigmoid at the "
            "output, which are the usual ones of such networks."
        ),
    )

    linear = replace(
        encoder,
        name="compared, autoencoder linear code 16",
        model=Dense((), 16, output_activation="sigmoid"),
        note="The same without a ReLU on the code, whose units Adam's first steps switch off for good.",
    )

    def on_pictures(name: str, classifier: MLP | Linear, note: str) -> Arm:
        study = LabelEfficiency((classifier,), features="reconstruction", standardised=False)
        return replace(encoder, name=name, encoder=ENCODER, studies=(study,), note=note)

    mlps = MLP((512, 256, 128), MLP_TRAINING), MLP((512, 256, 128, 64, 32), MLP_TRAINING)
    pictures = (
        "Report 000: learns from the decoder's pictures, whose shape its features have; batches of 256 are chosen."
    )
    return (
        encoder,
        on_pictures(THREE_LAYERS, mlps[0], pictures),
        on_pictures(FIVE_LAYERS, mlps[1], pictures),
        on_pictures(
            ANOTHER,
            Linear(tolerance=NEAR),
            "The report does not say which one: a linear classifier is chosen here, on the same pictures.",
        ),
        linear,
        replace(
            linear,
            name=REAL_CODES,
            encoder=linear.name,
            studies=(LabelEfficiency(mlps, choose="all labels"),),
            note="The encoder's 16 numbers, standardised; of the two MLPs the one that does better on validation with "
            "all labels, as the report means to choose.",
        ),
    )


def improved() -> tuple[Arm, ...]:
    """One encoder and linear classifiers and, in arms of their own, the other kinds."""
    best = Arm(
        name=IMPROVED,
        task="classification",
        model=PatchFeatures(),
        training=replace(ANNEALED, epochs=2, batch_size=1000, augmentation=Augmentation()),
        studies=(LabelEfficiency(NEAR_LINEAR),),
        note="What the 1 600 units of a k-sparse autoencoder of whitened patches see in each quarter of the picture; "
        "of linear classifiers the one that does best on validation, share by share.",
    )
    kinds: dict[str, FeatureClassifier] = {"MLP": ONE_LAYER, "nearest neighbours": NEIGHBOURS[-1]}
    return (
        best,
        *(
            replace(
                best,
                name=f"compared, {kind}",
                encoder=IMPROVED,
                studies=(LabelEfficiency((classifier,), FEW_SHARES),),
                note="On the improved arm's features.",
            )
            for kind, classifier in kinds.items()
        ),
    )


def baselines() -> tuple[Arm, ...]:
    """What needs no trained encoder."""
    pca = Arm(
        name="compared, PCA codes",
        task="classification",
        model=PCA(128),
        training=Training(epochs=0),
        studies=(LabelEfficiency(EVERY_KIND),),
        note="128 components, and every kind of classifier.",
    )
    return (
        pca,
        replace(
            pca,
            name="compared, raw pixels",
            encoder=pca.name,
            studies=(LabelEfficiency((*NEAR_LINEAR[1:], ONE_LAYER), features="pixels"),),
            note="No encoder: classifiers of the pixels.",
        ),
        replace(
            pca,
            name="compared, majority",
            encoder=pca.name,
            studies=(LabelEfficiency((Majority(),)),),
            note="Names the most frequent class of the labelled pictures, whatever it sees.",
        ),
    )


def learning_encoders() -> tuple[Arm, ...]:
    """A small convolutional network: untrained, trained without labels here or elsewhere; frozen, and learning on."""
    fine_tuned = FineTuned(
        FEW_SHARES,
        replace(
            FINE_TUNING, minutes=MINUTES, learning_rate=3e-3, weight_decay=0.05, augmentation=Augmentation(flip=True)
        ),
    )
    frozen = LabelEfficiency(EVERY_KIND)
    untrained = Arm(
        name="compared, untrained convolutional encoder",
        task="classification",
        model=Convolutional((32, 64, 128), code_size=128, output_activation="linear"),
        training=Training(epochs=0),
        studies=(frozen,),
        note="What its features owe to the architecture alone.",
    )
    trained = replace(
        untrained,
        name="compared, convolutional encoder",
        training=replace(ANNEALED, minutes=1.0, batch_size=50, augmentation=Augmentation(flip=True)),
        note="Trained for a minute on the same pictures without labels; frozen.",
    )
    elsewhere = replace(
        trained,
        name="compared, convolutional encoder from VOC",
        pretraining="voc2007",
        note="Trained for a minute on VOC 2007, whose photographs were brought to this size; frozen.",
    )

    def learning_on(encoder: Arm, name: str, note: str) -> Arm:
        return replace(encoder, name=name, encoder=encoder.name, pretraining="", studies=(fine_tuned,), note=note)

    return (
        untrained,
        learning_on(untrained, "compared, from scratch", "The untrained encoder learns from the labels alone."),
        trained,
        learning_on(trained, "compared, fine-tuned", "The encoder that was trained here without labels learns on."),
        elsewhere,
        learning_on(elsewhere, "compared, transfer from VOC", "The encoder that was trained on VOC 2007 learns on."),
    )


def judge(run: Run) -> list[Conclusion]:
    """What report 000 concludes of its classifiers."""
    return [judge_labels(run), judge_layers(run), judge_architecture(run)]


def judge_labels(run: Run) -> Conclusion:
    """Do more labels help?"""
    claim = "More labels lead to no significant improvement in test accuracy."
    gains = {arm: (accuracy(run, arm, FEW), accuracy(run, arm, ALL)) for arm in (THREE_LAYERS, REAL_CODES, IMPROVED)}
    if any(math.isnan(value) for pair in gains.values() for value in pair):
        return untested("000", claim)
    helped = [many > few + chance(run, few, many) for few, many in gains.values()]
    stated = "; ".join(f"“{arm}” {few:.3f} and {many:.3f}" for arm, (few, many) in gains.items())
    return Conclusion(
        report="000",
        claim=claim,
        verdict="refuted" if all(helped) else "partly" if any(helped) else "confirmed",
        evidence=f"Accuracy with 1 % of the labels and with all: {stated}. Where it does not grow, the features do not "
        "tell the classes apart, and no number of labels can.",
    )


def judge_layers(run: Run) -> Conclusion:
    """Are five layers better than three?"""
    claim = "The MLP with 5 hidden layers does slightly better than the one with 3."
    three, five = (accuracy(run, arm, ALL) for arm in (THREE_LAYERS, FIVE_LAYERS))
    return compared(run, claim, ("three layers", three), ("five", five))


def judge_architecture(run: Run) -> Conclusion:
    """Does another architecture improve on both?"""
    claim = "Another architecture improves on both MLPs."
    both = [accuracy(run, arm, ALL) for arm in (THREE_LAYERS, FIVE_LAYERS)]
    return compared(run, claim, ("the better MLP", max(both)), ("another architecture", accuracy(run, ANOTHER, ALL)))


def compared(run: Run, claim: str, before: tuple[str, float], after: tuple[str, float]) -> Conclusion:
    """A claim that the latter accuracy is higher; by less than chance allows it is half a claim."""
    if math.isnan(before[1]) or math.isnan(after[1]):
        return untested("000", claim)
    gain, least = after[1] - before[1], chance(run, before[1], after[1])
    return Conclusion(
        report="000",
        claim=claim,
        verdict="confirmed" if gain > least else "partly" if gain > 0 else "refuted",
        evidence=f"With all labels {before[0]} {before[1]:.3f}, {after[0]} {after[1]:.3f}; on as many pictures chance "
        f"alone makes differences of up to {least:.3f}. The report's own 500 pictures leave it 0.035 at an accuracy of "
        "0.09, which is more than its architectures differ by.",
    )


def accuracy(run: Run, arm: str, condition: str) -> float:
    """Of an arm's classifier on the judged split, mean over seeds; nan where it was not measured."""
    return run.mean(arm, "accuracy", evaluation="label_efficiency", condition=condition)


def chance(run: Run, first: float, second: float) -> float:
    """Half-width of the 95 % interval of a difference of two accuracies: that of two independent binomial shares."""
    judged = [row for row in run.results if (row.evaluation, row.split) == ("label_efficiency", run.judged_split)]
    n = max((row.n for row in judged), default=1)
    return 1.96 * math.sqrt((first * (1 - first) + second * (1 - second)) / n)
