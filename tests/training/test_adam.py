"""Adam and AdamW against PyTorch's classes, bit for bit, and without what these import."""

import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from narrows.training.adam import Adam

RATE, BETAS, DECAY = 0.01, (0.8, 0.95), 0.1


def weights() -> list[nn.Parameter]:
    """Of a few shapes and memory orders; the last never has a gradient."""
    generator = torch.Generator().manual_seed(0)
    shapes: tuple[tuple[int, ...], ...] = ((5, 3), (7,), (4, 3, 3, 3), (2, 2))
    drawn = [torch.randn(shape, generator=generator) for shape in shapes]
    drawn[2] = drawn[2].to(memory_format=torch.channels_last)
    return [nn.Parameter(each) for each in drawn]


def gradients(count: int) -> list[list[Tensor]]:
    """As many rounds."""
    generator = torch.Generator().manual_seed(1)
    return [[torch.randn(each.shape, generator=generator) for each in weights()[:-1]] for _ in range(count)]


def give(parameters: list[nn.Parameter], drawn: list[Tensor]) -> None:
    for each, gradient in zip(parameters, drawn, strict=False):
        each.grad = gradient.clone()


@pytest.mark.parametrize(("decoupled", "reference"), [(False, torch.optim.Adam), (True, torch.optim.AdamW)])
def test_steps_are_those_of_pytorch_s_own(
    decoupled: bool, reference: type[torch.optim.Adam] | type[torch.optim.AdamW]
) -> None:
    ours, theirs = weights(), weights()
    one = Adam(ours, rate=RATE, betas=BETAS, weight_decay=DECAY, decoupled=decoupled)
    other = reference(theirs, lr=RATE, betas=BETAS, weight_decay=DECAY, fused=True)
    for round_, drawn in enumerate(gradients(4)):
        for optimizer, parameters in ((one, ours), (other, theirs)):
            optimizer.param_groups[0]["lr"] = RATE / (1 + round_)
            optimizer.zero_grad()
            give(parameters, drawn)
            optimizer.step()
        assert all(torch.equal(mine, its) for mine, its in zip(ours, theirs, strict=True))
    for key, state in other.state_dict()["state"].items():
        assert all(torch.equal(one.state_dict()["state"][key][name], value) for name, value in state.items())


def test_it_goes_on_from_its_state() -> None:
    whole, halves = weights(), weights()
    unbroken, first, second = (
        Adam(each, rate=RATE, betas=BETAS, weight_decay=DECAY, decoupled=True) for each in (whole, halves, halves)
    )
    for round_, drawn in enumerate(gradients(4)):
        if round_ == 2:
            second.load_state_dict(first.state_dict())
        for optimizer, parameters in ((unbroken, whole), (first if round_ < 2 else second, halves)):
            give(parameters, drawn)
            optimizer.step()
    assert all(torch.equal(one, other) for one, other in zip(whole, halves, strict=True))


def test_gradients_are_forgotten_and_nothing_is_needed() -> None:
    parameters = weights()
    optimizer = Adam(parameters, rate=RATE, betas=BETAS, weight_decay=DECAY, decoupled=False)
    give(parameters, gradients(1)[0])
    optimizer.zero_grad()
    assert [each.grad for each in parameters] == [None] * 4
    optimizer.step()
    assert all(torch.equal(one, other) for one, other in zip(parameters, weights(), strict=True))


@pytest.mark.parametrize("name", ["adam", "adamw", "muon"])
def test_training_imports_no_compiler(name: str) -> None:
    code = (
        "import sys, numpy as np\n"
        "from narrows.data import from_array\n"
        "from narrows.models import Dense\n"
        "from narrows.objective import Objective\n"
        "from narrows.training import Training, fit\n"
        "data = from_array(np.zeros((40, 5, 5), np.uint8))\n"
        f"fit(Dense((8,), 2).build((1, 5, 5)), data, Objective(), training=Training(epochs=1, optimizer={name!r}))\n"
        "sys.exit('torch._dynamo' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
