import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from narrows.objective.penalties import L1, PENALTIES, KLSparsity, KLToPrior
from narrows.types import Latent, Penalty

# Every type at work; a new one in PENALTIES fails the first test until it stands here.
EXAMPLES: dict[str, Penalty] = {"L1": L1(0.5), "KLSparsity": KLSparsity(0.05, 0.5), "KLToPrior": KLToPrior(0.5)}
FREE: dict[str, float] = {"L1": 0.0, "KLSparsity": 0.05, "KLToPrior": 0.0}
"""Codes for which theory says 0."""
every_penalty = pytest.mark.parametrize("name", PENALTIES)


def latent_of(code: Tensor, log_variance: Tensor | None = None) -> Latent:
    """A latent that every penalty takes: the code is its own mean."""
    return Latent(code, code, torch.zeros_like(code) if log_variance is None else log_variance, code, ())


def test_every_penalty_is_held_to_the_contract() -> None:
    assert set(EXAMPLES) == set(FREE) == set(PENALTIES)
    assert all(type(example) is PENALTIES[name] and example.name == name for name, example in EXAMPLES.items())


@every_penalty
@settings(deadline=None)  # a busy machine is no failure
@given(pictures=st.integers(1, 5), size=st.integers(1, 5), seed=st.integers(0, 2**32))
def test_a_penalty_is_a_scalar_that_is_not_negative(name: str, pictures: int, size: int, seed: int) -> None:
    generator = Generator().manual_seed(seed)
    code = torch.rand(pictures, size, generator=generator)
    penalty = EXAMPLES[name](latent_of(code, torch.randn(code.shape, generator=generator)))
    assert penalty.shape == ()
    assert penalty.item() >= 0


@every_penalty
def test_a_penalty_is_0_where_theory_says(name: str) -> None:
    assert EXAMPLES[name](latent_of(torch.full((4, 3), FREE[name]))).item() == pytest.approx(0, abs=1e-7)
    assert EXAMPLES[name](latent_of(torch.full((4, 3), 0.9))).item() > 0.1


@every_penalty
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_gradients_are_finite_at_the_edges(name: str, value: float) -> None:
    code = torch.full((4, 3), value, requires_grad=True)
    (gradient,) = torch.autograd.grad(EXAMPLES[name](latent_of(code)), code)
    assert gradient.isfinite().all()


@every_penalty
def test_repeating_a_batch_changes_nothing_and_a_second_unit_doubles(name: str, generator: Generator) -> None:
    code = torch.rand(6, 1, generator=generator)
    once = EXAMPLES[name](latent_of(code))
    torch.testing.assert_close(EXAMPLES[name](latent_of(code.repeat(3, 1))), once)
    torch.testing.assert_close(EXAMPLES[name](latent_of(code.repeat(1, 2))), 2 * once)


@every_penalty
def test_bfloat16_codes_are_summed_in_float32(name: str, generator: Generator) -> None:
    code = torch.rand(50, 300, generator=generator).bfloat16()
    penalty = EXAMPLES[name](latent_of(code))
    assert penalty.dtype == torch.float32
    assert torch.equal(penalty, EXAMPLES[name](latent_of(code.float())))


def test_l1_sums_units_and_averages_pictures() -> None:
    assert L1(0.5)(latent_of(torch.tensor([[1.0, -2.0], [0.0, 4.0]]))).item() == 0.5 * (3 + 4) / 2


def test_kl_sparsity_equals_torch_distributions(generator: Generator) -> None:
    code = torch.rand(7, 5, generator=generator)
    expected = kl_divergence(Bernoulli(torch.tensor(0.05)), Bernoulli(code.mean(0))).sum()
    torch.testing.assert_close(KLSparsity(0.05, 2.0)(latent_of(code)), 2 * expected)


def test_kl_to_prior_equals_torch_distributions(generator: Generator) -> None:
    mean, log_variance = torch.randn(2, 7, 5, generator=generator)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(KLToPrior(2.0)(latent_of(mean, log_variance)), 2 * expected)


def test_a_unit_that_never_fires_costs_much_but_not_infinity() -> None:
    # 0.05 log(0.05 / 1.2e-7) + 0.95 log(0.95 / 1): computed by hand
    assert KLSparsity(0.05, 1.0)(latent_of(torch.zeros(4, 1))).item() == pytest.approx(0.5985, abs=1e-3)


@pytest.mark.parametrize("outside", [-0.25, 3.0])
def test_kl_sparsity_names_the_cure_outside_its_range(outside: float) -> None:
    with pytest.raises(ValueError, match=rf"\[0, 1\], found .*{outside:g}.*; give the code a sigmoid"):
        KLSparsity(0.05, 1.0)(latent_of(torch.tensor([[0.5, outside]])))


def test_kl_to_prior_names_the_cure_without_a_gaussian() -> None:
    code = torch.zeros(2, 3)
    with pytest.raises(ValueError, match="mean and log_variance, found a code without; use the Gaussian bottleneck"):
        KLToPrior(1.0)(Latent(code, None, None, code, ()))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: L1(-1.0), "expected a finite weight of at least 0, found -1.0; 0 switches the penalty off"),
        (lambda: KLToPrior(math.inf), "found inf"),
        (lambda: KLSparsity(0.05, math.nan), "found nan"),
        (lambda: KLSparsity(0.0, 1.0), "expected rho between 0 and 1, both left out, found 0.0; 0.05 is usual"),
        (lambda: KLSparsity(1.0, 1.0), "found 1.0"),
    ],
)
def test_senseless_parameters_are_refused_with_a_sentence(make: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()
