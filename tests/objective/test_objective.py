from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jaxtyping
import pytest
import torch
from torch import Generator, Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from narrows.objective.objective import Objective
from narrows.objective.penalties import L1, KLToPrior
from narrows.objective.reconstruction import RECONSTRUCTION_LOSSES, Reduction, normalise_patches
from narrows.types import Batch, Latent, Output


def output_of(reconstruction: Tensor, code: Tensor | None = None, log_variance: Tensor | None = None) -> Output:
    code = torch.zeros(len(reconstruction), 2) if code is None else code
    return Output(reconstruction, Latent(code, code, log_variance, code, ()))


def batch_of(target: Tensor, weight: Tensor | None = None) -> Batch:
    return Batch(target, target, torch.ones(()) if weight is None else weight, None)


@pytest.mark.parametrize("name", RECONSTRUCTION_LOSSES)
@pytest.mark.parametrize("shape", [(4, 3, 5, 6), (4, 2, 1, 5, 6)], ids=["images", "sources"])
def test_mean_and_sum_differ_by_the_numbers_in_a_picture(
    name: str, shape: tuple[int, ...], generator: Generator
) -> None:
    reconstruction, target = torch.rand(2, *shape, generator=generator)
    objective = Objective(name)
    mean = objective(output_of(reconstruction), batch_of(target))
    torch.testing.assert_close(mean.total, RECONSTRUCTION_LOSSES[name](reconstruction, target).mean())
    summed = replace(objective, reduction="sum")(output_of(reconstruction), batch_of(target))
    torch.testing.assert_close(summed.total, mean.total * target[0].numel())
    assert list(mean.terms) == [name]
    assert list(summed.terms) == [f"{name} sum"]


def test_terms_are_weighted_named_and_add_up(generator: Generator) -> None:
    reconstruction, target = torch.rand(2, 4, 1, 5, 5, generator=generator)
    code, log_variance = torch.randn(2, 4, 3, generator=generator)
    objective = Objective("mae", (L1(0.1), KLToPrior(0.2)))
    losses = objective(output_of(reconstruction, code, log_variance), batch_of(target))
    assert list(losses.terms) == ["mae", "L1", "KLToPrior"]
    assert losses.total.shape == ()
    torch.testing.assert_close(losses.total, sum(losses.terms.values(), torch.zeros(())))
    torch.testing.assert_close(losses.terms["L1"], 0.1 * code.abs().sum(1).mean())


def test_bce_summed_with_the_prior_is_the_variational_bound_in_nats(generator: Generator) -> None:
    # Kingma and Welling 2014, equation 7, by torch.distributions.
    probability, mean, log_variance = (torch.rand(6, 1, 4, 4, generator=generator) for _ in range(3))
    target = (torch.rand(6, 1, 4, 4, generator=generator) > 0.5).float()
    mean, log_variance = mean.flatten(1), log_variance.flatten(1)
    log_likelihood = Bernoulli(probability).log_prob(target).flatten(1).sum(1)
    kl = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    objective = Objective("bce", (KLToPrior(1.0),), reduction="sum")
    losses = objective(output_of(probability, mean, log_variance), batch_of(target))
    torch.testing.assert_close(losses.total, -(log_likelihood - kl).mean())


def test_weights_choose_what_counts(generator: Generator) -> None:
    reconstruction, target = torch.rand(2, 4, 3, 5, 5, generator=generator)
    hidden = torch.rand(4, 1, 5, 5, generator=generator) < 0.4
    batch = batch_of(target, hidden / hidden.float().mean())
    expected = (reconstruction - target).square()[hidden.expand_as(target)].mean()
    torch.testing.assert_close(Objective()(output_of(reconstruction), batch).total, expected)


@pytest.mark.parametrize(
    ("name", "reduction", "term"), [("mse", "mean", "normalised mse"), ("mae", "sum", "normalised mae sum")]
)
def test_the_target_is_normalised_and_the_reconstruction_is_not(
    name: str, reduction: Reduction, term: str, generator: Generator
) -> None:
    reconstruction, target = torch.rand(2, 4, 3, 8, 8, generator=generator)
    objective = Objective(name, reduction=reduction, normalised_patches=4)
    plain = replace(objective, normalised_patches=None)
    expected = plain(output_of(reconstruction), batch_of(normalise_patches(target, 4))).total
    losses = objective(output_of(reconstruction), batch_of(target))
    torch.testing.assert_close(losses.total, expected)
    assert list(losses.terms) == [term]
    assert objective(output_of(normalise_patches(target, 4)), batch_of(target)).total == 0


def test_exchangeable_sources_cost_nothing_in_any_order(generator: Generator) -> None:
    target = torch.rand(4, 3, 1, 5, 5, generator=generator)
    swapped = output_of(target.flip(1))
    assert Objective(exchangeable=True)(swapped, batch_of(target)).total == 0
    assert Objective()(swapped, batch_of(target)).total > 0.05


@pytest.mark.parametrize("name", RECONSTRUCTION_LOSSES)
def test_bfloat16_outputs_are_judged_in_float32(name: str, generator: Generator) -> None:
    reconstruction, target = torch.rand(2, 4, 1, 28, 28, generator=generator)
    halved = reconstruction.bfloat16()
    losses = Objective(name)(output_of(halved), batch_of(target))
    assert losses.total.dtype == torch.float32
    assert torch.equal(losses.total, Objective(name)(output_of(halved.float()), batch_of(target)).total)


def test_autocast_leaves_the_judgement_alone(generator: Generator) -> None:
    target = torch.rand(4, 3, 1, 8, 8, generator=generator)
    reconstruction = torch.rand(4, 3, 1, 8, 8, generator=generator)
    objective = Objective("bce", (L1(0.1),), exchangeable=True)
    plain = objective(output_of(reconstruction), batch_of(target)).total
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(objective(output_of(reconstruction), batch_of(target)).total, plain)


def test_the_gradient_reaches_reconstruction_and_code(generator: Generator) -> None:
    reconstruction = torch.rand(4, 2, 1, 5, 5, generator=generator, requires_grad=True)
    code = torch.rand(4, 3, generator=generator, requires_grad=True)
    objective = Objective(penalties=(L1(0.1),), exchangeable=True)
    total = objective(output_of(reconstruction, code), batch_of(torch.zeros(4, 2, 1, 5, 5))).total
    gradients = torch.autograd.grad(total, (reconstruction, code))
    torch.testing.assert_close(gradients[0], 2 * reconstruction / reconstruction.numel())
    torch.testing.assert_close(gradients[1], torch.full((4, 3), 0.1 / 4))


def test_shapes_that_differ_are_both_named() -> None:
    with pytest.raises(ValueError, match=r"target's shape \(2, 1, 4, 4\), found \(2, 1, 3, 4\)"):
        Objective()(output_of(torch.zeros(2, 1, 3, 4)), batch_of(torch.zeros(2, 1, 4, 4)))


def test_equal_objectives_compare_equal() -> None:
    assert Objective("mse", (L1(0.1),)) == Objective("mse", (L1(0.1),)) != Objective("mse", (L1(0.2),))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Objective("rmse"), "expected a reconstruction loss among mse, mae, bce, found 'rmse'"),
        (lambda: Objective(reduction="total"), "'mean' or 'sum', found 'total'"),  # type: ignore[arg-type]
        (lambda: Objective(normalised_patches=1), "at least 2 pixels a side, found 1; take the model's patch_size"),
        (lambda: Objective("bce", normalised_patches=4), "'mse' or 'mae' with normalised_patches, found 'bce'"),
        (lambda: Objective(penalties=(L1(0.1), L1(0.2))), "different names, found L1, L1; add their weights up"),
    ],
)
def test_senseless_parameters_are_refused_with_a_sentence(
    make: Callable[[], Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as from a description on disk
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_term_a_source_adds_up_to_the_sum_of_their_errors(generator: Generator) -> None:
    reconstruction, target = torch.rand(2, 4, 2, 3, 5, 5, generator=generator)
    weight = torch.rand(4, 1, 1, 5, 5, generator=generator)
    losses = Objective(source_names=("photograph", "digit"))(output_of(reconstruction), batch_of(target, weight))
    assert list(losses.terms) == ["mse photograph", "mse digit"]
    errors = ((reconstruction - target).square() * weight).mean((0, 2, 3, 4))
    torch.testing.assert_close(torch.stack(list(losses.terms.values())), errors)
    torch.testing.assert_close(losses.total, errors.sum())


@pytest.mark.parametrize("shape", [(4, 2, 5, 5), (4, 3, 1, 5, 5)])
def test_a_name_for_every_source_and_none_besides(shape: tuple[int, ...], generator: Generator) -> None:
    reconstruction, target = torch.rand(2, *shape, generator=generator)
    with pytest.raises(ValueError, match="expected 2 sources on axis 1, one a name"):
        Objective(source_names=("a", "b"))(output_of(reconstruction), batch_of(target))
