"""Classifiers of features against scikit-learn's, and on features of which the answer is known."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from narrows.evaluation import MLP, Linear, Majority, NearestNeighbours
from narrows.evaluation.classifiers import CURVES, FeatureClassifier, Labelled, judge
from narrows.training import Training


@pytest.fixture(scope="module")
def digits() -> Labelled:
    values, labels = load_digits(return_X_y=True)
    return Labelled(torch.from_numpy(values / 16).float(), torch.from_numpy(labels.astype(np.int64)))


@pytest.fixture(scope="module")
def learnt(digits: Labelled) -> Labelled:
    return Labelled(digits.features[:1200], digits.labels[:1200])


@pytest.fixture(scope="module")
def judged(digits: Labelled) -> Labelled:
    return Labelled(digits.features[1200:], digits.labels[1200:])


SHORT = MLP((32,), Training(epochs=5, batch_size=50, learning_rate=3e-3, precision="float32"))


@pytest.mark.parametrize("weight_decay", [1e-3, 1e-1])
def test_linear_has_the_minimum_that_scikit_learn_finds(
    learnt: Labelled, judged: Labelled, weight_decay: float
) -> None:
    reference = LogisticRegression(C=1 / (len(learnt.labels) * weight_decay), solver="newton-cg", tol=1e-8)
    reference.fit(learnt.features.double().numpy(), learnt.labels.numpy())
    expected = reference.predict_proba(judged.features.double().numpy())
    found = Linear(weight_decay, 1000).fit(learnt, judged, 10, 0).scores(judged.features).softmax(1)
    np.testing.assert_allclose(found.numpy(), expected, atol=0.01)


def test_linear_is_near_its_minimum_in_few_steps_though_strong_numbers_mean_nothing(learnt: Labelled) -> None:
    strong = 100 * torch.from_numpy(np.random.default_rng(0).normal(size=(len(learnt.labels), 50))).float()
    learnt = Labelled(torch.cat([learnt.features, strong], dim=1), learnt.labels)

    def error(iterations: int) -> float:
        scores = Linear(0.01, iterations).fit(learnt, learnt, 10, 0).scores(learnt.features)
        return judge(scores, learnt.labels)[0]

    assert error(30) == pytest.approx(error(1000), abs=1e-3)  # without the preconditioner it is 0.08 away


def test_linear_on_bfloat16_features_names_nearly_the_same_classes(learnt: Labelled, judged: Labelled) -> None:
    exact = Linear().fit(learnt, judged, 10, 0).scores(judged.features).argmax(1)
    coarse = Labelled(learnt.features.bfloat16(), learnt.labels)
    found = Linear().fit(coarse, judged, 10, 0).scores(judged.features.bfloat16())
    assert found.dtype == torch.float32
    assert (found.argmax(1) == exact).double().mean() > 0.98


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("k", [1, 7])
def test_neighbours_and_their_votes_are_scikit_learn_s(
    learnt: Labelled, judged: Labelled, distance: Literal["cosine", "euclidean"], k: int
) -> None:
    reference = KNeighborsClassifier(k, metric=distance).fit(learnt.features.numpy(), learnt.labels.numpy())
    votes = reference.predict_proba(judged.features.numpy()) * k
    found = NearestNeighbours(k, distance).fit(learnt, judged, 10, 0).scores(judged.features).exp().numpy()
    same = np.isclose(found, (votes + 0.1) / (k + 1), atol=1e-5).all(1)
    assert same.mean() > 0.99  # equal distances may be ordered either way
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)


def test_fewer_labelled_pictures_than_neighbours_all_vote() -> None:
    few = Labelled(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.1, 1.0]]), torch.tensor([0, 1, 1]))
    scores = NearestNeighbours(10).fit(few, few, 2, 0).scores(few.features).exp()
    # one vote of three for class 0: (1 + 1/2) / 4
    torch.testing.assert_close(scores, torch.tensor([[0.375, 0.625]]).expand(3, 2))


def test_majority_has_the_labelled_pictures_shares() -> None:
    labels = torch.tensor([2, 2, 2, 0])
    few = Labelled(torch.zeros(4, 5), labels)
    scores = Majority().fit(few, few, 3, 0).scores(torch.ones(6, 5))
    # of class 0, one of four: a third more than one, of five
    torch.testing.assert_close(scores.exp(), torch.tensor([[4.0, 1.0, 10.0]]).expand(6, 3) / 15)
    error, accuracy = judge(scores[:4], labels)
    assert accuracy == 0.75
    assert error == pytest.approx(-(3 * np.log(10 / 15) + np.log(4 / 15)) / 4)


def test_an_mlp_learns_and_its_curves_end_at_what_it_then_scores(learnt: Labelled, judged: Labelled) -> None:
    fitted = SHORT.fit(learnt, judged, 10, 0)
    assert list(fitted.curves) == list(CURVES)
    assert all(len(values) == 5 for values in fitted.curves.values())
    on_train, on_validation = (judge(fitted.scores(each.features), each.labels) for each in (learnt, judged))
    ends = [fitted.curves[name][-1] for name in CURVES]
    assert ends == pytest.approx([*on_train, *on_validation])
    assert fitted.curves["train_cross_entropy"][0] > 2 * ends[0]
    assert on_validation[1] > 0.85


def test_an_mlp_without_hidden_layers_ends_near_the_linear_classifier(learnt: Labelled, judged: Labelled) -> None:
    training = Training(epochs=60, batch_size=50, learning_rate=0.01, schedule="cosine", precision="float32")
    by_steps = MLP((), training).fit(learnt, judged, 10, 0).scores(judged.features)
    in_one = Linear(1e-4).fit(learnt, judged, 10, 0).scores(judged.features)
    assert abs(judge(by_steps, judged.labels)[1] - judge(in_one, judged.labels)[1]) < 0.02


def test_the_seed_alone_decides_what_an_mlp_becomes(learnt: Labelled, judged: Labelled) -> None:
    first = SHORT.fit(learnt, judged, 10, 3).scores(judged.features)
    torch.manual_seed(99)
    before = torch.get_rng_state()
    again = SHORT.fit(learnt, judged, 10, 3).scores(judged.features)
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, SHORT.fit(learnt, judged, 10, 4).scores(judged.features))


def test_dropout_acts_in_training_alone(learnt: Labelled, judged: Labelled) -> None:
    fitted = replace(SHORT, dropout=0.3).fit(learnt, judged, 10, 0)
    assert torch.equal(fitted.scores(judged.features), fitted.scores(judged.features))
    assert not torch.equal(fitted.scores(judged.features), SHORT.fit(learnt, judged, 10, 0).scores(judged.features))


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"weight decay of at least 0 and at least 1 iteration, found -1.0 and 100"):
        Linear(-1.0)
    with pytest.raises(ValueError, match=r"expected a tolerance above 0, found 0.0"):
        Linear(tolerance=0.0)
    with pytest.raises(ValueError, match=r"widths of at least 1 and a dropout in \[0, 1\), found \(0,\) and 0.0"):
        MLP((0,))
    with pytest.raises(ValueError, match="at least 1 neighbour, found 0"):
        NearestNeighbours(0)


@pytest.mark.parametrize(
    ("classifier", "title"),
    [
        (Linear(0.01), "linear, weight decay 0.01"),
        (MLP((512, 256)), "MLP 512-256"),
        (NearestNeighbours(5), "5 nearest neighbours, cosine"),
        (Majority(), "majority"),
    ],
)
def test_each_has_a_title(classifier: FeatureClassifier, title: str) -> None:
    assert classifier.title == title
