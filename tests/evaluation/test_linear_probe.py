"""The linear probe against scikit-learn on its own codes, and codes of which the answer is known."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA as Reference
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from narrows.data import Dataset, Pictures, stratified_order
from narrows.evaluation import Beside, Constant, LinearProbe
from narrows.evaluation.label_budgets import kept
from narrows.models import Autoencoder, Dense
from narrows.training import as_images

from .small import beside


def accuracies(study: LinearProbe, model: Autoencoder, train: Pictures, judged: Pictures) -> dict[str, float]:
    found = study(model, judged, beside(train)).figures
    assert {(each.evaluation, each.metric, each.n) for each in found} == {("linear_probe", "accuracy", len(judged))}
    return {each.condition: each.value for each in found}


def test_accuracy_is_that_of_scikit_learn_s_pipeline_on_its_own_pca(digits: Dataset, pca: Autoencoder) -> None:
    pixels, judged = (some.images.reshape(len(some), -1) / 255.0 for some in (digits.train, digits.test))
    pipeline = make_pipeline(
        Reference(8, svd_solver="full"), StandardScaler(), LogisticRegression(C=1.0, solver="newton-cg", tol=1e-8)
    )
    expected = pipeline.fit(pixels, digits.train.labels).score(judged, digits.test.labels)
    found = accuracies(LinearProbe((None,)), pca, digits.train, digits.test)
    assert found == {"labels=all": pytest.approx(expected, abs=1 / len(digits.test))}
    assert expected > 0.85


def test_a_code_that_is_the_class_is_read_off_with_ten_labels(digits: Dataset) -> None:
    # one white pixel a class, which the first ten code numbers copy
    def telling(pictures: Pictures) -> Pictures:
        assert pictures.labels is not None
        images = np.zeros((len(pictures), 1, 8, 8), dtype=np.uint8)
        images.reshape(len(pictures), 64)[np.arange(len(pictures)), pictures.labels] = 255
        return replace(pictures, images=images)

    model = Dense((), 10).build(digits.image_shape)
    with torch.no_grad():
        model.get_parameter("project.weight").copy_(torch.eye(10, 64))
        model.get_parameter("project.bias").zero_()
    found = accuracies(LinearProbe((20,)), model, telling(digits.train), telling(digits.test))
    assert found == {"labels=20": 1.0}


def test_smaller_budgets_are_among_larger_ones(digits: Dataset) -> None:
    labels = digits.train.labels
    assert labels is not None
    for budgets in ((10, 50, 300, None), (0.01, 0.1, 0.5, 1.0)):
        found = [set(chosen.tolist()) for chosen in kept(budgets, labels, 0).values()]
        assert len(found) == 4
        assert all(smaller < larger for smaller, larger in pairwise(found))
        assert found[-1] == set(range(len(labels)))


def test_more_labels_tell_more_and_a_budget_beyond_the_pictures_is_all(digits: Dataset, pca: Autoencoder) -> None:
    found = accuracies(LinearProbe((30, 300, None)), pca, digits.train, digits.test)
    assert list(found) == ["labels=30", "labels=300", "labels=all"]
    assert found["labels=30"] < found["labels=300"] < found["labels=all"]
    few = digits.train.take(np.arange(200))
    assert list(accuracies(LinearProbe((30, 300, None)), pca, few, digits.test)) == ["labels=30", "labels=all"]


def test_a_budget_s_classifier_sees_its_own_labels_alone_and_the_spread_of_all_codes(
    digits: Dataset, pca: Autoencoder
) -> None:
    with torch.no_grad():
        codes, judged = (pca.encode(as_images(some)).double().numpy() for some in (digits.train, digits.test))
    assert digits.train.labels is not None
    assert digits.test.labels is not None
    chosen = stratified_order(digits.train.labels, 0)[:30]
    mean, deviation = codes.mean(0), codes.std(0)
    probe = LogisticRegression(max_iter=1000).fit((codes[chosen] - mean) / deviation, digits.train.labels[chosen])
    expected = probe.score((judged - mean) / deviation, digits.test.labels)
    found = accuracies(LinearProbe((30,)), pca, digits.train, digits.test)
    assert found == {"labels=30": pytest.approx(expected, abs=1 / len(digits.test))}


def test_the_confusion_counts_every_judged_picture_in_its_class(digits: Dataset, pca: Autoencoder) -> None:
    found = LinearProbe((100, None))(pca, digits.test, beside(digits.train))
    confusion = found.arrays["confusion"]
    assert digits.test.labels is not None
    assert confusion.shape == (2, 10, 10)
    assert (confusion.sum(2) == np.bincount(digits.test.labels)).all()
    shares = np.trace(confusion, axis1=1, axis2=2) / len(digits.test)
    np.testing.assert_allclose(shares, [each.value for each in found.figures])
    assert found.arrays["conditions"].tolist() == ["labels=100", "labels=all"]
    assert found.arrays["num_labels"].tolist() == [100, 1437]


def test_a_collapsed_code_gives_the_share_of_the_largest_class(digits: Dataset) -> None:
    model = Dense((), 4).build(digits.image_shape)
    with torch.no_grad():
        model.get_parameter("project.weight").zero_()
    (share,) = accuracies(LinearProbe((None,)), model, digits.train, digits.test).values()
    assert digits.train.labels is not None
    assert digits.test.labels is not None
    largest = np.bincount(digits.train.labels).argmax()
    assert share == pytest.approx((digits.test.labels == largest).mean())


def test_what_has_no_code_no_labels_or_one_class_is_not_probed(digits: Dataset, pca: Autoencoder) -> None:
    black, unlabelled = Constant(torch.zeros(digits.image_shape)), Pictures(digits.test.images)
    one_class = Pictures(digits.train.images, np.zeros(len(digits.train), dtype=np.int64))
    study = LinearProbe()
    for found in (
        study(black, digits.test, beside(digits.train)),
        study(pca, unlabelled, beside(digits.train)),
        study(pca, digits.test, Beside(unlabelled, lambda _: unlabelled, unlabelled)),
        study(pca, digits.test, beside(one_class)),
    ):
        assert found.figures == []
        assert found.arrays == {}


def test_codes_too_long_to_probe_in_time_are_left_alone(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Dense((), 9).build(digits.image_shape).eval()
    for most, conditions in ((9, ["labels=100"]), (8, [])):
        monkeypatch.setattr("narrows.evaluation.linear_probe.MAX_NUMBERS", most)
        found = LinearProbe((100,))(model, digits.test, beside(digits.train)).figures
        assert [each.condition for each in found] == conditions


def test_a_budget_of_no_labels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"budgets of at least 1 label, .*, or None for all, found \(100, 0\)"):
        LinearProbe((100, 0))
