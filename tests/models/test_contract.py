"""What every codec promises, whatever stands in its slots."""

from pathlib import Path

import numpy as np
import pytest
import torch

from narrows.descriptions import describe, restore
from narrows.models import ARCHITECTURES, BOTTLENECKS, PCA, Autoencoder, Residual, UNet, bypass_numbers, prepare
from narrows.training import load_model, save_model
from narrows.types import Codec, Images, ImageShape

from ..contracts import CODECS, SHAPES


@pytest.fixture(params=SHAPES, ids=str)
def image_shape(request: pytest.FixtureRequest) -> ImageShape:
    shape: ImageShape = request.param
    return shape


@pytest.fixture(params=CODECS)
def model(request: pytest.FixtureRequest, image_shape: ImageShape) -> Autoencoder:
    torch.manual_seed(0)
    built = CODECS[request.param].build(image_shape)
    assert isinstance(built, Autoencoder)
    prepare(built, np.random.default_rng(0).integers(0, 256, (40, *image_shape), dtype=np.uint8))
    return built.eval()


@pytest.fixture
def images(image_shape: ImageShape, generator: torch.Generator) -> Images:
    return torch.rand(7, *image_shape, generator=generator)


def test_every_architecture_and_bottleneck_is_under_contract() -> None:
    text = repr(list(CODECS.values()))
    assert [name for name in (*ARCHITECTURES, *BOTTLENECKS) if f"{name}(" not in text] == []


def test_a_residual_u_net_starts_as_the_identity(images: Images, image_shape: ImageShape) -> None:
    assert torch.equal(Residual(UNet((4, 6))).build(image_shape)(images).reconstruction, images)


def test_it_is_a_codec(model: Autoencoder) -> None:
    assert isinstance(model, Codec)


def test_the_reconstruction_has_the_target_s_shape(model: Autoencoder, images: Images) -> None:
    found = model(images).reconstruction.shape
    sources = getattr(model.architecture, "num_sources", None)
    assert found == (images.shape if sources is None else (7, sources, *images.shape[1:]))


def test_codes_are_flat_and_as_many_as_declared(model: Autoencoder, images: Images) -> None:
    assert model.encode(images).shape == (7, model.code_size)
    declared = model.architecture.code_size
    assert declared is None or declared == model.code_size


def test_decode_of_encode_is_the_model_or_refused_with_the_count(model: Autoencoder, images: Images) -> None:
    if around := bypass_numbers(model):
        with pytest.raises(ValueError, match=rf"found {around} numbers a picture that reach it around the code"):
            model.decode(model.encode(images))
    else:
        torch.testing.assert_close(model.decode(model.encode(images)), model(images).reconstruction)


def test_evaluating_twice_gives_the_same_bits(model: Autoencoder, images: Images) -> None:
    assert torch.equal(model(images).reconstruction, model(images).reconstruction)
    assert torch.equal(model.encode(images), model.encode(images))


def test_one_picture_and_seven_agree(model: Autoencoder, images: Images) -> None:
    alone = torch.cat([model(image[None]).reconstruction for image in images])
    torch.testing.assert_close(alone, model(images).reconstruction)


def test_the_input_stays_as_it_is(model: Autoencoder, images: Images) -> None:
    before = images.clone()
    model(images)
    assert torch.equal(images, before)


def test_encode_keeps_gradients_of_the_picture(model: Autoencoder, images: Images) -> None:
    images.requires_grad_()
    model.encode(images).square().sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0


def test_a_gradient_reaches_every_parameter_that_is_trained(model: Autoencoder, images: Images) -> None:
    if not any(each.requires_grad for each in model.parameters()):
        assert isinstance(model.architecture, PCA)  # declared: its weights have a closed form
        return
    model.train()
    output = model(images)
    penalised = 0 if output.latent.log_variance is None else output.latent.log_variance.square().mean()
    ((output.reconstruction - 0.3).square().mean() + penalised).backward()
    unreached = [name for name, each in model.named_parameters() if each.requires_grad and each.grad is None]
    assert unreached == []


def test_it_comes_back_from_disk_bit_for_bit(model: Autoencoder, images: Images, tmp_path: Path) -> None:
    save_model(tmp_path, model, {"data": "made up"})
    back = load_model(tmp_path)
    assert back.architecture == model.architecture
    assert torch.equal(back(images).reconstruction, model(images).reconstruction)


def test_its_description_comes_back_from_json(model: Autoencoder) -> None:
    content = describe(model.architecture)
    assert restore(content, {**ARCHITECTURES, **BOTTLENECKS}) == model.architecture


def test_a_picture_of_the_wrong_shape_is_refused_with_both_shapes(model: Autoencoder) -> None:
    channel, height, width = model.image_shape
    with pytest.raises(ValueError, match=rf"expected pictures of shape \({channel}, {height}, {width}\), found \(2, 8"):
        model(torch.rand(1, 2, 8, 8))


def test_codes_of_the_wrong_size_are_refused_with_both_sizes(model: Autoencoder) -> None:
    with pytest.raises(ValueError, match=rf"expected codes of {model.code_size} numbers, found 999"):
        model.decode(torch.rand(1, 999))
