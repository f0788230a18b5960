"""Where a training stands: weights, optimiser, average, best weights, position, history; on disk and back."""

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from narrows.training.processes import Processes
from narrows.training.settings import Training, build_optimizer, learning_rate
from narrows.training.state_file import HistoryEntry, StateFile, pack_history, unpack_history
from narrows.types import Losses

Validation = Callable[[nn.Module], dict[str, float]]


class TrainingState:
    """The bookkeeping of `optimize`, which only has to say when a step is taken."""

    def __init__(
        self,
        module: nn.Module,
        training: Training,
        steps_per_epoch: int,
        validation: Validation | None,
        processes: Processes,
    ) -> None:
        self.module = module
        self.device = next(module.parameters()).device
        self.training = training
        self.steps_per_epoch = steps_per_epoch
        self.validation = validation
        self.processes = processes
        self.optimizer = build_optimizer(module, training)
        self.average = (
            AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(training.averaging), use_buffers=True)
            if training.averaging is not None
            else None
        )
        self.best: dict[str, Any] | None = None
        self.best_loss = math.inf
        self.history: list[HistoryEntry] = []
        self.step = 0
        self.seconds = 0.0
        self.mark = self.saved = time.perf_counter()

    @property
    def epoch(self) -> int:
        """Epochs behind us; the number, from 0, of the one we are in."""
        return self.step // self.steps_per_epoch

    @property
    def step_in_epoch(self) -> int:
        """Steps behind us in this epoch."""
        return self.step % self.steps_per_epoch

    @property
    def share(self) -> float:
        """Of the budget of epochs or minutes, in [0, 1]."""
        if self.training.minutes is not None:
            return min(1.0, self.seconds / (60 * self.training.minutes))
        return self.step / (self.training.epochs * self.steps_per_epoch) if self.training.epochs else 1.0

    @property
    def finished(self) -> bool:
        """Whether the budget is spent."""
        return self.share >= 1

    def before_step(self, losses: Losses, weight: float) -> dict[str, float]:
        """Set the learning rate and note the step's terms over all processes, unless one of them is not finite.

        `weight` is what this process's pictures count in a mean over processes.

        Raises:
            FloatingPointError: epoch, step and term are named.
        """
        values = {"loss": losses.total.item()} | {name: term.item() for name, term in losses.terms.items()}
        values = self.processes.mean(values, weight)
        broken = [name for name, value in reversed(values.items()) if not math.isfinite(value)]
        if broken:
            raise FloatingPointError(
                f"expected finite losses, found {broken[0]} = {values[broken[0]]} in epoch {self.epoch + 1}, "
                f"step {self.step + 1}; lower the learning rate or set training.clip_norm"
            )
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.training, self.share)
        self._note(values, "train", self.step + 1, self.epoch + 1)
        return values

    def after_step(self, interrupted: bool) -> bool:
        """Count the step and its time; average; at the end of an epoch or of the budget, validate.

        Returns whether any process was interrupted, so that all stop at the same step.
        """
        if self.average is not None:
            self.average.update_parameters(self.module)
        epoch = self.epoch + 1
        self.step += 1
        elapsed = time.perf_counter() - self.mark
        agreed = self.processes.mean({"seconds": elapsed, "interrupted": float(interrupted)}, 1.0)
        self.seconds += agreed["seconds"]
        if self.step_in_epoch == 0 or self.finished:
            self._validate(epoch)
        self.mark = time.perf_counter()  # validation is not training time
        return agreed["interrupted"] > 0

    def _validate(self, epoch: int) -> None:
        if self.validation is None:
            return
        kept = self.module if self.average is None else self.average.module
        values = self.validation(kept.eval())
        self.module.train()
        self._note(values, "validation", self.step, epoch)
        if self.training.selection == "best" and values["loss"] < self.best_loss:
            self.best_loss = values["loss"]
            self.best = {name: tensor.clone() for name, tensor in kept.state_dict().items()}

    def _note(self, values: dict[str, float], split: str, step: int, epoch: int) -> None:
        self.history += [
            HistoryEntry(step, epoch, round(self.seconds, 3), term, split, value) for term, value in values.items()
        ]

    def keep(self) -> None:
        """Put the weights that the settings ask for into the module: last, averaged or best."""
        if self.best is not None:
            self.module.load_state_dict(self.best)
        elif self.average is not None:
            self.module.load_state_dict(self.average.module.state_dict())
        self.module.eval()

    def save(self, file: StateFile | None, *, every: float = 0.0) -> None:
        """Write the state where the last one is older than this many seconds.

        Weights that are not finite replace none: the next step stops with a sentence, and the state before is good.
        """
        if file is None or not self.processes.leads or time.perf_counter() - self.saved < every:
            return
        if not all(bool(weights.isfinite().all()) for weights in self.module.parameters()):
            return
        columns, kinds = pack_history(self.history)
        tensors: dict[str, Any] = {
            "module": self.module.state_dict(),
            "optimizer": {str(key): value for key, value in self.optimizer.state_dict()["state"].items()},
            "history": columns,
            "random": {"cpu": torch.get_rng_state()},
        }
        if self.device.type == "cuda":
            tensors["random"]["cuda"] = torch.cuda.get_rng_state(self.device)
        if self.average is not None:
            tensors["average"] = self.average.state_dict()
        if self.best is not None:
            tensors["best"] = self.best
        best_loss = self.best_loss if self.best is not None else None
        file.save(tensors, {"step": self.step, "seconds": self.seconds, "kinds": kinds, "best_loss": best_loss})
        self.saved = self.mark = time.perf_counter()

    def restore(self, file: StateFile | None) -> None:
        """Go on from a saved state, if there is one.

        Raises:
            ValueError: the file is damaged, or of another model.
        """
        self.processes.wait()  # what the first of them saved is there
        loaded = None if file is None else file.load()
        self.processes.wait()  # before it saves again
        if file is None or loaded is None:
            return
        tensors, facts = loaded
        try:
            self.module.load_state_dict(tensors["module"])
            optimizer = self.optimizer.state_dict()
            optimizer["state"] = {int(key): value for key, value in tensors.get("optimizer", {}).items()}
            self.optimizer.load_state_dict(optimizer)
            if self.average is not None:
                self.average.load_state_dict(tensors["average"])
            self.best = tensors.get("best")
            self.best_loss = math.inf if facts["best_loss"] is None else facts["best_loss"]
            self.history = unpack_history(tensors["history"], facts["kinds"])
            self.step, self.seconds = facts["step"], facts["seconds"]
            torch.set_rng_state(tensors["random"]["cpu"])
            if "cuda" in tensors["random"]:
                torch.cuda.set_rng_state(tensors["random"]["cuda"], self.device)
        except (KeyError, RuntimeError, TypeError) as error:
            raise ValueError(
                f"expected {file.path} to hold this training's state, found another's; delete it to start anew"
            ) from error
