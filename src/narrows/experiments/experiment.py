"""What an experiment is: a question, data, and arms that differ in what is asked about."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, Protocol, runtime_checkable

from narrows.corruption import NoCorruption
from narrows.data import Pictures, Size, Split
from narrows.descriptions import describe
from narrows.evaluation import Beside, Evaluation, LabelEfficiency, Model
from narrows.objective import Objective
from narrows.results import Conclusion, Run
from narrows.training import Training
from narrows.types import Architecture, Corruption

Task = Literal["compression", "denoising", "inpainting", "separation", "classification"]


@runtime_checkable
class Study(Protocol):
    """An evaluation beside an arm's own task; a frozen dataclass."""

    @property
    def name(self) -> str:
        """Of its arrays in the run folder."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of other data sets that it reads."""
        ...

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """Of a model on its judged split; what the study learns, it learns from `beside.train`."""
        ...


ROLES = ("as reported", "improved", "compared")
BLACK_PICTURE = "an all-black picture"


@dataclass(frozen=True)
class Arm:
    """One way to answer the question. What varies stands in the name, after the comma."""

    name: str
    model: Architecture
    training: Training = Training()
    objective: Objective = Objective()
    corruption: Corruption = NoCorruption()
    data_used: Literal["train", "train and validation"] = "train"
    """What the weights are fitted to; under --no-test always the training split alone."""
    task: Task = "compression"
    note: str = ""
    """What the source leaves open and was chosen here, or why the arm is there."""
    studies: tuple[Study, ...] = ()
    """What is measured of it beside its own task and the experiment's studies."""
    encoder: str = ""
    """Name of an arm before this one whose trained model it takes instead of training one; then only its own studies
    are measured. Its other settings are that arm's."""
    pretraining: str = ""
    """Another data set whose pictures, brought to the experiment's size, the weights are fitted to."""

    @property
    def role(self) -> str:
        """As reported, improved, compared or baseline: what stands before the name's comma."""
        start = self.name.split(",")[0]
        return start if start in ROLES else "baseline"

    @property
    def closed_form(self) -> bool:
        """Whether nothing is left to train."""
        return self.training.epochs == 0 and self.training.minutes is None

    @property
    def seeded(self) -> bool:
        """Whether every seed is run: weights are trained here, or a study of its own draws labels."""
        trains = not (self.closed_form or self.encoder)
        return trains or any(isinstance(study, LabelEfficiency) for study in self.studies)

    def description(self) -> dict[str, Any]:
        """Its settings as JSON."""
        parts = ("model", "corruption", "objective", "training")
        return {part: describe(getattr(self, part)) for part in parts}


@dataclass(frozen=True)
class Experiment:
    """A question and everything that is needed to answer it on one data set.

    Raises:
        ValueError: an arm takes the model of one that does not stand before it, or trains none itself; one whose
            classifiers are chosen on validation is trained on it.
    """

    name: str
    title: str
    question: str
    text: str
    """The protocol, as a methods paragraph."""
    minutes: float
    """What a run takes on 2 cores, one seed."""
    data: str
    """A catalogue name, or a folder or array file."""
    arms: tuple[Arm, ...]
    baselines: tuple[str, ...] = ()
    """Beside the ones that every run has: mean picture, input (of a corruption), PCA at every code size."""
    examples: tuple[int, ...] = tuple(range(10))
    """Positions in the test split of the pictures that are shown."""
    studies: tuple[Study, ...] = ()
    """What is measured of every arm and baseline beside its own task."""
    also_studied: tuple[str, ...] = ()
    """Splits on which studies judge beside the last, where a source report states figures of them: "validation"."""
    sources: tuple[str, ...] = ()
    """Numbers of the source reports."""
    split: Split | None = None
    """Percent for training, validation and test where the data have no official split; None means 80, 10, 10."""
    size: Size | None = None
    """Height and width to bring pictures to; None takes them as they are."""
    crop: bool = False
    """Whether the middle is cut out of pictures in place of squeezing them to the size."""
    judge: Callable[[Run], list[Conclusion]] = lambda run: []  # noqa: ARG005  most experiments judge no report
    """What the rerun says of the source reports' conclusions."""

    def __post_init__(self) -> None:
        before: list[str] = []
        for arm in self.arms:
            if arm.encoder and arm.encoder not in before:
                raise ValueError(
                    f"expected an arm {arm.encoder!r} with a model of its own before {arm.name!r}, which takes its "
                    f"model, found {'; '.join(before) or 'none'}; keep both, in this order"
                )
            if not arm.encoder:
                before.append(arm.name)
            chooses = any(isinstance(study, LabelEfficiency) for study in (*self.studies, *arm.studies))
            if chooses and arm.data_used == "train and validation":
                raise ValueError(
                    f"expected {arm.name!r}, whose classifiers are chosen on validation, to be trained without it, "
                    "found data_used='train and validation'; leave it at 'train'"
                )

    @property
    def other_data(self) -> tuple[str, ...]:
        """Names of the data sets that its studies and arms read beside its own."""
        studies = [*self.studies, *(study for arm in self.arms for study in arm.studies)]
        read = [name for study in studies for name in study.needs]
        return tuple(dict.fromkeys([*read, *(arm.pretraining for arm in self.arms if arm.pretraining)]))


def in_order(arms: Sequence[Arm], seeds: int) -> Iterator[tuple[Arm, int]]:
    """Every arm with every seed; arms of one encoder seed by seed, so that its features are made once for all."""
    for _, some in groupby(arms, lambda arm: arm.encoder or arm.name):
        group = list(some)
        for seed in range(seeds):
            yield from ((arm, seed) for arm in group if arm.seeded or seed == 0)
