"""Fine-tuning against the linear probe, on codes that have lost the class and on those that never had it to learn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from narrows.data import Dataset, Pictures, label_budget, stratified_order
from narrows.evaluation import Beside, Constant, Evaluation, FineTuned, LinearProbe
from narrows.models import PCA, Autoencoder, Dense, RefinedPCA, prepare
from narrows.training import Classifier, Training, fit_classifier, score

from .small import beside

TRAINING = Training(epochs=10, batch_size=50, optimizer="adamw", learning_rate=0.01, precision="float32")


@pytest.fixture
def model(digits: Dataset) -> Autoencoder:
    torch.manual_seed(0)
    return Dense((32,), 4).build(digits.image_shape).eval()


def accuracies(evaluation: Evaluation) -> dict[str, float]:
    return {each.condition: each.value for each in evaluation.figures}


def test_an_encoder_that_has_lost_the_class_finds_it_again() -> None:
    # one pixel is the class, two are noise; the code copies the noise alone
    def planted(seed: int) -> Pictures:
        images = np.zeros((400, 64), dtype=np.uint8)
        images[:, 10:12] = 255 * np.random.default_rng(seed).integers(0, 2, (400, 2))
        labels = np.arange(400) % 2
        images[:, 5] = 255 * labels
        return Pictures(images.reshape(400, 1, 8, 8), labels)

    model = Dense((), 2).build((1, 8, 8))
    with torch.no_grad():
        model.get_parameter("project.weight").copy_(torch.eye(64)[10:12])
        model.get_parameter("project.bias").zero_()
    learnt, judged = beside(planted(0)), planted(1)
    frozen = accuracies(LinearProbe((50, None))(model, judged, learnt))
    tuned = FineTuned((50, None), TRAINING)(model, judged, learnt)
    assert all(0.4 < share < 0.6 for share in frozen.values())
    assert accuracies(tuned) == {"labels=50": 1.0, "labels=all": 1.0}
    assert {(each.evaluation, each.metric, each.n) for each in tuned.figures} == {("fine_tuned", "accuracy", 400)}


def test_a_budget_is_the_probe_s_and_takes_as_many_steps_as_all_labels(digits: Dataset, model: Autoencoder) -> None:
    assert digits.train.labels is not None
    chosen = digits.train.take(stratified_order(digits.train.labels, 0)[:50])
    classifier = Classifier(model, 10)
    found = FineTuned((50,), TRAINING)(model, digits.test, beside(digits.train))
    # 1 437 pictures ten times over are 50 pictures 287 times over
    history = fit_classifier(classifier, chosen, training=replace(TRAINING, epochs=287))
    answers = score(classifier, digits.test).argmax(1).numpy()
    assert history[-1].step == 287
    assert accuracies(found) == {"labels=50": (answers == digits.test.labels).mean()}


def test_a_share_of_the_labels_is_that_of_the_label_budget(digits: Dataset, model: Autoencoder) -> None:
    assert digits.train.labels is not None
    found = FineTuned((0.1, 1.0), replace(TRAINING, epochs=1))(model, digits.test, beside(digits.train))
    assert list(accuracies(found)) == ["labels=0.1", "labels=1.0"]
    few = len(label_budget(digits.train.labels, 0.1, 0))
    assert found.arrays["num_labels"].tolist() == [few, len(digits.train)] == [142, 1437]


def test_the_given_model_stays_as_it_is_and_the_same_comes_twice(digits: Dataset, model: Autoencoder) -> None:
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    study = FineTuned((100,), TRAINING)
    first = study(model, digits.test, beside(digits.train))
    torch.manual_seed(99)  # on which nothing of the result hangs
    second = study(model, digits.test, beside(digits.train))
    assert first.figures == second.figures
    assert (first.arrays["confusion"] == second.arrays["confusion"]).all()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_more_labels_tell_more_and_the_confusion_counts_every_picture(digits: Dataset, model: Autoencoder) -> None:
    found = FineTuned((30, 300, None), TRAINING)(model, digits.test, beside(digits.train))
    assert list(accuracies(found)) == ["labels=30", "labels=300", "labels=all"]
    assert sorted(accuracies(found).values()) == list(accuracies(found).values())
    assert digits.test.labels is not None
    confusion = found.arrays["confusion"]
    assert (confusion.sum(2) == np.bincount(digits.test.labels)).all()
    shares = np.trace(confusion, axis1=1, axis2=2) / len(digits.test)
    np.testing.assert_allclose(shares, list(accuracies(found).values()))
    assert found.arrays["num_labels"].tolist() == [30, 300, 1437]


def test_what_has_no_code_no_labels_one_class_or_no_trained_encoder_gives_nothing(
    digits: Dataset, model: Autoencoder
) -> None:
    black, unlabelled = Constant(torch.zeros(digits.image_shape)), Pictures(digits.test.images)
    one_class = Pictures(digits.train.images, np.zeros(len(digits.train), dtype=np.int64))
    pca, refined = PCA(8).build(digits.image_shape), RefinedPCA(8, (4, 8)).build(digits.image_shape)
    prepare(pca, digits.train.images)
    prepare(refined, digits.train.images)  # what it trains stands behind the code
    study = FineTuned()
    for found in (
        study(black, digits.test, beside(digits.train)),
        study(model, unlabelled, beside(digits.train)),
        study(model, digits.test, Beside(unlabelled, lambda _: unlabelled, unlabelled)),
        study(model, digits.test, beside(one_class)),
        study(pca, digits.test, beside(digits.train)),
        study(refined, digits.test, beside(digits.train)),
    ):
        assert found.figures == []
        assert found.arrays == {}


def test_a_budget_of_no_labels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"budgets of at least 1 label, .*, or None for all, found \(100, 0\)"):
        FineTuned((100, 0))
