"""Studies beside an arm's own task: strangers, and noise of several strengths."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from narrows.data import Pictures, load
from narrows.evaluation import NOISE, Beside, Constant, Identity, MeanFill, OutOfDistribution, UnderMasks, UnderNoise
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
    found = study(model, pictures, Beside(pictures, others.__getitem__, pictures))
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


def test_the_input_under_masks_has_the_clean_pixels_energy_where_they_are_hidden(pictures: Pictures) -> None:
    found = UnderMasks((0.25, 0.5), patch_size=4)(Identity(), pictures, beside(pictures))
    error = {
        each.condition: each.value
        for each in found.figures
        if (each.evaluation, each.metric) == ("reconstruction", "mse")
    }
    energy = ((pictures.images / 255.0) ** 2).mean()
    for task in ("hidden=0.25", "hidden=0.5", "hidden=0.25 patch=4", "hidden=0.5 patch=4"):
        share = float(task.split()[0].removeprefix("hidden="))
        assert error[f"{task} pixels=visible"] == 0
        assert error[task] == pytest.approx(share * error[f"{task} pixels=hidden"])
        assert error[f"{task} pixels=hidden"] == pytest.approx(energy, rel=0.2)
    assert found.arrays["conditions"].tolist() == [each for each in error if "pixels" not in each]
    hidden = found.arrays["hidden"]
    assert hidden.shape == (4, 5, 1, 8, 8)
    assert hidden.mean((1, 2, 3, 4)).tolist() == [0.25, 0.5, 0.25, 0.5]
    quarters = hidden[2:].reshape(2, 5, 2, 4, 2, 4).mean((3, 5))
    assert set(np.unique(quarters)) == {0.0, 1.0}


def test_two_models_get_the_same_masks(pictures: Pictures) -> None:
    models = Identity(), MeanFill(torch.full((1, 8, 8), 0.5))
    first, second = (UnderMasks((0.4,))(model, pictures, beside(pictures)).arrays for model in models)
    assert np.array_equal(first["hidden"], second["hidden"])
    assert np.array_equal(first["input"], second["input"])
    assert (second["reconstruction"][second["hidden"]] == 0.5).all()


@pytest.mark.parametrize(("study", "match"), [(((1.1,), None), "ratio"), (((0.5,), 0), "patch_size")])
def test_masks_that_make_no_sense_are_refused(study: tuple[tuple[float], int | None], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        UnderMasks(*study)
