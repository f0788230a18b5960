"""PCA with a correction: where it starts, what training moves, and that it gains by it."""

import torch

from narrows.data import load
from narrows.models import PCA, RefinedPCA
from narrows.objective import Objective
from narrows.training import Training, as_images, fit

DIGITS = load("digits")


def test_it_starts_as_pca() -> None:
    images = as_images(DIGITS.validation)
    plain, refined = (architecture.build(DIGITS.image_shape) for architecture in (PCA(6), RefinedPCA(6, (4, 6))))
    for model in (plain, refined):
        fit(model, DIGITS, Objective(), training=Training(epochs=0))
    torch.testing.assert_close(refined.encode(images), plain.encode(images))
    torch.testing.assert_close(refined(images).reconstruction, plain(images).reconstruction)


def test_training_lowers_pca_s_error_and_leaves_its_components_alone() -> None:
    torch.manual_seed(0)
    images = as_images(DIGITS.train)
    refined = RefinedPCA(6, (8, 16)).build(DIGITS.image_shape)
    fit(refined, DIGITS, Objective(), training=Training(epochs=0))
    with torch.no_grad():
        before, codes = (refined(images).reconstruction - images).square().mean(), refined.encode(images)
    fit(refined, DIGITS, Objective(), training=Training(epochs=5, batch_size=32, precision="float32"))
    refined.eval()
    with torch.no_grad():
        after = (refined(images).reconstruction - images).square().mean()
        torch.testing.assert_close(refined.encode(images), codes)
    assert after < 0.9 * before
