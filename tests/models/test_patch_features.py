"""Features of patches: against a slow reference, and what a patch autoencoder learns is what the features know."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from narrows.data import Dataset, from_array, load
from narrows.evaluation import filter_arrays
from narrows.models import Autoencoder, Dense, Deterministic, PatchFeatures, TopK, prepare
from narrows.models.patch_features import (
    CONTRAST,
    UNIT,
    SlidingEncoder,
    contrast_normalised,
    draw_patches,
    last_layer,
)
from narrows.models.whitening import FLOOR
from narrows.objective import Objective
from narrows.training import Training, fit, load_model, save_model

SMALL = PatchFeatures(
    Dense((), 12, bottleneck=TopK(3, balanced=True), unit_columns=True), patch_size=3, patches_per_picture=4
)


@pytest.fixture(scope="module")
def colours() -> Dataset:
    """Smooth noise of three channels, 11 x 9 pixels."""
    noise = np.random.default_rng(0).random((60, 3, 13, 11))
    smooth = np.mean([noise[:, :, i : i + 11, j : j + 9] for i in range(3) for j in range(3)], axis=0)
    return from_array((smooth * 255).astype(np.uint8))


@pytest.fixture
def model(colours: Dataset) -> Autoencoder:
    torch.manual_seed(0)
    built = SMALL.build(colours.image_shape)
    fit(built, colours, Objective(), training=Training(epochs=1, batch_size=32, precision="float32"))
    return built


def by_hand(model: Autoencoder, picture: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """The code of one picture, window by window."""
    encoder = model.encoder
    assert isinstance(encoder, SlidingEncoder)
    weights = {name: value.detach().double().numpy() for name, value in encoder.whitening.state_dict().items()}
    dictionary = last_layer(model.get_submodule("decoder.patches")).weight.detach().double().numpy()
    dictionary /= np.linalg.norm(dictionary, axis=0)
    height, width = picture.shape[1] - 2, picture.shape[2] - 2
    units = np.empty((12, height, width))
    for row in range(height):
        for column in range(width):
            patch = picture[:, row : row + 3, column : column + 3].reshape(-1)
            patch = (patch - patch.mean()) / np.sqrt(patch.var() + CONTRAST)
            units[:, row, column] = ((patch - weights["mean"]) @ weights["matrix"]) @ dictionary
    both = np.concatenate([np.maximum(units - threshold, 0), np.maximum(-units - threshold, 0)])
    # adaptive pooling: a region begins at floor and ends at ceil of its share of the side
    rows = [(height * i // 2, -(-height * (i + 1) // 2)) for i in range(2)]
    columns = [(width * i // 2, -(-width * (i + 1) // 2)) for i in range(2)]
    return np.stack(
        [both[:, top:bottom, left:right].mean((1, 2)) for top, bottom in rows for left, right in columns], axis=1
    ).reshape(-1)


def test_codes_are_those_of_a_slow_reference(model: Autoencoder, colours: Dataset) -> None:
    images = torch.from_numpy(colours.validation.images[:3]) / 255
    with torch.no_grad():
        codes = model.encode(images)
    assert codes.shape == (3, model.code_size) == (3, 2 * 12 * 4)
    expected = np.stack([by_hand(model, image.double().numpy(), SMALL.threshold) for image in images])
    expected += np.stack([by_hand(model, image.flip(2).double().numpy(), SMALL.threshold) for image in images])
    np.testing.assert_allclose(codes.numpy(), expected / 2, atol=1e-4)
    assert (codes > 0).any()


def test_a_picture_and_its_mirror_image_have_one_code_if_asked(model: Autoencoder, colours: Dataset) -> None:
    plain = replace(SMALL, mirrored=False).build(colours.image_shape)
    plain.load_state_dict(model.state_dict())
    images = torch.from_numpy(colours.validation.images) / 255
    with torch.no_grad():
        torch.testing.assert_close(model.encode(images), model.encode(images.flip(3)))
        assert (plain.eval().encode(images) - plain.encode(images.flip(3))).abs().max() > 0.01


def test_units_start_at_whitened_patches_of_length_1(colours: Dataset) -> None:
    model = SMALL.build(colours.image_shape)
    prepare(model, colours.train.images)
    encoder = model.encoder
    assert isinstance(encoder, SlidingEncoder)
    drawn = torch.from_numpy(draw_patches(colours.train.images, 3, 100_000)).float() / 255
    white = torch.nn.functional.normalize(encoder.whitening(contrast_normalised(drawn)[0]))
    columns = last_layer(model.get_submodule("decoder.patches")).weight
    nearest = (white @ columns).max(0).values
    torch.testing.assert_close(nearest, torch.ones(12))
    torch.testing.assert_close(encoder.project.weight, columns.T)


def test_whitened_patches_have_no_covariance_left_and_go_back(colours: Dataset) -> None:
    model = SMALL.build(colours.image_shape)
    prepare(model, colours.train.images)
    encoder = model.encoder
    assert isinstance(encoder, SlidingEncoder)
    drawn = torch.from_numpy(draw_patches(colours.train.images, 3, 100_000)).float() / 255
    patches = contrast_normalised(drawn)[0]
    before = np.linalg.eigvalsh(np.cov(patches.double().numpy().T, bias=True))
    white = encoder.whitening(patches)
    covariance = np.cov(white.double().numpy().T, bias=True)
    np.testing.assert_allclose(np.sort(np.linalg.eigvalsh(covariance)), before / (before + FLOOR), atol=1e-3)
    np.testing.assert_allclose(white @ encoder.whitening.inverse + encoder.whitening.mean, patches, atol=1e-4)


def test_patches_are_learnt_as_pictures_of_their_whitened_values(colours: Dataset) -> None:
    model = SMALL.build(colours.image_shape)
    prepare(model, colours.train.images)
    encoder = model.encoder
    assert isinstance(encoder, SlidingEncoder)
    found = SMALL.learnt_from(model, colours.train.images)
    assert found.shape == (4 * len(colours.train), 3, 3, 3)
    drawn = torch.from_numpy(draw_patches(colours.train.images, 3, len(found))).float() / 255
    white = encoder.whitening(contrast_normalised(drawn)[0]).clamp(-0.49 / UNIT, 0.49 / UNIT)
    np.testing.assert_allclose((found.reshape(len(found), -1) / 255 - 0.5) / UNIT, white, atol=0.51 / 255 / UNIT)


def test_what_the_patch_autoencoder_learns_is_in_the_network(colours: Dataset) -> None:
    torch.manual_seed(0)
    model = SMALL.build(colours.image_shape)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    untested = replace(colours, read_test=lambda: pytest.fail("training read the test split"))
    history = fit(model, untested, Objective(), training=Training(epochs=5, batch_size=16, precision="float32"))
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    for name in ("encoder.project.weight", "encoder.balance.variance", "encoder.whitening.matrix"):
        assert name in changed
    assert any(name.startswith("decoder.patches") for name in changed)
    errors = [entry.value for entry in history if entry.split == "validation" and entry.term == "patch mse"]
    assert len(errors) == 5
    assert errors[-1] < errors[0]
    assert not model.training


def test_units_that_keep_everything_rebuild_the_picture(colours: Dataset) -> None:
    size = 27
    whole = PatchFeatures(Dense((), size, bottleneck=Deterministic(balanced=True)), patch_size=3)
    model = whole.build(colours.image_shape)
    prepare(model, colours.train.images)
    project, last = model.get_submodule("encoder.project"), model.get_submodule("decoder.patches.layers.0")
    for layer in (project, last):
        assert isinstance(layer, torch.nn.Linear)
        torch.nn.init.eye_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    images = torch.from_numpy(colours.validation.images) / 255
    model.eval()
    with torch.no_grad():
        output = model(images)
    # a variance of 1 is divided by 1 + 1e-5
    np.testing.assert_allclose(output.reconstruction, images, atol=1e-4)
    with pytest.raises(ValueError, match="around the code"):
        model.decode(output.latent.code)


def test_its_filters_are_what_it_compares_patches_with(model: Autoencoder) -> None:
    found = filter_arrays(model)["first_layer"]
    assert found.shape == (12, 3, 3, 3)
    columns = last_layer(model.get_submodule("decoder.patches")).weight.detach().numpy()
    np.testing.assert_array_equal(found[5].reshape(-1), columns[:, 5])


def test_a_saved_network_has_the_same_codes(model: Autoencoder, colours: Dataset, tmp_path: Path) -> None:
    save_model(tmp_path, model, {})
    images = torch.from_numpy(colours.validation.images) / 255
    found = load_model(tmp_path)
    assert found.architecture == SMALL
    with torch.no_grad():
        np.testing.assert_array_equal(found.encode(images), model.encode(images))
        np.testing.assert_array_equal(found(images).reconstruction, model(images).reconstruction)


def test_codes_tell_digits_apart_better_than_before_training() -> None:
    from sklearn.linear_model import LogisticRegression

    digits = load("digits")
    assert digits.train.labels is not None
    assert digits.validation.labels is not None
    scores = {}
    for epochs in (0, 10):
        torch.manual_seed(0)
        model = replace(SMALL, patch_size=4).build(digits.image_shape)
        fit(model, digits, Objective(), training=Training(epochs=epochs, batch_size=128, precision="float32"))
        with torch.no_grad():
            train, validation = (
                model.encode(torch.from_numpy(some.images) / 255).numpy() for some in (digits.train, digits.validation)
            )
        probe = LogisticRegression(max_iter=2000).fit(train[:200], digits.train.labels[:200])
        scores[epochs] = probe.score(validation, digits.validation.labels)
    assert scores[10] > 0.85
    assert scores[10] >= scores[0]


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (lambda: replace(SMALL, threshold=-1.0), "threshold of at least 0"),
        (lambda: replace(SMALL, patch_size=0), "at least 1"),
        (lambda: replace(SMALL, patches=Dense((8,), 12)), "widths empty"),
        (lambda: replace(SMALL, patch_size=8).build((3, 8, 20)), "at least 9 pixels"),
    ],
)
def test_what_makes_no_sense_is_refused(description: object, message: str) -> None:
    assert callable(description)
    with pytest.raises(ValueError, match=message):
        description()
