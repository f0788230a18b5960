"""ResNet-18: the field's own keys, weights from a file, and shapes."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from narrows.models import Autoencoder, ParallelDecoders, ResNet18, Standardised, bypass_numbers, prepare
from narrows.models.resnet import ResNetEncoder
from narrows.types import Architecture

IMAGES = np.zeros((2, 3, 32, 32), np.uint8)


def built(architecture: Architecture) -> Autoencoder:
    model = architecture.build((3, 32, 32))
    assert isinstance(model, Autoencoder)
    return model


def test_the_encoder_has_the_reference_s_weights_and_keys() -> None:
    encoder = ResNetEncoder()
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 11_176_512
    keys = list(encoder.state_dict())
    assert len(keys) == 120
    assert {
        "conv1.weight",
        "bn1.running_var",
        "layer1.0.conv2.weight",
        "layer2.0.downsample.0.weight",
        "layer2.0.downsample.1.num_batches_tracked",
        "layer4.1.bn2.bias",
    } <= set(keys)


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth"])
def test_weights_of_a_file_are_set_before_training_and_the_last_layer_s_left_aside(tmp_path: Path, name: str) -> None:
    torch.manual_seed(1)
    state = ResNetEncoder().state_dict() | {"fc.weight": torch.zeros(10, 512), "fc.bias": torch.zeros(10)}
    save = safetensors.torch.save_file if name.endswith("safetensors") else torch.save
    save(state, tmp_path / name)
    model = built(Standardised(ParallelDecoders(ResNet18((4, 4, 4), weights=str(tmp_path / name)))))
    prepare(model, IMAGES)
    for key, tensor in model.encoder.state_dict().items():
        assert torch.equal(tensor, state[key]), key


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="expected weights of a ResNet-18"):
        prepare(built(ResNet18(weights=str(tmp_path / "none.pth"))), IMAGES)
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="under torchvision's key names"):
        prepare(built(ResNet18(weights=str(tmp_path / "other.pth"))), IMAGES)


def test_a_last_batch_of_one_picture_is_trained_on_by_running_averages() -> None:
    model = built(ResNet18((4, 4, 4))).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items() if "layer4" in name}
    assert model(torch.rand(1, 3, 32, 32)).reconstruction.isfinite().all()
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_counting_the_bypass_leaves_running_averages_alone() -> None:
    model = built(ResNet18((4, 4, 4)))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert bypass_numbers(model) == 0
    assert model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("shape", [(3, 16, 16), (3, 33, 20), (1, 96, 128)])
def test_pictures_come_back_in_their_shape(shape: tuple[int, int, int]) -> None:
    model = ResNet18((4, 4, 4)).build(shape).eval()
    assert model(torch.rand(2, *shape)).reconstruction.shape == (2, *shape)


@pytest.mark.parametrize("shape", [(2, 32, 32), (3, 129, 32)])
def test_other_pictures_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="expected grey or colour pictures of at most 128 pixels a side"):
        ResNet18().build(shape)
