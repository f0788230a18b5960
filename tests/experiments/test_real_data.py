"""Figures with a known value on the real digits; skipped where they are not there."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from narrows.data import Dataset, is_present, load
from narrows.data.catalogue import CATALOGUE
from narrows.evaluation import Beside, ChosenPictures, Constant, Uncentred, evaluate
from narrows.models import PCA, Autoencoder, prepare


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    root = os.environ.get("NARROWS_DATA")
    if root is None or not is_present(CATALOGUE["mnist"], Path(root)):
        pytest.skip("the real MNIST is not there: set NARROWS_DATA to a folder that has it")
    return load("mnist", Path(root))


@pytest.fixture(scope="module")
def pca(mnist: Dataset) -> Autoencoder:
    model = PCA(30).build(mnist.image_shape)
    prepare(model, mnist.official_train.images)
    return model


def test_pca_of_30_components_has_the_error_that_hinton_and_salakhutdinov_state(
    mnist: Dataset, pca: Autoencoder
) -> None:
    assert evaluate(pca, mnist.test).metrics["squared_error"] == pytest.approx(13.87, abs=0.02)


def test_report_004_s_pca_figure_comes_of_projecting_without_the_mean(mnist: Dataset, pca: Autoencoder) -> None:
    found = Uncentred(ChosenPictures(tuple(range(9705, 9715))))(
        pca, mnist.test, Beside(mnist.train, lambda _: mnist.test, mnist.validation)
    ).figures
    assert {each.metric: each.value for each in found}["squared_error"] == pytest.approx(13.968, abs=0.001)


def test_the_split_is_50_10_10_thousand_and_stratified(mnist: Dataset) -> None:
    assert [len(split) for split in (mnist.train, mnist.validation, mnist.test)] == [50_000, 10_000, 10_000]
    assert mnist.validation.labels is not None
    assert mnist.official_train.labels is not None
    found = np.bincount(mnist.validation.labels)
    np.testing.assert_allclose(found, np.bincount(mnist.official_train.labels) / 6, atol=1)


def test_81_percent_of_mnist_s_pixels_are_black_which_is_what_keras_accuracy_counts(mnist: Dataset) -> None:
    images = mnist.test.images
    black = (images == 0).mean()
    assert black == pytest.approx(0.81, abs=0.005)
    found = evaluate(Constant(torch.zeros(mnist.image_shape)), mnist.test).metrics["keras_accuracy"]
    assert found == pytest.approx(black, abs=1e-6)
