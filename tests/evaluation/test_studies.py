"""Studies beside an arm's own task: strangers, and noise of several strengths."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from narrows.data import Pictures, load
from narrows.evaluation import NOISE, Beside, Constant, Identity, OutOfDistribution, UnderNoise
from narrows.evaluation.out_of_distribution import noise_pictures
from narrows.models import PCA, prepare

from .small import beside


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return load("digits").test


def negatives(pictures: Pictures) -> Pictures:
    return Pictures(255 - pictures.images)


def test_strangers_are_told_apart_by_their_error(pictures: Pictures) -> None:
    model = PCA(10).build(pictures.image_shape)
    prepare(model, pictures.images)
    study = OutOfDistribution(("negatives", NOISE))
    others = {"negatives": negatives(pictures)}
    found = study(model, pictures, Beside(pictures, others.__getitem__))
    auc = {each.condition: each.value for each in found.figures if each.metric == "auc"}
    errors = [found.arrays[f"error_{name}"] for name in ("own", "negatives")]
    truth = [0] * len(errors[0]) + [1] * len(errors[1])
    assert auc["data=negatives"] == pytest.approx(roc_auc_score(truth, np.concatenate(errors)))
    assert auc["data=noise"] > 0.99
    mse = next(each for each in found.figures if (each.condition, each.metric) == ("data=noise", "mse"))
    assert mse.value == pytest.approx(found.arrays["error_noise"].mean() / 64, rel=1e-5)
    assert found.arrays["names"].tolist() == ["own", "negatives", "noise"]


def test_strangers_of_the_same_error_are_not_told_apart(pictures: Pictures) -> None:
    grey = Constant(torch.full(pictures.image_shape, 0.5))
    found = OutOfDistribution(("negatives",))(grey, pictures, beside(negatives(pictures)))
    assert next(each.value for each in found.figures if each.metric == "auc") == pytest.approx(0.5)


def test_strangers_of_another_shape_are_refused_with_both(pictures: Pictures) -> None:
    other = Pictures(np.zeros((4, 3, 9, 9), dtype=np.uint8))
    with pytest.raises(ValueError, match=r"expected pictures of shape \(1, 8, 8\) from cifar10, found \(3, 9, 9\)"):
        OutOfDistribution(("cifar10",))(Identity(), pictures, beside(other))


def test_noise_pictures_are_always_the_same(pictures: Pictures) -> None:
    assert np.array_equal(noise_pictures(pictures).images, noise_pictures(pictures).images)


def test_the_input_under_noise_has_the_noise_s_error() -> None:
    many = load("digits").official_train
    found = UnderNoise((0.3, 0.9))(Identity(), many, beside(many))
    mse = {
        each.condition: each.value
        for each in found.figures
        if (each.evaluation, each.metric) == ("reconstruction", "mse")
    }
    assert mse["noise=0.3"] == pytest.approx(0.09, rel=0.0176)  # four standard deviations over 1 617 x 64 draws
    assert mse["noise=0.9"] == pytest.approx(0.81, rel=0.0176)  # four standard deviations over 1 617 x 64 draws
    assert found.arrays["input"].shape == (2, 5, *many.image_shape)
    np.testing.assert_allclose(found.arrays["reconstruction"], found.arrays["input"])


def test_two_models_see_the_same_noise(pictures: Pictures) -> None:
    study = UnderNoise((0.5,), clip=True)
    first, second = (study(model, pictures, beside(pictures)) for model in (Identity(), Constant(torch.zeros(1, 8, 8))))
    assert np.array_equal(first.arrays["input"], second.arrays["input"])
    assert first.arrays["input"].min() == 0


def test_a_strength_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="sigma"):
        UnderNoise((-0.1,))
