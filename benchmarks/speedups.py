"""What each speed-up of the training buys, by switching it off; and what was tried and did not help."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from unittest.mock import patch

import torch
from networks import COLOUR, CONVOLUTIONAL, DENSE, GREY, build, random_pictures, whole
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from turns import Figures, How, in_turns, record

from narrows.models import Autoencoder, Convolutional, Dense
from narrows.objective import Objective
from narrows.training import Progress, Training, fit
from narrows.training.optimize import optimize
from narrows.types import Batch, Losses

OBJECTIVE = Objective("mse")
Train: TypeAlias = Callable[[Callable[[Progress], None]], object]
"""A training that tells of every step."""


@dataclass(frozen=True)
class Bench:
    """A network and so many steps of it."""

    architecture: Dense | Convolutional
    steps: int
    batch_size: int = 256

    def model(self) -> Autoencoder:
        """Untrained."""
        return build(self.architecture, self.shape, 0)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of its pictures."""
        return GREY if isinstance(self.architecture, Dense) else COLOUR

    def fit(self, training: Training, tell: Callable[[Progress], None], model: Autoencoder | None = None) -> None:
        """As the library trains, one step more than are counted."""
        data = whole(random_pictures(self.shape, (self.steps + 1) * self.batch_size))
        training = replace(training, batch_size=self.batch_size)
        fit(model or self.model(), data, OBJECTIVE, training=training, on_progress=tell)


PLAIN = Training(epochs=1)


def measure(how: How) -> dict[str, Any]:
    """Seconds a step with and without, in turn, and to the first one."""
    dense, convolutional = Bench(DENSE, how.count(200, 3)), Bench(CONVOLUTIONAL, how.count(5, 1))
    few = replace(dense, steps=how.count(20, 1))
    entries: dict[str, tuple[Train, Train]] = {
        "batches cut from one array of bytes": (lambda tell: dense.fit(PLAIN, tell), lambda tell: loaded(dense, tell)),
        "fused Adam": (lambda tell: dense.fit(PLAIN, tell), lambda tell: unfused(dense, tell)),
        "channels-last": (
            lambda tell: convolutional.fit(PLAIN, tell),
            lambda tell: channels_first(convolutional, tell),
        ),
        "bfloat16, dense": in_precisions(few),
        "bfloat16, convolutional, batch of 32": in_precisions(
            replace(convolutional, steps=1, batch_size=how.count(32, 2))
        ),
        "torch.compile, dense": (lambda tell: compiled(few, tell), lambda tell: few.fit(PLAIN, tell)),
    }
    rounds = how.count(5, 1)
    return {
        name: in_turns({"with": timed(using), "without": timed(without)}, rounds)
        for name, (using, without) in entries.items()
    }


def timed(train: Train) -> Callable[[int], Figures]:
    """Seconds to the end of the first step, and of a later one."""

    def run(_: int) -> Figures:
        ends: list[float] = []
        start = time.perf_counter()
        train(lambda _: ends.append(time.perf_counter()))
        return {"first": ends[0] - start, "seconds": (ends[-1] - ends[0]) / (len(ends) - 1)}

    return run


def in_precisions(bench: Bench) -> tuple[Train, Train]:
    """In bfloat16, whatever the processor has, and in float32."""
    return (
        lambda tell: bench.fit(replace(PLAIN, precision="bfloat16"), tell),
        lambda tell: bench.fit(replace(PLAIN, precision="float32"), tell),
    )


@dataclass(frozen=True)
class Loaded:
    """Batches of a DataLoader, which takes the pictures one by one and stacks them."""

    loader: DataLoader[tuple[Tensor, ...]]

    def __len__(self) -> int:
        """Steps in an epoch."""
        return len(self.loader)

    def epoch(self, number: int, start: int) -> Iterator[Batch]:  # noqa: ARG002  a benchmark is never resumed
        """The batches of an epoch."""
        for (images,) in self.loader:
            yield Batch(images, images, torch.ones(()), None)


def loaded(bench: Bench, tell: Callable[[Progress], None]) -> None:
    """The same loop on a DataLoader over float32 pictures."""
    images = torch.from_numpy(random_pictures(bench.shape, (bench.steps + 1) * bench.batch_size)).float() / 255

    def loss(module: nn.Module, batch: Batch) -> Losses:
        return OBJECTIVE(module(batch.input), batch)

    batches = Loaded(DataLoader(TensorDataset(images), batch_size=bench.batch_size, shuffle=True))
    optimize(bench.model(), batches, loss, PLAIN, on_progress=tell)


def unfused(bench: Bench, tell: Callable[[Progress], None]) -> None:
    """With Adam as PyTorch builds it unasked."""

    def build_optimizer(module: nn.Module, training: Training) -> torch.optim.Adam:
        return torch.optim.Adam(module.parameters(), lr=training.learning_rate, betas=training.betas)

    with patch("narrows.training.state.build_optimizer", build_optimizer):
        bench.fit(PLAIN, tell)


def channels_first(bench: Bench, tell: Callable[[Progress], None]) -> None:
    """With pictures and weights in PyTorch's usual order."""
    with patch("narrows.training.fit.put_channels_last", lambda _: False):
        bench.fit(PLAIN, tell)


def compiled(bench: Bench, tell: Callable[[Progress], None]) -> None:
    """With torch.compile; anew every time, as in a new process."""
    torch.compiler.reset()
    model = bench.model()
    model.compile()
    bench.fit(PLAIN, tell, model)


if __name__ == "__main__":
    record("speedups", measure)
