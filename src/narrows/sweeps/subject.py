"""What every point of a sweep shares: the experiment with one trained arm, its pictures, and its command."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from narrows.data import Dataset
from narrows.descriptions import change
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.index import load_experiment
from narrows.experiments.run import read_data
from narrows.experiments.session import RunSettings, Watcher
from narrows.experiments.settings import change_experiment
from narrows.jobs import Job, plan
from narrows.jobs.outlook import affordable, read_pictures
from narrows.jobs.trial import tried
from narrows.sweeps.axes import Axis, Settings, grid


@dataclass(frozen=True)
class Asked:
    """A sweep in a user's words.

    Raises:
        ValueError: a number of trials without a search, or a search without one.
    """

    subject: Job | str
    """A job on one's own pictures, or an experiment's name."""
    axes: tuple[Axis, ...]
    settings: tuple[str, ...] = ()
    """Of the experiment, as --set takes them; a job has its own."""
    trials: int | None = None
    """How many points a search has; None of a grid, which has all."""
    storage: str = ""
    """Where a search keeps its study: a database's address or a journal's file; empty for a file in its folder."""

    def __post_init__(self) -> None:
        if self.trials is not None and self.trials < 1:
            raise ValueError(f"expected at least one trial, found {self.trials}; 20 are usual")


@dataclass(frozen=True)
class Base:
    """The experiment that the points change, and what it is made on."""

    experiment: Experiment
    data: Dataset
    words: tuple[str, ...]
    """The verb and its words that run it."""

    @property
    def arm(self) -> Arm:
        """The one that is trained."""
        return trained_arm(self.experiment)


def trained_arm(experiment: Experiment) -> Arm:
    """The only arm that is trained.

    Raises:
        ValueError: there are several, or none.
    """
    trained = [arm for arm in experiment.arms if not arm.closed_form]
    if len(trained) != 1:
        names = "; ".join(arm.name for arm in trained) or "none"
        raise ValueError(
            f"expected one arm that is trained, found {names}; choose one of {experiment.name} with --set arms=PATTERN"
        )
    return trained[0]


def read_subject_data(asked: Asked, settings: RunSettings, watcher: Watcher) -> Dataset:
    """The pictures that every point is trained on.

    Raises:
        FileNotFoundError: data are missing.
        ValueError: an experiment has several arms that are trained.
    """
    if isinstance(asked.subject, Job):
        return read_pictures(asked.subject, settings, watcher)
    experiment = change_experiment(load_experiment(asked.subject), asked.settings)
    trained_arm(experiment)  # refused before anything is read
    return read_data(experiment, settings, watcher)


def base_of(asked: Asked, data: Dataset, epochs: int = 1) -> Base:
    """The experiment that is swept; a job that asks for neither epochs nor minutes is given these epochs."""
    job = asked.subject
    if isinstance(job, str):
        words = ("run", job, *(word for setting in asked.settings for word in ("--set", setting)))
        return Base(change_experiment(load_experiment(job), asked.settings), data, words)
    if undecided(job):
        job = replace(job, epochs=epochs)
    return Base(plan(job, data, epochs=epochs), data, ("train", *words_of(job)))


def undecided(subject: Job | str) -> bool:
    """Whether how long to train is to be chosen."""
    return isinstance(subject, Job) and subject.epochs is None and subject.minutes is None


def chosen_epochs(base: Base, settings: RunSettings) -> int:
    """What takes the usual time, by a few steps of the experiment that is swept."""
    arm = replace(base.arm, training=replace(base.arm.training, precision=settings.precision))
    return affordable(arm, base.data, tried(arm, base.data, settings.device))


def words_of(job: Job) -> list[str]:
    """A job as `narrows train` takes it."""
    options = {
        "--corrupt": job.corrupt,
        "--model": job.model,
        "--code-size": job.code_size,
        "--size": job.size and ",".join(map(str, job.size)),
        "--epochs": job.epochs,
        "--minutes": job.minutes,
    }
    words = [job.data, *(word for name, value in options.items() if value for word in (name, str(value)))]
    return [*words, *(word for setting in job.settings for word in ("--set", setting))]


def experiment_at(base: Base, settings: Settings, called: str) -> Experiment:
    """The experiment of one point, whose trained arm is called after it.

    Raises:
        ValueError: a path is unknown, or a value is refused.
    """
    arm = base.arm
    for path, value in settings:
        arm = change(arm, path, value)
    arm = replace(arm, name=f"{arm.name.partition(',')[0]}, {called}")
    arms = tuple(arm if other == base.arm else other for other in base.experiment.arms)
    return replace(
        base.experiment,
        name=f"{base.experiment.name}-sweep",  # so that no report's figures are asked of a point
        arms=arms,
        judge=lambda run: [],  # noqa: ARG005  nor its conclusions
    )


def check_points(base: Base, axes: Sequence[Axis]) -> None:
    """Refuse what cannot be built, before anything is trained; of a search, at the ends of its ranges.

    Raises:
        ValueError: a path is unknown, a value is refused, or an arm stays untrained.
    """
    for settings in grid(axes):
        arm = trained_arm(experiment_at(base, settings, ""))
        arm.model.build(base.data.image_shape)


def command(base: Base, settings: Settings, how: RunSettings, *options: str) -> str:
    """What runs one point by itself."""
    changes = (word for path, value in settings for word in ("--set", f"{path}={value}"))
    return shlex.join(["narrows", *base.words, *changes, *options_of(how), *options])


def sweep_command(base: Base, asked: Asked, axes: Sequence[Axis], how: RunSettings) -> str:
    """What runs the sweep; without the storage, whose address may hold a password."""
    option = "--over" if asked.trials is None else "--search"
    swept = [word for axis in axes for word in (option, axis.words)]
    trials = [] if asked.trials is None else ["--trials", str(asked.trials)]
    return shlex.join(
        ["narrows", "sweep", *base.words[1:], *swept, *trials, *options_of(how), "--out", str(how.folder)]
    )


def options_of(how: RunSettings) -> list[str]:
    """How something is carried out, where it is not as usual."""
    usual = RunSettings(how.folder)
    said = {"seeds": "--seeds", "data_root": "--data-root", "device": "--device", "precision": "--precision"}
    unusual = {
        option: getattr(how, name) for name, option in said.items() if getattr(how, name) != getattr(usual, name)
    }
    words = [word for option, value in unusual.items() for word in (option, str(value))]
    return [*words, "--quick"] if how.quick else words
