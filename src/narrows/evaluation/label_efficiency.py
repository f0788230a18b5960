"""What classifiers of a frozen encoder's features reach with few labels: the best of several, chosen on validation."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.classifiers import CURVES, Attempt, FeatureClassifier, Labelled, Tried, judge
from narrows.evaluation.features import Kind
from narrows.evaluation.label_budgets import answered, check_budgets, kept, num_classes
from narrows.evaluation.logistic import Linear
from narrows.evaluation.reconstruction import Evaluation, Model
from narrows.evaluation.tally import Figure
from narrows.models import Autoencoder
from narrows.types import Scores

SHARES = (0.01, 0.1, 0.2, 0.4, 0.6, 1.0)
"""Of the labels of the training pictures, as report 000 takes them."""

RATES = np.linspace(0, 1, 101)
"""False positive rates at which a ROC curve is kept."""


@dataclass(frozen=True)
class LabelEfficiency:
    """Accuracy over the share of labels, of classifiers that learn from an encoder's features as they stand.

    The pictures that keep their label are drawn by the arm's seed, stratified and nested (see `kept`); features are of
    all pictures. Of several classifiers the one with the highest accuracy on validation, the first of equals, is
    judged. Where validation itself is the judged split, as in a run that leaves the test split unread, it has been
    chosen on the pictures that judge it, and its figures are flattered by as much.

    Raises:
        ValueError: no classifier, no share, or one that is not above 0 and at most 1.
    """

    classifiers: tuple[FeatureClassifier, ...] = (Linear(),)
    shares: tuple[float, ...] = SHARES
    features: Kind = "code"
    """What is learnt from. "reconstruction" is a report's fault: pictures in place of codes."""
    standardised: bool = True
    """Every feature at mean 0 and variance 1 over all training pictures, with or without a label."""
    choose: Literal["each share", "all labels"] = "each share"
    """Which labels the classifiers have learnt from when one is chosen: those of each share, for that share; or all,
    once, for every share."""
    name: ClassVar[str] = "label_efficiency"
    needs: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        check_budgets(self.shares)
        if not self.classifiers or not self.shares:
            raise ValueError("expected at least one classifier and one share of labels, found none; name one of each")

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """Figures under labels=SHARE of the judged split, and of the same classifiers' train and validation pictures.

        Those are `accuracy`, `cross_entropy` in nats and, of the judged split, `macro_auc`; on train they are of the
        labelled pictures, after training, but for classifiers that know these by heart. Nothing for a model without a
        code and for pictures without labels.

        Args:
            model: an Autoencoder or a baseline; its weights stay as they are.
            pictures: the judged split.
            beside: the training and validation pictures, the seed, and the features that are known already.

        Returns:
            Also the arrays of `answered`; `features`, what was learnt from; `chosen`, (share,), titles of the
            classifiers; `roc`, (share, rate), the mean over classes of the true positive rate at
            `false_positive_rates`; and each of `CURVES`, (share, epoch), nan where nothing was trained by epochs or
            for fewer of them.
        """
        labels, truth, known = beside.train.labels, pictures.labels, beside.validation.labels
        if not isinstance(model, Autoencoder) or labels is None or truth is None or known is None:
            return Evaluation([])
        splits = (beside.train, beside.validation, pictures)
        learnt, validation, judged = beside.features.of(model, self.features, splits, standardised=self.standardised)
        task = Task(
            Labelled(learnt, torch.from_numpy(labels)),
            Labelled(validation, torch.from_numpy(known)),
            max(num_classes(labels, truth), num_classes(labels, known)),
            beside.seed,
            beside.features.tried,
        )
        budgeted = kept(self.shares, labels, beside.seed)
        candidates = self.classifiers
        if self.choose == "all labels" and len(candidates) > 1:
            candidates = (task.best(candidates, np.arange(len(labels))).classifier,)
        found = {condition: task.best(candidates, chosen) for condition, chosen in budgeted.items()}
        scores = {condition: best.fitted.scores(judged) for condition, best in found.items()}
        figures = [figure for condition, each in scores.items() for figure in judged_figures(condition, each, truth)]
        elsewhere = {
            "train": [
                figure
                for condition, best in found.items()
                if best.on_train
                for figure in figures_of(condition, best.on_train, len(budgeted[condition]))
            ]
        }
        if pictures is not beside.validation:
            elsewhere["validation"] = [
                figure
                for condition, best in found.items()
                for figure in figures_of(condition, best.on_validation, len(known))
            ]
        answers = {condition: each.argmax(1).numpy() for condition, each in scores.items()}
        arrays = answered(budgeted, answers, truth, task.num_classes)
        arrays |= drawn(list(found.values()), list(scores.values()), truth)
        return Evaluation(figures, arrays | {"features": np.array(self.features)}, elsewhere)


@dataclass(frozen=True)
class Task:
    """What the classifiers of one encoder learn from and are chosen on."""

    train: Labelled
    validation: Labelled
    num_classes: int
    seed: int
    tried: dict[Attempt, Tried]
    """What has been tried on these features: arms that compare kinds of classifiers need not wait for each again."""

    def best(self, candidates: tuple[FeatureClassifier, ...], chosen: NDArray[np.int64]) -> Tried:
        """The candidate that does best on validation, of all that learn from these training pictures."""
        positions = torch.from_numpy(chosen)
        everything = len(chosen) == len(self.train.labels)
        # taking all would copy what may be most of the memory
        learnt = self.train if everything else Labelled(self.train.features[positions], self.train.labels[positions])
        return max((self._try(each, learnt) for each in candidates), key=lambda tried: tried.on_validation[1])

    def _try(self, candidate: FeatureClassifier, learnt: Labelled) -> Tried:
        """Fit, or take up what was; the seed has drawn the pictures, so their number says which."""
        attempt = (candidate, self.seed, len(learnt.labels))
        if attempt not in self.tried:
            fitted = candidate.fit(learnt, self.validation, self.num_classes, self.seed)
            # of 45 000 pictures with 12 800 numbers, each beside all others, it would take seven minutes
            on_train = None if fitted.by_heart else judge(fitted.scores(learnt.features), learnt.labels)
            on_validation = judge(fitted.scores(self.validation.features), self.validation.labels)
            self.tried[attempt] = Tried(candidate, fitted, on_train, on_validation)
        return self.tried[attempt]


def figures_of(condition: str, judged: tuple[float, float], num_pictures: int) -> list[Figure]:
    """Cross-entropy and accuracy of pictures that a classifier has learnt from or was chosen on."""
    return [
        Figure(LabelEfficiency.name, condition, metric, value, num_pictures)
        for metric, value in zip(("cross_entropy", "accuracy"), judged, strict=True)
    ]


def judged_figures(condition: str, scores: Scores, truth: NDArray[np.int64]) -> list[Figure]:
    """Accuracy, cross-entropy and macro AUC of the judged pictures; the last where they are of several classes."""
    error, accuracy = judge(scores, torch.from_numpy(truth))
    values = {"accuracy": accuracy, "cross_entropy": error}
    if len(np.unique(truth)) > 1:
        values["macro_auc"] = macro_auc(scores, truth)
    return [Figure(LabelEfficiency.name, condition, metric, value, len(truth)) for metric, value in values.items()]


def macro_auc(scores: Scores, truth: NDArray[np.int64]) -> float:
    """Area under the ROC curve of each class's probability against all other classes, mean over the classes present."""
    from sklearn.metrics import roc_auc_score

    probabilities = scores.double().softmax(1).numpy()
    return float(np.mean([roc_auc_score(truth == each, probabilities[:, each]) for each in np.unique(truth)]))


def macro_roc(scores: Scores, truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """True positive rate at `RATES`, one class against the others, mean over the classes present."""
    from sklearn.metrics import roc_curve

    probabilities = scores.double().softmax(1).numpy()
    curves = []
    for each in np.unique(truth):
        false, true, _ = roc_curve(truth == each, probabilities[:, each])
        curves.append(np.interp(RATES, false, true))
    return np.array(np.mean(curves, axis=0))


def drawn(found: list[Tried], scores: list[Scores], truth: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """What is drawn beside the confusion of every share; nothing where there is none."""
    if not found:
        return {}
    arrays: dict[str, NDArray[Any]] = {"chosen": np.array([best.classifier.title for best in found])}
    if len(np.unique(truth)) > 1:
        arrays |= {"false_positive_rates": RATES, "roc": np.array([macro_roc(each, truth) for each in scores])}
    longest = max(len(values) for best in found for values in best.fitted.curves.values() or ([],))
    for name in CURVES if longest else ():
        padded = np.full((len(found), longest), np.nan)
        for row, best in zip(padded, found, strict=True):
            values = best.fitted.curves.get(name, [])
            row[: len(values)] = values
        arrays[name] = padded
    return arrays
