"""One training in several processes, each with its share of every batch (PyTorch's DistributedDataParallel)."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

PATIENCE = timedelta(days=7)
"""How long a process waits for the first, which evaluates alone; where one dies, torchrun ends the others."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Processes:
    """The processes of one training, as one of them sees them; alone, nothing is changed, bit for bit.

    All draw the same batches and keep a share of each. The gradient is that of the whole batch, up to rounding, where
    the loss is a mean over pictures, and the network takes no statistics of a batch and draws nothing inside.
    """

    rank: int = 0
    """This one's number; 0 alone evaluates and writes."""
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the one that evaluates and writes."""
        return self.rank == 0

    def replica(self, module: nn.Module) -> nn.Module:
        """The module as a loss is to call it, so that gradients become means over the processes."""
        return module if self.count == 1 else DistributedDataParallel(module)

    def share(self, batch: Any) -> tuple[Any, float]:
        """This process's pictures of a batch, a tuple with names, and what they count in a mean over processes.

        Where there are fewer pictures than processes, some get a picture that counts nothing.
        """
        if self.count == 1:
            return batch, 1.0
        total = len(batch[0])
        start, end = (total * rank // self.count for rank in (self.rank, self.rank + 1))
        mine = slice(start, end) if end > start else slice(0, 1)
        shared = (
            part[mine] if isinstance(part, Tensor) and part.ndim and len(part) == total else part for part in batch
        )
        return type(batch)(*shared), (end - start) * self.count / total

    def mean(self, values: dict[str, float], weight: float) -> dict[str, float]:
        """The values' means over the processes, the same in all; this one's count so much."""
        if self.count == 1:
            return values
        sums = torch.tensor([value * weight for value in values.values()], dtype=torch.float64)
        distributed.all_reduce(sums)
        return dict(zip(values, (sums / self.count).tolist(), strict=True))

    def gather(self, items: Sequence[Item]) -> list[Item]:
        """The items of all processes, in their order; in every process the same."""
        if self.count == 1:
            return list(items)
        all_items: list[Any] = [None] * self.count
        distributed.all_gather_object(all_items, list(items))
        return [item for items in all_items for item in items]

    def draw_apart(self, *key: int) -> None:
        """Let what is drawn inside a model differ between the processes; the first goes on as it would alone."""
        if not self.leads:
            torch.manual_seed(int(np.random.SeedSequence((*key, self.rank)).generate_state(1, np.uint64)[0] >> 1))

    @contextmanager
    def one_first(self) -> Iterator[None]:
        """The first one does this before the others do: they find its files."""
        if not self.leads:
            self.wait()
        yield
        if self.leads:
            self.wait()

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            distributed.barrier()


ALONE = Processes()


@contextmanager
def joined(device: str) -> Iterator[tuple[Processes, str]]:
    """The processes that torchrun has started, and this one's device; without torchrun, this one alone.

    On `cuda`, each takes a GPU of its machine.

    Raises:
        RuntimeError: from PyTorch, where the others cannot be reached.
        ValueError: from PyTorch, where WORLD_SIZE is set and what else torchrun sets is not.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE, device
        return
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    # losses and rows are gathered as plain objects, through the CPU
    distributed.init_process_group("cpu:gloo,cuda:nccl" if device.startswith("cuda") else "gloo", timeout=PATIENCE)
    try:
        yield Processes(distributed.get_rank(), count), device
    finally:
        distributed.destroy_process_group()
