"""Scikit-learn's digits, and a PCA of them, for the studies of what codes tell."""

import pytest

from narrows.data import Dataset, load
from narrows.models import PCA, Autoencoder, prepare


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load("digits")


@pytest.fixture(scope="session")
def pca(digits: Dataset) -> Autoencoder:
    """Of 8 components."""
    model = PCA(8).build(digits.image_shape)
    prepare(model, digits.train.images)
    return model.eval()
