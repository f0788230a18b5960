"""What the steps of one run share: how it is carried out, its data, who watches, and what stands already."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from narrows.data import Dataset, Pictures
from narrows.evaluation import Beside, FeatureMemory
from narrows.experiments.events import Events
from narrows.experiments.experiment import Experiment
from narrows.experiments.folder import Ledger
from narrows.training import Progress
from narrows.training.processes import ALONE, Processes
from narrows.training.settings import Precision
from narrows.types import Corruption


@runtime_checkable
class Watcher(Protocol):
    """Who is told what a run is doing."""

    def stage(self, label: str) -> None:
        """A new piece of work begins."""
        ...

    def progress(self, progress: Progress) -> None:
        """A training step was taken."""
        ...

    def counted(self, label: str, done: int, total: int) -> None:
        """So many of so many are done; the total is 0 where it is not known."""
        ...


class Nobody:
    """A watcher who looks away."""

    def stage(self, label: str) -> None:
        """Nothing."""

    def progress(self, progress: Progress) -> None:
        """Nothing."""

    def counted(self, label: str, done: int, total: int) -> None:
        """Nothing."""


@dataclass(frozen=True)
class RunSettings:
    """How an experiment is carried out; nothing of it changes what is asked."""

    folder: Path
    """The run folder."""
    seeds: int = 1
    """Every trained arm runs with seeds 0 to this less 1."""
    quick: bool = False
    """Two epochs on up to 500 pictures: shows that everything works, and is marked."""
    read_test: bool = True
    """False leaves the test split unread, for tuning."""
    overwrite: bool = False
    """Replace the run that is there, once the data are read."""
    resume: bool = False
    """Go on with the run that is there."""
    data_root: Path | None = None
    device: str = "cpu"
    precision: Precision = "auto"
    log: Literal["", "tensorboard"] = ""
    """Where curves, pictures and codes are written beside the run's own files, while it trains."""
    command: str = ""
    processes: Processes = ALONE
    """Who trains along, each with these settings, the folder and the data on disks that all share."""


@dataclass(frozen=True)
class Session:
    """What the steps of one run share."""

    experiment: Experiment
    data: Dataset
    others: dict[str, Dataset]
    """What studies read beside it, or arms were trained on, by name; at the size of its pictures."""
    settings: RunSettings
    ledger: Ledger
    watcher: Watcher
    features: FeatureMemory = field(default_factory=FeatureMemory)
    """What the last encoder made of the pictures."""
    events: Events | None = None
    """What TensorBoard reads; None where nobody asked for it."""

    def other(self, name: str, split: str) -> Pictures:
        """A split of a set that studies read beside the experiment's own."""
        return self.others[name].test if split == "test" else self.others[name].validation

    def beside(self, split: str, *, train: Pictures, corruption: Corruption, seed: int) -> Beside:
        """What studies of one model get that are judged on this split."""
        other = partial(self.other, split=split)
        return Beside(train, other, self.data.validation, corruption, seed, self.features)
