"""Convolutional networks against report 004's own listing, and how they treat odd sizes."""

from typing import Any

import jaxtyping
import pytest
import torch
from torch import Tensor, nn

from narrows.models import Autoencoder, Convolutional, Deterministic, bypass_numbers
from narrows.models.convolutional import Upward
from narrows.training import parameter_count
from narrows.types import Images

LISTED = {"unpooling": 4_801, "transposed": 8_073, "unpooling and transposed": 7_121}
"""Parameters, counted by hand: the encoder's 80 + 1 168 + 2 320 and the decoder's 1 160 + 73, 2 320 + 2 056 + 129, and
2 320 + 1 160 + 73."""


class Listing(nn.Module):
    """Report 004's three networks, layer by layer as it lists them."""

    def __init__(self, upward: str) -> None:
        super().__init__()
        self.unpools = upward != "transposed"
        relu_at_the_code = [] if upward == "unpooling" else [nn.ReLU()]
        self.encoder = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, return_indices=True)),
                nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, return_indices=True)),
                nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), *relu_at_the_code, nn.MaxPool2d(2, return_indices=True)),
            ]
        )
        layers: dict[str, list[nn.Module]] = {
            "unpooling": [
                nn.Sequential(nn.Identity()),
                nn.Sequential(nn.Conv2d(16, 8, 3, padding=1), nn.ReLU()),
                nn.Sequential(nn.Conv2d(8, 1, 3, padding=1), nn.ReLU()),
            ],
            "transposed": [
                nn.Sequential(nn.ConvTranspose2d(16, 16, 3, stride=2), nn.ReLU()),
                nn.Sequential(nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1), nn.ReLU()),
                nn.Sequential(nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1), nn.ReLU()),
            ],
            "unpooling and transposed": [
                nn.Sequential(nn.ConvTranspose2d(16, 16, 3, stride=1, padding=1), nn.ReLU()),
                nn.Sequential(nn.ConvTranspose2d(16, 8, 3, stride=1, padding=1), nn.ReLU()),
                nn.Sequential(nn.ConvTranspose2d(8, 1, 3, stride=1, padding=1), nn.ReLU()),
            ],
        }
        self.decoder = nn.ModuleList(layers[upward])
        self.unpool = nn.MaxUnpool2d(2)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        switches = []
        features = images
        for part in self.encoder:
            features, indices = part(features)
            switches.append(indices)
        code = features
        for part, indices, size in zip(self.decoder, reversed(switches), (7, 14, 28), strict=True):
            if self.unpools:
                features = self.unpool(features, indices, output_size=torch.Size([len(images), 16, size, size]))
            features = part(features)
        return features, code


def as_reported(upward: Upward) -> Autoencoder:
    return Convolutional(
        upward=upward,
        odd_sizes="dropped",
        output_activation="relu",
        bottleneck=Deterministic("linear" if upward == "unpooling" else "relu"),
    ).build((1, 28, 28))


@pytest.mark.parametrize("upward", LISTED)
def test_it_computes_what_report_004_lists(upward: Upward, generator: torch.Generator) -> None:
    torch.manual_seed(0)
    listing, model = Listing(upward), as_reported(upward)
    ours, theirs = list(model.parameters()), list(listing.parameters())
    assert [each.shape for each in ours] == [each.shape for each in theirs]
    for each, other in zip(ours, theirs, strict=True):
        each.data.copy_(other.data)
    # pictures with black borders, where whole windows are at or below 0 and switches are chosen among equals
    images: Images = torch.rand(5, 1, 28, 28, generator=generator)
    images[..., :9, :] = 0
    expected, code = listing(images)
    found = model(images)
    torch.testing.assert_close(found.reconstruction, expected)
    torch.testing.assert_close(found.latent.code, code.flatten(1))
    assert code.shape == (5, 16, 3, 3)


@pytest.mark.parametrize("upward", LISTED)
def test_it_has_as_many_parameters_as_report_004_lists(upward: Upward) -> None:
    assert parameter_count(as_reported(upward)) == LISTED[upward]


def test_the_switches_are_counted_at_every_stage() -> None:
    assert bypass_numbers(as_reported("unpooling")) == 8 * 14 * 14 + 16 * 7 * 7 + 16 * 3 * 3
    assert bypass_numbers(as_reported("transposed")) == 0


@pytest.mark.parametrize(("height", "width"), [(28, 28), (9, 13), (15, 8)])
@pytest.mark.parametrize("upward", ["transposed", "upsampling", "unpooling", "unpooling and transposed"])
def test_what_pooling_drops_the_decoder_adds_again(upward: Upward, height: int, width: int) -> None:
    model = Convolutional(upward=upward, odd_sizes="dropped").build((1, height, width))
    images = torch.rand(2, 1, height, width)
    assert model.code_shape == (16, height // 8, width // 8)
    assert model.decoder(model.encoder(images, None)[0], model.latent(images).bypass).shape == images.shape


def test_a_network_that_drops_takes_its_own_size_alone_and_one_that_pads_any() -> None:
    images = torch.rand(1, 1, 32, 32)
    assert Convolutional().build((1, 28, 28))(images).reconstruction.shape == images.shape
    with pytest.raises(ValueError, match=r"expected pictures of shape \(1, 28, 28\), found \(1, 32, 32\)"):
        Convolutional(odd_sizes="dropped").build((1, 28, 28))(images)


def test_pictures_that_would_be_dropped_whole_are_refused_with_both_sizes() -> None:
    with pytest.raises(ValueError, match="at least 8 x 8 pixels to halve 3 times, found 28 x 7; use fewer stages"):
        Convolutional(odd_sizes="dropped").build((1, 28, 7))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"upward": "up"}, "expected upward to be one of transposed, upsampling, unpooling, unpooling and transposed"),
        ({"odd_sizes": "kept"}, "expected odd_sizes to be one of padded, dropped, found 'kept'"),
    ],
)
def test_unknown_words_are_refused_with_the_known_ones(
    wrong: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(ValueError, match=said):
        Convolutional(**wrong)
