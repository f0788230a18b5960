import math
import statistics

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor
from torch.nn import functional

from narrows.objective.reconstruction import (
    RECONSTRUCTION_LOSSES,
    absolute_error,
    binary_cross_entropy,
    normalise_patches,
    squared_error,
    weighted_error,
)

every_loss = pytest.mark.parametrize("name", RECONSTRUCTION_LOSSES)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("mse", 0.25), ("mae", 0.5), ("bce", -(0.25 * math.log(0.75) + 0.75 * math.log(0.25)))],  # computed by hand
)
def test_a_single_number_costs_what_the_formula_says(name: str, expected: float) -> None:
    found = RECONSTRUCTION_LOSSES[name](torch.tensor(0.75), torch.tensor(0.25))
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_batches_equal_pytorch_s_losses(generator: Generator) -> None:
    reconstruction, target = torch.rand(2, 3, 2, 5, 4, generator=generator)
    references = {
        squared_error: functional.mse_loss(reconstruction, target, reduction="none"),
        absolute_error: functional.l1_loss(reconstruction, target, reduction="none"),
        binary_cross_entropy: functional.binary_cross_entropy(reconstruction, target, reduction="none"),
    }
    for loss, expected in references.items():
        torch.testing.assert_close(loss(reconstruction, target), expected, rtol=1e-5, atol=1e-6)


@every_loss
def test_shapes_that_differ_are_both_named(name: str) -> None:
    with pytest.raises(ValueError, match=r"target's shape \(2, 1, 4, 4\), found \(2, 1, 4, 1\)"):
        RECONSTRUCTION_LOSSES[name](torch.zeros(2, 1, 4, 1), torch.zeros(2, 1, 4, 4))


def test_cross_entropy_stays_finite_where_outputs_are_saturated() -> None:
    reconstruction = torch.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    cost = binary_cross_entropy(reconstruction, torch.tensor([0.0, 1.0, 1.0, 0.0]))
    assert cost.tolist() == pytest.approx([0, 0, 15.94, 15.94], abs=0.01)
    (gradient,) = torch.autograd.grad(cost.sum(), reconstruction)
    assert gradient.isfinite().all()


def test_cross_entropy_of_a_grey_target_is_least_at_the_target() -> None:
    outputs = torch.linspace(0.01, 0.99, 99)
    assert outputs[binary_cross_entropy(outputs, torch.full((99,), 0.3)).argmin()].item() == pytest.approx(0.3)


def test_cross_entropy_refuses_what_is_no_probability() -> None:
    with pytest.raises(ValueError, match=r"in \[0, 1\], found -0.5 to 1.25; end the decoder with a sigmoid"):
        binary_cross_entropy(torch.tensor([-0.5, 1.25]), torch.tensor([0.0, 1.0]))


def normalise_patches_reference(images: Tensor, side: int) -> Tensor:
    """Patch by patch, with Python's statistics."""
    normalised = images.clone()
    for picture in normalised:
        for top in range(0, images.shape[-2], side):
            for left in range(0, images.shape[-1], side):
                patch = picture[..., top : top + side, left : left + side]
                numbers = patch.flatten().tolist()
                patch.sub_(statistics.mean(numbers)).div_(math.sqrt(statistics.variance(numbers) + 1e-6))
    return normalised


@pytest.mark.parametrize(("shape", "side"), [((2, 3, 8, 12), 4), ((2, 1, 6, 4), 2), ((1, 3, 5, 5), 5)])
def test_patches_are_normalised_as_one_by_one(shape: tuple[int, ...], side: int, generator: Generator) -> None:
    images = torch.rand(shape, generator=generator)
    images[0, :, :side, :side] = 0.5  # a flat patch, whose variance is 0
    found = normalise_patches(images, side)
    torch.testing.assert_close(found, normalise_patches_reference(images, side), rtol=1e-5, atol=1e-5)
    assert found[0, :, :side, :side].abs().max() < 1e-3


def test_sources_are_normalised_each_by_itself(generator: Generator) -> None:
    sources = torch.rand(2, 3, 1, 4, 4, generator=generator)
    each = torch.stack([normalise_patches(source, 2) for source in sources.unbind(1)], 1)
    torch.testing.assert_close(normalise_patches(sources, 2), each)


def test_patches_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of normalised_patches=4, found 8 x 6; choose a side"):
        normalise_patches(torch.zeros(1, 1, 8, 6), 4)


@settings(deadline=None)  # a busy machine is no failure
@given(shape=st.tuples(*[st.integers(1, 5)] * 4), seed=st.integers(0, 2**32))
def test_weight_1_is_the_plain_mean(shape: tuple[int, ...], seed: int) -> None:
    errors = torch.rand(shape, generator=Generator().manual_seed(seed))
    for weight in (torch.ones(()), torch.ones(1, 1, 1, 1), torch.ones(shape)):
        torch.testing.assert_close(weighted_error(errors, weight, "mean"), errors.mean())
        expected = errors.sum() / shape[0]
        torch.testing.assert_close(weighted_error(errors, weight, "sum"), expected)


def test_a_weight_that_would_enlarge_the_errors_is_refused() -> None:
    with pytest.raises(RuntimeError, match="expanded size"):
        weighted_error(torch.ones(1, 1, 4, 4), torch.ones(2, 1, 4, 4), "mean")
