"""Muon against the singular value decomposition that it stands for, and over weights of any memory order."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from narrows.experiments.index import EXPERIMENTS, load_experiment
from narrows.training import Training
from narrows.training.muon import Muon

RATE, DECAY = 0.01, 0.1


def stepped(weight: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """A weight before and after one step along a gradient."""
    parameter = nn.Parameter(weight.clone())
    optimizer = Muon([parameter], rate=RATE, betas=(0.9, 0.999), weight_decay=DECAY)
    parameter.grad = gradient.clone()
    before = parameter.detach().clone()
    optimizer.step()
    return before, parameter.detach()


@pytest.mark.parametrize("shape", [(24, 8, 3, 3), (8, 30), (16, 48, 1, 1)])
def test_a_step_has_the_gradient_s_directions_and_one_length_in_all_of_them(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    weight, gradient = (torch.randn(shape, generator=generator) for _ in range(2))
    before, after = stepped(weight, gradient)
    change = (((1 - RATE * DECAY) * before - after) / RATE).flatten(1).double().numpy()
    left, _, right = np.linalg.svd(gradient.flatten(1).double().numpy(), full_matrices=False)
    scale = 0.2 * max(change.shape) ** 0.5
    along = left.T @ change @ right.T / scale
    assert np.all((np.diag(along) > 0.65) & (np.diag(along) < 1.25))  # Jordan et al. 2024: 0.7 to 1.2
    np.testing.assert_allclose(along, np.diag(np.diag(along)), atol=1e-4)


def test_memory_order_changes_nothing() -> None:
    generator = torch.Generator().manual_seed(1)
    weight, gradient = (torch.randn(12, 8, 3, 3, generator=generator) for _ in range(2))
    last = torch.channels_last
    _, plain = stepped(weight, gradient)
    for other_weight, other_gradient in (
        (weight.to(memory_format=last), gradient.to(memory_format=last)),
        (weight.to(memory_format=last), gradient),
        (weight, gradient.to(memory_format=last)),
    ):
        _, other = stepped(other_weight, other_gradient)
        torch.testing.assert_close(other, plain, rtol=0, atol=1e-4 * RATE)


def test_what_reads_or_gives_channels_of_a_picture_and_biases_take_steps_of_adamw() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3), nn.Conv2d(8, 1, 3))
    ours, theirs = list(module.parameters()), [nn.Parameter(each.detach().clone()) for each in module.parameters()]
    muon = Muon(ours, rate=RATE, betas=(0.9, 0.999), weight_decay=DECAY)
    adamw = torch.optim.AdamW(theirs, lr=RATE, weight_decay=DECAY, fused=True)
    for one, other in zip(ours, theirs, strict=True):
        one.grad = torch.ones_like(one)
        other.grad = torch.ones_like(other)
    muon.step()
    adamw.step()
    same = [torch.equal(one, other) for one, other in zip(ours, theirs, strict=True)]
    assert same == [True, True, False, True, True, True]


@pytest.mark.parametrize("shape", [(12, 40), (40, 12)])
def test_steps_are_those_of_pytorch_s_own(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(2)
    ours, theirs = (nn.Parameter(torch.ones(shape)) for _ in range(2))
    muon = Muon([ours], rate=RATE, betas=(0.9, 0.999), weight_decay=DECAY, precision=torch.bfloat16)
    reference = torch.optim.Muon([theirs], lr=RATE, weight_decay=DECAY, adjust_lr_fn="match_rms_adamw")
    for _ in range(3):
        ours.grad = torch.randn(shape, generator=generator)
        theirs.grad = ours.grad.clone()
        muon.step()
        reference.step()
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0.02 * RATE)


def test_separation_alone_is_trained_with_it() -> None:
    users = {name for name in EXPERIMENTS for arm in load_experiment(name).arms if arm.training.optimizer == "muon"}
    assert users == {name for name in EXPERIMENTS if name.startswith("separation")}
    assert Training().optimizer != "muon"
