"""Training on one's own pictures: what was chosen and what it costs is said first, then it is an ordinary run."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from narrows.data import Dataset, load
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.folder import check_folder
from narrows.experiments.quick import few, quick
from narrows.experiments.run import RunSettings, Watcher, run_experiment
from narrows.jobs.job import Job, choose_size, plan
from narrows.jobs.trial import Trial, tried
from narrows.results import Run, open_run
from narrows.training import parameter_count
from narrows.training.settings import choose_device
from narrows.types import ImageShape

MINUTES = 10.0
"""Of training, where neither epochs nor minutes are asked for."""
EPOCHS = (3, 200)
"""The fewest and the most that are chosen for it."""


@dataclass(frozen=True)
class Outlook:
    """What will be trained, and what it costs."""

    experiment: Experiment
    image_shape: ImageShape
    num_pictures: int
    num_unreadable: int
    num_parameters: int
    training_seconds: float
    """For each seed; without validation, evaluation and report."""
    num_bytes: int
    """At the peak of a training step, beside Python and PyTorch."""

    @property
    def arm(self) -> Arm:
        """The one that is trained."""
        return self.experiment.arms[0]


def train(
    job: Job, settings: RunSettings, watcher: Watcher, on_outlook: Callable[[Outlook], None] | None = None
) -> Run:
    """Train a model for a job into a run folder, as `run_experiment` does.

    Args:
        job: what is asked.
        settings: how it is carried out.
        watcher: told what is being done.
        on_outlook: told, before training begins, what was chosen and what it costs.

    Raises:
        FileNotFoundError: data are missing.
        ValueError: the job does not fit the pictures.
        Exception: whatever `run_experiment` raises.
    """
    check_folder(settings.folder, overwrite=settings.overwrite, resume=settings.resume)
    device = str(choose_device(settings.device))
    watcher.stage(f"reading {job.data}")
    data = load(job.source, settings.data_root, size=choose_size(job), crop=job.crop, on_progress=watcher.counted)
    watcher.stage("trying a few steps")
    experiment = plan(job, data, epochs=1)
    arm = replace(experiment.arms[0], training=replace(experiment.arms[0].training, precision=settings.precision))
    trial = tried(arm, data, device)
    epochs = epochs_of(settings) if settings.resume else affordable(arm, data, trial)
    experiment = plan(job, data, epochs=epochs)
    if on_outlook is not None:
        on_outlook(outlook(quick(experiment) if settings.quick else experiment, data, trial, settings))
    return run_experiment(experiment, settings, watcher, data)


def affordable(arm: Arm, data: Dataset, trial: Trial) -> int:
    """How many epochs fit into the usual time."""
    steps = -(-len(data.train) // arm.training.batch_size)
    fewest, most = EPOCHS
    return max(fewest, min(most, int(60 * MINUTES / max(steps * trial.step_seconds, 1e-9))))


def epochs_of(settings: RunSettings) -> int:
    """The epochs of the run that goes on; another time of a step must not change what was asked."""
    arms = open_run(settings.folder).experiment["arms"]
    return int(arms[-1]["description"]["training"]["epochs"])


def outlook(experiment: Experiment, data: Dataset, trial: Trial, settings: RunSettings) -> Outlook:
    """What the training of an experiment's arm will cost."""
    arm = experiment.arms[0]
    pictures = few(data).train if settings.quick else data.train
    steps = -(-len(pictures) // arm.training.batch_size)
    minutes = arm.training.minutes
    return Outlook(
        experiment,
        data.image_shape,
        len(data.official_train),
        len(data.unreadable),
        parameter_count(arm.model.build(data.image_shape)),
        60 * minutes if minutes is not None else arm.training.epochs * steps * trial.step_seconds,
        trial.num_bytes,
    )
