"""The bound against closed forms and against a likelihood that is integrated, and what the prior's draws look like."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from narrows.data import Pictures, load
from narrows.evaluation import Constant, EvidenceLowerBound, PriorSamples
from narrows.evaluation.reconstruction import Model
from narrows.models import PCA, Autoencoder, Convolutional, Dense, Gaussian, prepare

from .small import beside

WEIGHT, BIAS = np.array([2.0, -1.0]), np.array([0.5, 0.2])
"""Of the tiny decoder: the logits of two pixels are WEIGHT z + BIAS."""
MEAN, LOG_VARIANCE = 0.7, math.log(0.25)


def tiny(*, output: str = "sigmoid", follows: float = 0.0) -> Autoencoder:
    """A code of one number for pictures of two pixels; its mean follows the first pixel."""
    architecture = Dense((), 1, output_activation=output, bottleneck=Gaussian())  # type: ignore[arg-type]
    model = architecture.build((1, 1, 2))
    values = {
        "project.weight": [[follows, 0.0], [0.0, 0.0]],
        "project.bias": [MEAN, LOG_VARIANCE],
        "decoder.layers.0.weight": WEIGHT[:, None].tolist(),
        "decoder.layers.0.bias": BIAS.tolist(),
    }
    with torch.no_grad():
        for name, value in values.items():
            model.get_parameter(name).copy_(torch.tensor(value))
    return model


def repeated(*pixels: int, times: int = 20_000) -> Pictures:
    """One picture of a row of pixels, many times: so many draws of its code."""
    return Pictures(np.tile(np.array(pixels, dtype=np.uint8).reshape(1, 1, 1, -1), (times, 1, 1, 1)))


def bound(model: Model, pictures: Pictures) -> dict[str, float]:
    found = EvidenceLowerBound()(model, pictures, beside(pictures)).figures
    assert all((each.evaluation, each.condition, each.n) == ("bound", "", len(pictures)) for each in found)
    return {each.metric: each.value for each in found}


def density(z: NDArray[np.float64], mean: float, variance: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-((z - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance))


def log_likelihood(z: NDArray[np.float64], picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """log p(x | z) of the tiny decoder, from logits: x logit - log(1 + exp(logit)), summed."""
    logits = z[:, None] * WEIGHT + BIAS
    return np.asarray((picture * logits - np.logaddexp(0, logits)).sum(1))


def test_rate_and_distortion_of_a_decoder_that_ignores_its_code_have_a_closed_form() -> None:
    model = tiny()
    with torch.no_grad():
        model.get_parameter("decoder.layers.0.weight").zero_()
    found = bound(model, repeated(255, 0, times=700))
    share = 1 / (1 + np.exp(-BIAS))
    assert found["distortion"] == pytest.approx(-math.log(share[0]) - math.log(1 - share[1]), rel=1e-5)
    assert found["rate"] == pytest.approx((MEAN**2 + 0.25 - 1 - LOG_VARIANCE) / 2, rel=1e-5)
    assert found["elbo"] == -(found["rate"] + found["distortion"])


@pytest.mark.parametrize("pixels", [(255, 0), (0, 255), (0, 0)])
def test_the_bound_is_below_the_integrated_likelihood_by_the_posterior_s_divergence(pixels: tuple[int, int]) -> None:
    z = np.linspace(-12, 12, 20_001)
    step = z[1] - z[0]
    likelihood = log_likelihood(z, np.array(pixels) / 255)
    evidence = np.log((density(z, 0, 1) * np.exp(likelihood)).sum() * step)
    posterior = density(z, 0, 1) * np.exp(likelihood - evidence)
    code = density(z, MEAN, 0.25)
    inside = code > 0
    divergence = (code[inside] * np.log(code[inside] / posterior[inside])).sum() * step
    assert divergence > 0.1
    spread = np.sqrt((code * likelihood**2).sum() * step - ((code * likelihood).sum() * step) ** 2)
    found = bound(tiny(), repeated(*pixels))["elbo"]
    assert found < evidence
    assert found == pytest.approx(evidence - divergence, abs=5 * spread / math.sqrt(20_000))


def test_the_encoder_sees_pictures_drawn_black_and_white() -> None:
    # The mean is 4 or 0 above MEAN, as likely; of the grey picture itself it would be 2 above.
    expected = sum((mean**2 + 0.25 - 1 - LOG_VARIANCE) / 2 for mean in (MEAN, MEAN + 4)) / 2
    draws = repeated(128, 0, times=20_000)  # 128 / 255 is 0.2 % above one half
    assert bound(tiny(follows=4.0), draws)["rate"] == pytest.approx(expected, rel=0.04)


def test_draws_are_the_same_every_time_and_leave_pytorch_s_generator_alone() -> None:
    pictures = load("digits").test
    model = Dense((16,), 4, output_activation="sigmoid", bottleneck=Gaussian()).build(pictures.image_shape)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = bound(model, pictures)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(6)
    assert bound(model.train(), pictures) == first


def test_models_that_are_not_variational_have_neither_bound_nor_samples() -> None:
    pictures = load("digits").test
    pca = PCA(4).build(pictures.image_shape)
    prepare(pca, pictures.images)
    others: list[Model] = [
        pca,
        Constant(torch.zeros(pictures.image_shape)),
        Dense((), 4, output_activation="sigmoid").build(pictures.image_shape),
        Convolutional((4, 6), upward="unpooling", bottleneck=Gaussian()).build(pictures.image_shape),
    ]
    for study in (EvidenceLowerBound(), PriorSamples()):
        for model in others:
            found = study(model, pictures, beside(pictures))
            assert (found.figures, found.arrays) == ([], {})


def test_an_output_that_is_no_probability_has_no_bound() -> None:
    assert bound(tiny(output="linear"), repeated(255, 0, times=50)) == {}


def test_a_sure_and_wrong_pixel_costs_the_log_of_float32_s_step() -> None:
    model = tiny()
    with torch.no_grad():
        model.get_parameter("decoder.layers.0.weight").zero_()
        model.get_parameter("decoder.layers.0.bias").copy_(torch.tensor([-100.0, 100.0]))
    assert bound(model, repeated(255, 0, times=10))["distortion"] == pytest.approx(2 * 23 * math.log(2), rel=1e-5)


def test_samples_are_the_decoder_s_image_of_the_standard_normal() -> None:
    study = PriorSamples(20_000)
    samples = study(tiny(output="linear"), repeated(0, 0), beside(repeated(0, 0))).arrays["samples"]
    assert samples.shape == (20_000, 1, 1, 2)
    numbers = samples.reshape(-1, 2)
    # Standard error of a mean of 20 000 draws of deviation 2 is 0.014, of a variance of 4 it is 0.04; 5 of them.
    np.testing.assert_allclose(numbers.mean(0), BIAS, atol=0.07)
    np.testing.assert_allclose(np.cov(numbers, rowvar=False), np.outer(WEIGHT, WEIGHT), atol=0.2)


def test_models_of_one_code_size_decode_the_same_draws() -> None:
    pictures = repeated(0, 0)
    one, two = (PriorSamples(5)(tiny(output="linear"), pictures, beside(pictures)).arrays["samples"] for _ in range(2))
    assert np.array_equal(one, two)


def test_no_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at least 1 sample to draw, found 0"):
        PriorSamples(0)
