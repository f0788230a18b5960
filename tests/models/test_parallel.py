"""Networks that owe more than one picture: the formula, its bounds, and what they refuse."""

import pytest
import torch

from narrows.models import (
    ARCHITECTURES,
    PCA,
    Autoencoder,
    Dense,
    MixtureComplement,
    ParallelDecoders,
    PatchFeatures,
    RefinedPCA,
    Residual,
    ResidualDense,
    ResNet18,
    Standardised,
    UNet,
)
from narrows.types import Architecture, Images

from ..contracts import CODECS

SHAPE = (3, 8, 8)
OWE_ONE = {"PCA", "RefinedPCA", "Standardised", "PatchFeatures", "ParallelDecoders", "MixtureComplement"}
"""Bound to their own pictures' mean or patches, or owing several already."""


@pytest.fixture
def pair(generator: torch.Generator) -> tuple[Images, Images]:
    """A colour picture and a grey one."""
    return torch.rand(5, *SHAPE, generator=generator), torch.rand(5, 1, 8, 8, generator=generator).expand(-1, 3, -1, -1)


def built(architecture: Architecture) -> Autoencoder:
    torch.manual_seed(0)
    model = architecture.build(SHAPE)
    assert isinstance(model, Autoencoder)
    return model


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_finds_its_own_code_in_pictures_can_owe_several(name: str) -> None:
    inner = next(each for each in CODECS.values() if type(each).__name__ == name)
    if name in OWE_ONE:
        with pytest.raises(ValueError, match="expected a network that"):
            ParallelDecoders(inner).build(SHAPE)
    else:
        found = ParallelDecoders(inner).build(SHAPE).eval()(torch.rand(2, *SHAPE)).reconstruction
        assert found.shape == (2, 2, *SHAPE)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("decoded", [0, 1])
def test_the_sources_mean_is_the_mixture(pair: tuple[Images, Images], training: bool, decoded: int) -> None:
    mixture = (pair[0] + pair[1]) / 2
    found = built(MixtureComplement(UNet((4, 6)), decoded=decoded)).train(training)(mixture).reconstruction
    torch.testing.assert_close(found.mean(1), mixture)


def test_both_errors_are_the_same(pair: tuple[Images, Images]) -> None:
    colour, grey = pair
    found = built(MixtureComplement(UNet((4, 6)), decoded=1)).train()((colour + grey) / 2).reconstruction
    torch.testing.assert_close(found[:, 0] - colour, grey - found[:, 1])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("grey", [True, False])
def test_both_sources_stay_in_range_whatever_the_network_gives(
    pair: tuple[Images, Images], training: bool, grey: bool
) -> None:
    mixture = (pair[0] + pair[1]) / 2
    model = built(MixtureComplement(Dense((16,), 6), grey=grey, decoded=1)).train(training)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(20)
    found = model(mixture).reconstruction
    assert found.min() >= -1e-6
    assert found.max() <= 1 + 1e-6
    assert found[:, 1].std() > 0.1
    assert torch.equal(found[:, 1, 0], found[:, 1, 2]) == grey


def test_a_pixel_that_the_mixture_alone_decides_is_right(generator: torch.Generator) -> None:
    black = torch.zeros(5, 3, 8, 8)
    model = built(MixtureComplement(Dense((16,), 6), grey=True, decoded=1))
    torch.testing.assert_close(model(black).reconstruction, torch.zeros(5, 2, 3, 8, 8))
    # where one channel of the photograph is black, the grey digit can be no brighter than that of the mixture, doubled
    photograph = torch.rand(5, *SHAPE, generator=generator)
    photograph[:, 0] = 0
    digit = torch.full((5, 1, 8, 8), 0.3).expand(-1, 3, -1, -1)
    assert (model((photograph + digit) / 2).reconstruction[:, 1] <= 0.3 + 1e-6).all()


@pytest.mark.parametrize("kind", [ParallelDecoders, MixtureComplement])
def test_an_encoder_that_looks_at_its_reconstruction_is_refused(kind: type) -> None:
    with pytest.raises(ValueError, match="found 1 corrections"):
        kind(ResidualDense(6, num_corrections=1)).build(SHAPE)


@pytest.mark.parametrize("kind", [ParallelDecoders, MixtureComplement, Standardised])
@pytest.mark.parametrize("inner", [PCA(4), RefinedPCA(4, (4, 6)), Standardised(Dense((), 4))], ids=str)
def test_a_network_with_units_of_its_own_is_refused(kind: type, inner: Architecture) -> None:
    with pytest.raises(ValueError, match="found one that standardises them"):
        kind(inner).build(SHAPE)


def test_bounds_of_0_to_1_are_not_standardised() -> None:
    with pytest.raises(ValueError, match="found MixtureComplement, whose bounds are those of"):
        Standardised(MixtureComplement(UNet((4, 6)))).build(SHAPE)


def test_a_decoder_s_larger_picture_is_cropped_to_the_mixture() -> None:
    model = MixtureComplement(ResNet18((4, 4, 4))).build((1, 28, 28)).eval()
    assert model(torch.rand(2, 1, 28, 28)).reconstruction.shape == (2, 2, 1, 28, 28)


def test_one_of_two_is_decoded() -> None:
    with pytest.raises(ValueError, match="expected decoded to be 0 or 1, the first or the second source, found 2"):
        MixtureComplement(UNet(), decoded=2)


@pytest.mark.parametrize(
    ("nested", "message"),
    [
        (MixtureComplement(ParallelDecoders(Dense((), 4))), "owes one picture, found ParallelDecoders"),
        (ParallelDecoders(MixtureComplement(Dense((), 4))), "owes one picture, found MixtureComplement"),
        (Residual(ParallelDecoders(Dense((), 4))), "owes one picture, found ParallelDecoders"),
        (ParallelDecoders(PatchFeatures()), "learns from pictures, found PatchFeatures"),
        (Standardised(PatchFeatures()), "learns from pictures, found PatchFeatures"),
    ],
)
def test_what_cannot_be_wrapped_is_refused(nested: Architecture, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nested.build((1, 8, 8))
