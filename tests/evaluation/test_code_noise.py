"""Noise on codes, against what theory says of a linear decoder with orthonormal rows."""

import math

import numpy as np
import pytest
import torch

from narrows.data import Pictures, load
from narrows.evaluation import CodeNoise, Evaluation, Identity, evaluate
from narrows.evaluation.code_noise import recognised
from narrows.models import PCA, Autoencoder, UNet, prepare

from .small import beside

SIZE = 10


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return load("digits").official_train


@pytest.fixture(scope="module")
def pca(pictures: Pictures) -> Autoencoder:
    return fitted(pictures)


def fitted(pictures: Pictures) -> Autoencoder:
    model = PCA(SIZE).build(pictures.image_shape)
    prepare(model, pictures.images)
    assert isinstance(model, Autoencoder)
    return model


def study(model: object, pictures: Pictures, noise: CodeNoise) -> Evaluation:
    return noise(model, pictures, beside(pictures))  # type: ignore[arg-type]  # anything that stands for a model


def figures(found: Evaluation, metric: str) -> dict[str, float]:
    return {each.condition: each.value for each in found.figures if each.metric == metric}


def test_one_spread_adds_the_variance_that_pca_explains(pca: Autoencoder, pictures: Pictures) -> None:
    found = study(pca, pictures, CodeNoise((3.0,), (1.0, 2.0)))
    variance = found.arrays["deviation"].astype(np.float64) ** 2
    pixels = pictures.images.reshape(len(pictures), -1) / 255
    eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(pixels.T, bias=True)))[::-1][:SIZE]
    np.testing.assert_allclose(np.sort(variance)[::-1], eigenvalues, rtol=1e-4)
    clean = evaluate(pca, pictures).metrics["squared_error"]
    added = {condition: value - clean for condition, value in figures(found, "squared_error").items()}
    # the mean of n squared normal numbers has standard deviation sqrt(2 / n); four of them
    tolerance = 4 * math.sqrt(2 * (eigenvalues**2).sum() / len(pictures))
    assert added["code_noise=1.0 unit=spread"] == pytest.approx(eigenvalues.sum(), abs=tolerance)
    assert added["code_noise=2.0 unit=spread"] == pytest.approx(4 * eigenvalues.sum(), abs=4 * tolerance)
    assert added["code_noise=3.0 unit=absolute"] == pytest.approx(9 * SIZE, rel=4 * math.sqrt(2 / SIZE / len(pictures)))


def test_no_noise_is_the_reconstruction(pca: Autoencoder, pictures: Pictures) -> None:
    found = study(pca, pictures, CodeNoise((0.0,), ()))
    clean = evaluate(pca, pictures).metrics
    for metric in ("mse", "squared_error", "psnr"):
        for unit in ("absolute", "spread"):
            stated = figures(found, metric)[f"code_noise=0.0 unit={unit}"]
            assert stated == pytest.approx(clean[metric], rel=1e-5)
    np.testing.assert_allclose(found.arrays["absolute"][0, :, 0], found.arrays["reconstruction"], atol=1e-5)


def test_two_models_get_the_same_noise_and_every_draw_another(pca: Autoencoder, pictures: Pictures) -> None:
    added = []
    for model in (pca, fitted(load("digits").test)):
        arrays = study(model, pictures, CodeNoise((2.0,), (), examples=(3, 4))).arrays
        moved = arrays["absolute"][0] - arrays["reconstruction"][:, None]
        components = model.get_parameter("project.weight").detach().numpy()
        added.append(moved.reshape(2, 5, -1) @ components.T)
    np.testing.assert_allclose(added[0], added[1], atol=1e-4)
    assert np.abs(np.diff(added[0], axis=1)).mean() > 1
    assert np.abs(added[0][0] - added[0][1]).mean() > 1


def test_the_shown_pictures_are_the_asked_ones(pca: Autoencoder, pictures: Pictures) -> None:
    arrays = study(pca, pictures, CodeNoise((1.0, 5.0), (1.0,), examples=(3, 4))).arrays
    np.testing.assert_allclose(arrays["original"], pictures.images[3:5] / np.float32(255))
    assert arrays["absolute"].shape == (2, 2, 5, *pictures.image_shape)
    assert arrays["spread"].shape == (1, 2, 5, *pictures.image_shape)
    assert arrays["absolute_amounts"].tolist() == [1.0, 5.0]


def test_a_code_that_is_bypassed_and_a_baseline_without_one_give_nothing(pictures: Pictures) -> None:
    for model in (UNet((4, 6)).build(pictures.image_shape), Identity()):
        assert study(model, pictures, CodeNoise((1.0,), (1.0,))) == Evaluation([])


def test_recognised_is_what_lies_nearest_to_another_picture_of_its_class() -> None:
    clean = torch.tensor([0.0, 0.1, 0.9, 1.0]).reshape(4, 1, 1, 1)
    labels = torch.tensor([0, 0, 1, 0])
    # 0.0 and 0.1 lie nearest to each other, 0.9 and 1.0 too, but these are of different classes
    assert recognised(clean, clean, labels).tolist() == [True, True, False, False]
    assert recognised(torch.full((1, 1, 1, 1), 0.92), clean, labels).tolist() == [False]


def test_digits_are_recognised_less_and_less(pca: Autoencoder, pictures: Pictures) -> None:
    whole = study(pca, pictures, CodeNoise((), (1.0, 4.0)))
    assert {each.n for each in whole.figures if each.metric == "recognised"} == {1000}
    found = figures(whole, "recognised")
    shares = [found[f"code_noise={amount} unit=spread"] for amount in (0.0, 1.0, 4.0)]
    assert shares[0] > 0.9 > shares[1] > shares[2]
    unlabelled = Pictures(pictures.images)
    assert figures(study(pca, unlabelled, CodeNoise((), (1.0,))), "recognised") == {}


def test_an_amount_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected amounts of noise of at least 0, found -1\.0"):
        CodeNoise((1.0,), (-1.0,))
