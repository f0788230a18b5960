"""Training on one's own pictures: what was chosen and what it costs is said first, then it is an ordinary run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from narrows.apply import Run as UsedRun
from narrows.data import Dataset, Size, load
from narrows.data.picture import as_size
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.folder import check_folder
from narrows.experiments.quick import few, quick
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings, Watcher
from narrows.jobs.job import Job, ModelName, plan
from narrows.jobs.size import choose_size
from narrows.jobs.trial import Trial, tried
from narrows.results import Run, open_run, slug
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


def train(  # noqa: PLR0913  the words of the command line
    data: str | Path,
    out: str | Path,
    *,
    corrupt: str = "",
    model: ModelName | None = None,
    code_size: int | None = None,
    size: int | Size | None = None,
    epochs: int | None = None,
    minutes: float | None = None,
    settings: Sequence[str] = (),
    seeds: int = 1,
    device: str = "cpu",
    data_root: Path | None = None,
    log: Literal["", "tensorboard"] = "",
    resume: bool = False,
    overwrite: bool = False,
) -> UsedRun:
    """Train a model on one's own pictures into a run folder, and open it: `narrows train` with the same words.

    Args:
        data: a folder, an array file, a name of the catalogue, or several of these with a plus between them.
        out: the run folder.
        corrupt: noise:0.3, noise:25/255, mask:0.75, patches:0.75 or mix; empty to compress.
        model: the family of the network; chosen for the task without it.
        code_size: numbers in the code; chosen without it.
        size: side of the pictures, or height and width; without it chosen for folders, and otherwise the data's own.
        epochs: passes over the pictures; without it as many as take ten minutes.
        minutes: of training, in place of epochs.
        settings: of what was chosen, as "training.batch_size=32".
        seeds: train with seeds 0 to this less 1; of several, the first is opened.
        device: cpu, cuda, cuda:1 or mps.
        data_root: where the catalogue's files are.
        log: "tensorboard" writes curves, pictures and codes for it as well, into RUN/tensorboard.
        resume: go on with the run that is there.
        overwrite: replace the run that is there.

    Raises:
        FileExistsError: a run is there, and neither `resume` nor `overwrite` was asked for.
        FileNotFoundError: data are missing.
        ImportError: what `log` wants is not installed.
        ValueError: words that make no sense, or do not fit the pictures.
    """
    job = Job(str(data), corrupt, model, code_size, as_size(size), epochs, minutes, tuple(settings))
    how = RunSettings(
        Path(out), seeds=seeds, device=device, data_root=data_root, log=log, resume=resume, overwrite=overwrite
    )
    found = carry_out(job, how, Nobody())
    name = found.experiment["arms"][-1]["name"]
    return UsedRun.open(found.folder / slug(name, 0), device=device)


def carry_out(
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
    data = read_pictures(job, settings, watcher)
    watcher.stage("trying a few steps")
    arm = plan(job, data, epochs=1).arms[0]
    trial = tried(replace(arm, training=replace(arm.training, precision=settings.precision)), data, device)
    epochs = epochs_of(settings) if settings.resume else affordable(arm, data, trial)
    experiment = plan(job, data, epochs=epochs)
    if on_outlook is not None:
        on_outlook(outlook(quick(experiment) if settings.quick else experiment, data, trial, settings))
    return run_experiment(experiment, settings, watcher, data)


def read_pictures(job: Job, settings: RunSettings, watcher: Watcher) -> Dataset:
    """The pictures of a job, at the size that is asked for or chosen."""
    watcher.stage(f"reading {job.data}")
    return load(job.source, settings.data_root, size=choose_size(job), crop=job.crop, on_progress=watcher.counted)


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
