"""What bottlenecks make of projected numbers."""

from dataclasses import replace

import pytest
import torch

from narrows.models import Convolutional, Dense, Deterministic, Gaussian, Noisy, ResidualDense, TopK
from narrows.models.autoencoder import Balance


def test_top_k_keeps_the_largest_and_nothing_negative() -> None:
    code = TopK(2)(torch.tensor([[3.0, 1.0, 2.0], [-1.0, 5.0, -2.0]]), sample=True).code
    assert code.tolist() == [[3.0, 0.0, 2.0], [0.0, 5.0, 0.0]]


def test_top_k_above_the_code_size_is_refused_with_both() -> None:
    with pytest.raises(ValueError, match="expected k at most the code size 3, found 4; lower k"):
        TopK(4)(torch.rand(1, 3), sample=False)
    with pytest.raises(ValueError, match="expected TopK to keep at least 1 number, found k = 0"):
        TopK(0)


@pytest.mark.parametrize("network", [Dense((8,), 6), ResidualDense(6, 16, 16, 1), Convolutional((4, 6), code_size=6)])
def test_top_k_fits_every_network_that_has_the_slot(network: Dense | ResidualDense | Convolutional) -> None:
    model = replace(network, bottleneck=TopK(3)).build((1, 8, 8)).eval()
    codes = model.encode(torch.rand(4, 1, 8, 8))
    assert codes.shape == (4, 6)
    assert int((codes != 0).sum(1).max()) <= 3


def test_a_gaussian_code_is_drawn_with_its_mean_and_variance() -> None:
    torch.manual_seed(0)
    projected = torch.tensor([[1.0, -2.0, 0.0, 1.0]]).expand(20_000, 4)
    found = Gaussian()(projected, sample=True)
    torch.testing.assert_close(found.code.mean(0), torch.tensor([1.0, -2.0]), atol=0.04, rtol=0)
    torch.testing.assert_close(found.code.var(0).log(), torch.tensor([0.0, 1.0]), atol=0.04, rtol=0)
    assert torch.equal(Gaussian()(projected, sample=False).code, projected[:, :2])


def test_balance_brings_every_unit_to_mean_0_and_variance_1(generator: torch.Generator) -> None:
    balance = Balance(3)
    numbers = torch.randn(500, 3, generator=generator) * torch.tensor([1.0, 10.0, 0.1]) + torch.tensor([0.0, 5.0, -1.0])
    found = balance(numbers)
    torch.testing.assert_close(found.mean(0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(found.var(0, unbiased=False), torch.ones(3), atol=2e-3, rtol=0)
    for _ in range(100):
        balance(numbers)
    torch.testing.assert_close(balance.eval()(numbers), found, atol=1e-2, rtol=0)


def test_balance_takes_a_batch_of_one() -> None:
    assert Balance(3)(torch.ones(1, 3)).isfinite().all()


def test_noise_on_a_code_is_drawn_in_training_alone() -> None:
    torch.manual_seed(0)
    projected = torch.tensor([[1.0, -2.0]]).expand(20_000, 2)
    assert torch.equal(Noisy((0.5, 2.0))(projected, sample=False).code, projected)
    found = Noisy((2.0, 2.0))(projected, sample=True).code
    torch.testing.assert_close(found.mean(0), torch.tensor([1.0, -2.0]), atol=0.06, rtol=0)
    torch.testing.assert_close(found.std(0), torch.tensor([2.0, 2.0]), atol=0.05, rtol=0)


def test_noise_on_a_code_has_a_strength_of_its_own_for_each_picture() -> None:
    torch.manual_seed(0)
    found = Noisy((0.0, 1.0))(torch.zeros(2_000, 400), sample=True).code.std(1)
    # evenly drawn from 0 to 1: mean 1/2, variance 1/12
    assert found.mean().item() == pytest.approx(0.5, abs=0.03)
    assert found.var().item() == pytest.approx(1 / 12, abs=0.01)


def test_noise_of_no_strength_or_an_empty_range_is_refused() -> None:
    for noise in ((-0.1, 1.0), (1.0, 0.5), (0.0, float("inf"))):
        with pytest.raises(ValueError, match="expected noise from at least 0 to a finite greatest strength, found"):
            Noisy(noise)


def test_balanced_codes_have_variance_1_in_training(generator: torch.Generator) -> None:
    images = torch.rand(200, 1, 4, 4, generator=generator)
    for bottleneck in (Deterministic(balanced=True), Noisy((0.0, 0.0))):
        code = Dense((), 3, bottleneck=bottleneck).build((1, 4, 4))(images).latent.code
        torch.testing.assert_close(code.var(0, unbiased=False), torch.ones(3), atol=2e-3, rtol=0)
