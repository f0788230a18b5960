"""A few steps of a training, to say beforehand how long it will take and how much memory."""

import itertools
import time
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from narrows.data import Dataset
from narrows.experiments.experiment import Arm
from narrows.models import Autoencoder
from narrows.training import Progress, fit
from narrows.training.fit import PictureBatches, TaskBatches

STEPS = 4
"""Batches of a trial; the first ones, which set things up, do not count."""
WARM = 2
COPIES = 4
"""Of every weight: itself, its gradient and two averages of Adam's."""


class Trial(NamedTuple):
    """What a training costs."""

    step_seconds: float
    """Of one batch."""
    num_bytes: int
    """At the peak of a step: weights, what the optimiser keeps of them, and what the gradient needs."""


def tried(arm: Arm, data: Dataset, device: str) -> Trial:
    """Take a few steps of an arm's training, on a network that is thrown away."""
    least = STEPS * arm.training.batch_size
    few = data.few(max(least, 2 * (arm.model.code_size or 0)), 1)
    training = replace(arm.training, epochs=-(-STEPS * arm.training.batch_size // len(few.train)), minutes=None)
    model = arm.model.build(data.image_shape)
    assert isinstance(model, Autoencoder)
    model.to(device)
    times: list[float] = []

    def note(progress: Progress) -> None:  # noqa: ARG001  told of every step
        times.append(time.perf_counter())

    fit(model, few, arm.objective, corruption=arm.corruption, training=training, on_progress=note)
    steps = [after - before for before, after in itertools.pairwise(times)][WARM - 1 :]
    return Trial(sorted(steps)[len(steps) // 2] if steps else 0.0, held(model, arm, few))


def held(model: Autoencoder, arm: Arm, few: Dataset) -> int:
    """Bytes that a step holds at its peak."""
    pictures = PictureBatches(few.train, arm.training, next(model.parameters()).device)
    batch = next(TaskBatches(pictures, arm.corruption).epoch(0, 0))
    saved: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    model.train()
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        losses = arm.objective(model(batch.input, batch.hidden), batch)  # kept: what it saved must not be freed yet
        weights = sum(each.numel() * each.element_size() for each in model.parameters())
    del losses
    return COPIES * weights + sum(saved.values())
