"""Few labels to all: classes that features tell or hide, what is chosen on validation, and figures by other means."""

from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, roc_auc_score

from narrows.data import Dataset, Pictures, label_budget
from narrows.evaluation import MLP, Beside, Constant, Evaluation, LabelEfficiency, Linear, Majority, NearestNeighbours
from narrows.evaluation.classifiers import CURVES, Fitted, Labelled
from narrows.evaluation.label_efficiency import macro_auc, macro_roc
from narrows.models import Autoencoder, Dense
from narrows.training import Training, as_images
from narrows.types import Codes, Scores

SHORT = MLP((16,), Training(epochs=3, batch_size=50, learning_rate=3e-3, precision="float32"))


def beside(digits: Dataset, seed: int = 0) -> Beside:
    return Beside(digits.train, lambda _: digits.test, digits.validation, seed=seed)


def values(evaluation: Evaluation, metric: str = "accuracy") -> dict[str, float]:
    return {each.condition: each.value for each in evaluation.figures if each.metric == metric}


@dataclass(frozen=True)
class Planted:
    """Names class 0 for all, but with many labels every class right, or with few."""

    title: str
    right_from: int
    right_to: int

    def fit(self, learnt: Labelled, validation: Labelled, num_classes: int, seed: int) -> Fitted:  # noqa: ARG002
        right = self.right_from <= len(learnt.labels) <= self.right_to

        def scores(features: Codes) -> Scores:
            # the class stands in the first feature
            named = features[:, 0].round().long() if right else torch.zeros(len(features), dtype=torch.long)
            return torch.nn.functional.one_hot(named, num_classes).float() * 9

        return Fitted(scores)


def told(digits: Dataset) -> tuple[Autoencoder, Dataset]:
    """Pictures whose first pixel is ten times their class, and a model whose code is the class."""

    def telling(pictures: Pictures) -> Pictures:
        assert pictures.labels is not None
        images = np.zeros_like(pictures.images)
        images[:, 0, 0, 0] = 10 * pictures.labels
        return replace(pictures, images=images)

    model = Dense((), 1).build(digits.image_shape)
    with torch.no_grad():
        model.get_parameter("project.weight").zero_()[0, 0] = 25.5
        model.get_parameter("project.bias").zero_()
    test = telling(digits.test)
    return model.eval(), replace(digits, official_train=telling(digits.official_train), read_test=lambda: test)


def test_accuracy_is_that_of_the_classifier_on_the_labelled_pictures_alone(digits: Dataset, pca: Autoencoder) -> None:
    assert digits.train.labels is not None
    assert digits.test.labels is not None
    found = LabelEfficiency((Linear(),), (0.1, 1.0))(pca, digits.test, beside(digits, seed=5))
    with torch.no_grad():
        train, test = (pca.encode(as_images(some)).double() for some in (digits.train, digits.test))
    mean, deviation = train.mean(0), train.std(0, correction=0)
    train, test = ((some - mean) / deviation for some in (train, test))
    chosen = torch.from_numpy(label_budget(digits.train.labels, 0.1, 5))
    learnt = Labelled(train[chosen].float(), torch.from_numpy(digits.train.labels)[chosen])
    scores = Linear().fit(learnt, learnt, 10, 5).scores(test.float())
    expected = (scores.argmax(1).numpy() == digits.test.labels).mean()
    assert values(found)["labels=0.1"] == pytest.approx(expected, abs=1 / len(digits.test))
    probabilities = scores.double().softmax(1).numpy()
    assert values(found, "cross_entropy")["labels=0.1"] == pytest.approx(
        log_loss(digits.test.labels, probabilities), abs=0.01
    )
    area = roc_auc_score(digits.test.labels, probabilities, multi_class="ovr", average="macro")
    assert values(found, "macro_auc")["labels=0.1"] == pytest.approx(area, abs=1e-3)
    assert values(found)["labels=1.0"] > values(found)["labels=0.1"] > 0.6
    assert {(each.evaluation, each.n) for each in found.figures} == {("label_efficiency", len(digits.test))}


def test_the_classifier_is_chosen_on_validation_for_each_share(digits: Dataset) -> None:
    model, data = told(digits)
    few, many = Planted("few", 0, 200), Planted("many", 201, 2000)
    study = LabelEfficiency((few, many), (0.1, 1.0), standardised=False)
    found = study(model, data.test, beside(data))
    assert found.arrays["chosen"].tolist() == ["few", "many"]
    assert values(found) == {"labels=0.1": 1.0, "labels=1.0": 1.0}
    # chosen by all labels, the second is used for few as well
    once = replace(study, choose="all labels")(model, data.test, beside(data))
    assert once.arrays["chosen"].tolist() == ["many", "many"]
    assert values(once)["labels=1.0"] == 1.0
    assert values(once)["labels=0.1"] == np.mean(digits.test.labels == 0)


def test_what_the_test_split_would_prefer_is_not_chosen(digits: Dataset) -> None:
    # on the judged pictures the right class is another one than validation says
    model, data = told(digits)
    assert data.test.labels is not None
    shifted = replace(data.test, labels=np.zeros(len(data.test), dtype=np.int64))
    right, wrong = Planted("right", 0, 2000), Planted("wrong", 9999, 9999)
    found = LabelEfficiency((wrong, right), (1.0,), standardised=False)(model, shifted, beside(data))
    assert found.arrays["chosen"].tolist() == ["right"]
    assert values(found)["labels=1.0"] == np.mean(data.test.labels == 0) < 0.2


def test_train_and_validation_figures_stand_beside(digits: Dataset, pca: Autoencoder) -> None:
    study = LabelEfficiency((SHORT,), (0.1, 1.0))
    found = study(pca, digits.test, beside(digits))
    sizes = {split: {figure.n for figure in figures} for split, figures in found.elsewhere.items()}
    assert sizes == {"train": {142, 1437}, "validation": {180}}
    ends = {name: found.arrays[name][1, -1] for name in CURVES}
    stated = {
        f"{split}_{figure.metric}": figure.value
        for split, figures in found.elsewhere.items()
        for figure in figures
        if figure.condition == "labels=1.0"
    }
    assert stated == pytest.approx(ends, rel=1e-5)
    untested = study(pca, digits.validation, beside(digits))
    assert list(untested.elsewhere) == ["train"]
    assert values(untested)["labels=1.0"] == stated["validation_accuracy"]


def test_arrays_to_draw_are_whole(digits: Dataset, pca: Autoencoder) -> None:
    found = LabelEfficiency((SHORT, Linear(), Majority()), (0.02, 1.0))(pca, digits.test, beside(digits))
    assert digits.test.labels is not None
    arrays = found.arrays
    assert arrays["conditions"].tolist() == ["labels=0.02", "labels=1.0"]
    assert arrays["num_labels"].tolist() == [30, 1437]  # 3 of each class
    assert (arrays["confusion"].sum(2) == np.bincount(digits.test.labels)).all()
    shares = np.trace(arrays["confusion"], axis1=1, axis2=2) / len(digits.test)
    np.testing.assert_allclose(shares, list(values(found).values()))
    assert arrays["roc"].shape == (2, 101)
    assert (np.diff(arrays["roc"], axis=1) >= 0).all()
    assert (arrays["roc"][:, -1] == 1).all()
    # the area under the mean curve is the mean area, but for its 101 points
    areas = np.trapezoid(arrays["roc"], arrays["false_positive_rates"], axis=1)
    np.testing.assert_allclose(areas, list(values(found, "macro_auc").values()), atol=0.01)


def test_a_worked_example_of_macro_auc() -> None:
    # class 0 before all others: 1; class 1: one of its two pictures stands above one of two others: 1/4 + 1/4
    scores = torch.log(torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.2, 0.7], [0.2, 0.6, 0.2], [0.3, 0.4, 0.3]]))
    truth = np.array([0, 1, 1, 2])
    by_hand = np.mean([1.0, 3 / 4, 2 / 3])
    assert macro_auc(scores, truth) == pytest.approx(by_hand)
    assert macro_auc(scores, truth) == pytest.approx(
        roc_auc_score(truth, scores.exp(), multi_class="ovr", average="macro")
    )
    assert macro_auc(scores, np.array([0, 0, 1, 1])) == np.mean([1 / 2, 1.0])  # no picture of class 2 is judged
    same = torch.zeros(4, 3)
    assert macro_auc(same, truth) == 0.5
    np.testing.assert_allclose(macro_roc(same, truth), np.linspace(0, 1, 101))


def test_labels_are_nested_and_drawn_by_the_arm_s_seed(digits: Dataset, pca: Autoencoder) -> None:
    study = LabelEfficiency((NearestNeighbours(1),), (0.05, 1.0))
    first, again, other = (study(pca, digits.test, beside(digits, seed)) for seed in (0, 0, 1))
    assert values(first) == values(again)
    assert values(first)["labels=0.05"] != values(other)["labels=0.05"]
    assert values(first)["labels=1.0"] == values(other)["labels=1.0"]


def test_what_knows_labelled_pictures_by_heart_is_not_judged_on_them(digits: Dataset, pca: Autoencoder) -> None:
    elsewhere = LabelEfficiency((NearestNeighbours(1),), (1.0,))(pca, digits.test, beside(digits)).elsewhere
    assert elsewhere["train"] == []
    assert [figure.metric for figure in elsewhere["validation"]] == ["cross_entropy", "accuracy"]


def test_features_are_codes_pictures_or_pixels(digits: Dataset, pca: Autoencoder) -> None:
    learnt = beside(digits)
    asked = {
        kind: LabelEfficiency((Linear(),), (1.0,), features=kind, standardised=False)(pca, digits.test, learnt)
        for kind in ("code", "reconstruction", "pixels")
    }
    accuracies = {kind: values(found)["labels=1.0"] for kind, found in asked.items()}
    assert accuracies["pixels"] > accuracies["code"] > 0.8
    with torch.no_grad():
        train, test = (pca(as_images(some)).reconstruction.flatten(1) for some in (digits.train, digits.test))
    assert digits.train.labels is not None
    fitted = Linear().fit(Labelled(train, torch.from_numpy(digits.train.labels)), Labelled(test, test[:, 0]), 10, 0)
    expected = (fitted.scores(test).argmax(1).numpy() == digits.test.labels).mean()
    assert accuracies["reconstruction"] == pytest.approx(expected)


def test_what_has_no_code_or_no_labels_gives_nothing(digits: Dataset, pca: Autoencoder) -> None:
    black, unlabelled = Constant(torch.zeros(digits.image_shape)), Pictures(digits.test.images)
    study = LabelEfficiency()
    for found in (
        study(black, digits.test, beside(digits)),
        study(pca, unlabelled, beside(digits)),
        study(pca, digits.test, replace(beside(digits), train=unlabelled)),
        study(pca, digits.test, replace(beside(digits), validation=unlabelled)),
    ):
        assert (found.figures, found.arrays, found.elsewhere) == ([], {}, {})


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a share such as 0.1, .* found \(0.1, 1.5\)"):
        LabelEfficiency(shares=(0.1, 1.5))
    with pytest.raises(ValueError, match="at least one classifier and one share"):
        LabelEfficiency(())


@dataclass(frozen=True)
class Counted:
    """A linear classifier whose fits are counted."""

    title: str
    fits: list[tuple[int, int]] = field(default_factory=list, compare=False)

    def fit(self, learnt: Labelled, validation: Labelled, num_classes: int, seed: int) -> Fitted:
        self.fits.append((seed, len(learnt.labels)))
        return Linear(max_iterations=3).fit(learnt, validation, num_classes, seed)


def test_a_classifier_of_the_same_features_seed_and_share_learns_once(digits: Dataset, pca: Autoencoder) -> None:
    counted, other = Counted("counted"), Counted("other")
    both, one = LabelEfficiency((counted, other), (0.1, 1.0)), LabelEfficiency((counted,), (0.1, 1.0))
    near = beside(digits)
    first = both(pca, digits.test, near)
    again = one(pca, digits.test, near)
    assert counted.fits == other.fits == [(0, 142), (0, 1437)]
    assert again.figures == one(pca, digits.test, beside(digits)).figures
    assert {each.condition for each in first.figures} == {"labels=0.1", "labels=1.0"}
    one(pca, digits.test, replace(near, seed=1))
    assert counted.fits[4:] == [(1, 142), (1, 1437)]
    with torch.no_grad():
        changed = deepcopy(pca)
        next(iter(changed.state_dict().values())).add_(0.01)
    one(changed, digits.test, near)
    assert counted.fits[6:] == [(0, 142), (0, 1437)]
