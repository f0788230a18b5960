"""The loop. It does not know what it trains: autoencoder and classifier are two callers of it."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import torch
from torch import nn

from narrows.training.interrupt import deferred_interrupt
from narrows.training.processes import ALONE, Processes
from narrows.training.settings import Training, choose_precision
from narrows.training.state import TrainingState, Validation
from narrows.training.state_file import HistoryEntry, StateFile
from narrows.types import Losses

SAVE_SECONDS = 30.0
"""How often a state is written: at most this much work is lost to a killed process."""

History: TypeAlias = list[HistoryEntry]
Loss: TypeAlias = Callable[[nn.Module, Any], Losses]


@runtime_checkable
class Batches(Protocol):
    """Training batches that depend on epoch and step alone, so that a resumed run sees the same ones."""

    def __len__(self) -> int:
        """Steps in an epoch."""
        ...

    def epoch(self, number: int, start: int) -> Iterator[Any]:
        """The batches of an epoch, counted from 0, from a step on."""
        ...


class Progress(NamedTuple):
    """Where a training stands, told after every step."""

    share: float
    """Of the budget, in [0, 1]."""
    epoch: int
    """Epochs behind us."""
    step: int
    """Steps behind us."""
    losses: dict[str, float]
    """The step's terms."""


def optimize(  # noqa: PLR0913  what, on what, towards what; the rest has defaults
    module: nn.Module,
    batches: Batches,
    loss: Loss,
    training: Training,
    *,
    validation: Validation | None = None,
    state: StateFile | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    processes: Processes = ALONE,
) -> History:
    """Minimise a loss over batches, in place; the only zero_grad, backward and step of the library.

    Args:
        module: what is trained, on its device.
        batches: what `loss` takes.
        loss: (module, batch) to total and terms.
        training: how.
        validation: measured after every epoch on the weights that would be kept; the lowest "loss" is the best.
        state: where to save at intervals and at an interrupt, and to go on from.
        on_progress: told after every step.
        processes: who trains along, all called with the same arguments; `state` is on a disk that they share.

    Raises:
        FloatingPointError: a term is not finite; it is named with epoch and step, before the weights change.
        KeyboardInterrupt: after an interrupt, once the state is saved.
    """
    stands = TrainingState(module, training, len(batches), validation, processes)
    stands.restore(state)
    processes.draw_apart(training.seed, stands.step)
    replica = processes.replica(module)
    device = next(module.parameters()).device
    precision = choose_precision(training.precision, device)
    module.train()
    with deferred_interrupt() as interrupted:
        while not stands.finished:
            for batch in batches.epoch(stands.epoch, stands.step_in_epoch):
                shared, weight = processes.share(batch)
                with torch.autocast(device.type, precision, enabled=precision != torch.float32):
                    losses = loss(replica, shared)
                terms = stands.before_step(losses, weight)
                stands.optimizer.zero_grad()
                (losses.total * weight).backward()
                if training.clip_norm is not None:
                    nn.utils.clip_grad_norm_(module.parameters(), training.clip_norm)
                stands.optimizer.step()
                stopped = stands.after_step(interrupted.is_set())
                if on_progress is not None:
                    on_progress(Progress(stands.share, stands.epoch, stands.step, terms))
                stands.save(state, every=0.0 if stopped else SAVE_SECONDS)
                if stopped:
                    raise KeyboardInterrupt
                if stands.finished:
                    break
    stands.keep()
    return stands.history
