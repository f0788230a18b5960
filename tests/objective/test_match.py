from itertools import permutations

import jaxtyping
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor

from narrows.objective.match import match


def match_reference(reconstruction: Tensor, target: Tensor) -> Tensor:
    """Permutation-invariant training (Yu et al. 2017), one picture and one order at a time."""
    best = []
    for r, t in zip(reconstruction, target, strict=True):
        orders = [r[list(order)] for order in permutations(range(len(r)))]
        best.append(min(orders, key=lambda ordered: (ordered - t).square().sum().item()))
    return torch.stack(best)


@settings(deadline=None)  # a busy machine is no failure
@given(sources=st.integers(1, 4), seed=st.integers(0, 2**32))
def test_any_permutation_is_recovered_picture_by_picture(sources: int, seed: int) -> None:
    generator = Generator().manual_seed(seed)
    target = torch.rand(5, sources, 2, 4, 3, generator=generator)
    shuffled = torch.stack([picture[torch.randperm(sources, generator=generator)] for picture in target])
    assert torch.equal(match(shuffled, target), target)


@settings(deadline=None)
@given(sources=st.integers(1, 4), seed=st.integers(0, 2**32))
def test_the_order_is_the_one_of_least_error(sources: int, seed: int) -> None:
    target, reconstruction = torch.rand(2, 5, sources, 1, 3, 3, generator=Generator().manual_seed(seed))
    assert torch.equal(match(reconstruction, target), match_reference(reconstruction, target))


def test_the_given_order_wins_a_tie() -> None:
    reconstruction = torch.arange(3.0).view(1, 3, 1, 1, 1)
    assert torch.equal(match(reconstruction, torch.zeros(1, 3, 1, 1, 1)), reconstruction)


def test_gradients_flow_back_to_where_the_values_came_from(generator: Generator) -> None:
    target = torch.rand(2, 3, 1, 4, 4, generator=generator)
    reconstruction = target.flip(1).requires_grad_()
    (gradient,) = torch.autograd.grad((match(reconstruction, target) * target).sum(), reconstruction)
    assert torch.equal(gradient, target.flip(1))


def test_more_than_four_sources_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at most 4 exchangeable sources, found 5; .* exchangeable=False"):
        match(torch.zeros(1, 5, 1, 2, 2), torch.zeros(1, 5, 1, 2, 2))


@pytest.mark.parametrize(("found", "wanted"), [((2, 2, 1, 4, 4), (2, 3, 1, 4, 4)), ((2, 1, 4, 4), (2, 1, 4, 4))])
def test_shapes_that_do_not_fit_are_both_named(
    found: tuple[int, ...], wanted: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # the library's own sentence, as a user meets it
    with pytest.raises(ValueError, match="only sources are exchangeable") as error:
        match(torch.zeros(found), torch.zeros(wanted))
    assert f"found {found} and {wanted}" in str(error.value)
