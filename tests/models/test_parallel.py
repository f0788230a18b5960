"""Networks that owe more than one picture: the formula, its bounds, and what they refuse."""

import pytest
import torch

from narrows.models import (
    PCA,
    Autoencoder,
    Dense,
    MixtureComplement,
    ParallelDecoders,
    RefinedPCA,
    ResidualDense,
    ResNet18,
    Standardised,
    UNet,
)
from narrows.types import Architecture, Images

SHAPE = (3, 8, 8)


@pytest.fixture
def pair(generator: torch.Generator) -> tuple[Images, Images]:
    """A colour picture and a grey one."""
    return torch.rand(5, *SHAPE, generator=generator), torch.rand(5, 1, 8, 8, generator=generator).expand(-1, 3, -1, -1)


def built(architecture: Architecture) -> Autoencoder:
    torch.manual_seed(0)
    model = architecture.build(SHAPE)
    assert isinstance(model, Autoencoder)
    return model


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


def test_bounds_take_no_number_further_from_the_truth_and_keep_both_in_range(pair: tuple[Images, Images]) -> None:
    colour, grey = pair
    model = built(MixtureComplement(Dense((16,), 6), grey=True, decoded=1))
    free, bound = (model.train(training)((colour + grey) / 2).reconstruction for training in (True, False))
    assert free.min() < 0
    assert bound.min() >= -1e-6
    assert bound.max() <= 1 + 1e-6
    torch.testing.assert_close(bound[:, 1, 0], bound[:, 1, 2])
    before, after = ((each[:, 1] - grey).abs() for each in (free, bound))
    assert (after <= before + 1e-6).all()
    assert after.mean() < 0.9 * before.mean()


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
