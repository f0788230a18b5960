"""Features: what they are of, that they are standardised as scikit-learn does it, and that they are kept."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from narrows.data import Pictures, load
from narrows.evaluation.features import FeatureMemory, Kind
from narrows.models import Autoencoder, Dense
from narrows.training import as_images


@pytest.fixture(scope="module")
def splits() -> tuple[Pictures, ...]:
    digits = load("digits")
    return digits.train, digits.validation, digits.test


@pytest.fixture
def model(splits: tuple[Pictures, ...]) -> Autoencoder:
    torch.manual_seed(0)
    return Dense((16,), 6).build(splits[0].image_shape).eval()


@pytest.mark.parametrize("kind", ["code", "reconstruction", "pixels"])
def test_they_are_standardised_by_the_first_split(splits: tuple[Pictures, ...], model: Autoencoder, kind: Kind) -> None:
    with torch.no_grad():
        images = [as_images(some) for some in splits]
        plain = {
            "code": [model.encode(some) for some in images],
            "reconstruction": [model(some).reconstruction.flatten(1) for some in images],
            "pixels": [some.flatten(1) for some in images],
        }[kind]
    found = FeatureMemory().of(model, kind, splits, standardised=False)
    for each, expected in zip(found, plain, strict=True):
        torch.testing.assert_close(each, expected)
    scaler = StandardScaler().fit(plain[0].double().numpy())
    standardised = FeatureMemory().of(model, kind, splits, standardised=True)
    for each, expected in zip(standardised, plain, strict=True):
        np.testing.assert_allclose(each.numpy(), scaler.transform(expected.double().numpy()), atol=1e-4)


def test_the_same_weights_on_the_same_pictures_are_encoded_once(
    splits: tuple[Pictures, ...], model: Autoencoder
) -> None:
    memory = FeatureMemory()
    first = memory.of(model, "code", splits, standardised=True)
    assert memory.of(deepcopy(model), "code", splits, standardised=True) is first
    assert memory.of(model, "code", splits[:2], standardised=True) is not first


def test_other_weights_kinds_and_pictures_are_encoded_anew(splits: tuple[Pictures, ...], model: Autoencoder) -> None:
    memory = FeatureMemory()
    first = memory.of(model, "code", splits, standardised=False)[0].clone()
    other = deepcopy(model)
    with torch.no_grad():
        other.get_parameter("project.bias").add_(1.0)
    torch.testing.assert_close(memory.of(other, "code", splits, standardised=False)[0], first + 1)
    assert memory.of(other, "pixels", splits, standardised=False)[0].shape == (1437, 64)
    assert not torch.equal(memory.of(other, "code", splits, standardised=True)[0], first + 1)
    changed = (Pictures(255 - splits[0].images), *splits[1:])
    assert not torch.equal(memory.of(model, "code", changed, standardised=False)[0], first)


def test_many_are_kept_in_half_the_memory(
    splits: tuple[Pictures, ...], model: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = FeatureMemory().of(model, "code", splits, standardised=True)
    monkeypatch.setattr("narrows.evaluation.features.MOST_IN_FLOAT32", 1000)
    found = FeatureMemory().of(model, "code", splits, standardised=True)
    for each, expected in zip(found, exact, strict=True):
        assert each.dtype == torch.bfloat16
        torch.testing.assert_close(each.float(), expected, atol=0.05, rtol=0.02)
