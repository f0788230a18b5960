"""Carry out an experiment: train and evaluate every arm, ask the doctor, write the report."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

from narrows.data import Dataset, Pictures, fingerprint, load
from narrows.diagnostics import diagnose
from narrows.evaluation import Beside, Figure, Model
from narrows.experiments.baselines import shared_corruption, with_baselines
from narrows.experiments.describe import describe_run
from narrows.experiments.environment import environment
from narrows.experiments.experiment import Arm, Experiment, Study
from narrows.experiments.folder import Ledger, check_folder
from narrows.experiments.measure import Measured, baseline_models, inspect, measure, splits_of, training_figures
from narrows.experiments.quick import few, quick
from narrows.files import write_json
from narrows.models import Autoencoder
from narrows.report import write_report
from narrows.results import Reported, Run, open_run, read_rows, write_rows
from narrows.training import History, Progress, StateFile, fit, load_model, parameter_count, save_model
from narrows.training.settings import Precision, choose_device
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


@dataclass(frozen=True)
class RunSettings:
    """How an experiment is carried out; nothing of it changes what is asked."""

    folder: Path
    """The run folder."""
    seeds: int = 1
    """Every trained arm runs with seeds 0 to this less 1."""
    quick: bool = False
    """Two epochs on up to 2 000 pictures: shows that everything works, and is marked."""
    read_test: bool = True
    """False leaves the test split unread, for tuning."""
    overwrite: bool = False
    """Replace the run that is there, once the data are read."""
    resume: bool = False
    """Go on with the run that is there."""
    data_root: Path | None = None
    device: str = "cpu"
    precision: Precision = "auto"
    command: str = ""


@dataclass(frozen=True)
class Session:
    """What the steps of one run share."""

    experiment: Experiment
    data: Dataset
    others: dict[str, Dataset]
    """What studies read beside it, by name."""
    settings: RunSettings
    ledger: Ledger
    watcher: Watcher

    def other(self, name: str, split: str) -> Pictures:
        """A split of a set that studies read beside the experiment's own."""
        return self.others[name].test if split == "test" else self.others[name].validation


def run_experiment(experiment: Experiment, settings: RunSettings, watcher: Watcher, data: Dataset | None = None) -> Run:
    """Train, evaluate, diagnose, report; everything lands in the run folder.

    Args:
        experiment: what is asked.
        settings: how it is carried out.
        watcher: told what is being done.
        data: the experiment's pictures, where they have been read already.

    Raises:
        FileExistsError: the folder holds something, and neither `overwrite` nor `resume` was asked for.
        FileNotFoundError: data are missing.
        FloatingPointError: a training diverged; what was finished before stands, and `resume` goes on.
        KeyboardInterrupt: after the state is saved.
        ValueError: a setting makes no sense, or the run to resume is of another experiment.
    """
    started = time.perf_counter()
    device = choose_device(settings.device)
    check_folder(settings.folder, overwrite=settings.overwrite, resume=settings.resume)
    data = data or read_data(experiment, settings, watcher)
    others = {name: load(name, settings.data_root) for name in experiment.other_data}
    if settings.quick:
        experiment, data = quick(experiment), few(data)
        others = {name: few(other) for name, other in others.items()}
    experiment = replace(experiment, arms=tuple(with_baselines(experiment, data, settings.precision)))
    description = describe_run(experiment, data, seeds=settings.seeds, read_test=settings.read_test)
    folder = settings.folder
    spent = begin(folder, description, resume=settings.resume)
    place = environment(settings.command, device, settings.precision) | {"quick": settings.quick}

    def note_environment(*, finished: bool) -> None:
        seconds = round(spent + time.perf_counter() - started, 1)
        write_json(folder / "environment.json", place | {"seconds": seconds, "finished": finished})

    note_environment(finished=False)
    session = Session(experiment, data, others, settings, Ledger(folder, experiment.name), watcher)
    run_baselines(session)
    for arm in experiment.arms:
        for seed in range(1 if arm.closed_form else settings.seeds):
            if not session.ledger.has(arm.name, seed):
                watcher.stage(arm.name if settings.seeds == 1 or arm.closed_form else f"{arm.name}, seed {seed}")
                run_arm(session, arm, seed)
                note_environment(finished=False)
    watcher.stage("report")
    judge(folder, experiment)
    note_environment(finished=True)
    write_report(folder)
    return open_run(folder)


def read_data(experiment: Experiment, settings: RunSettings, watcher: Watcher) -> Dataset:
    """The pictures of an experiment, at the size that it names."""
    watcher.stage(f"reading {experiment.data}")
    return load(
        experiment.data,
        settings.data_root,
        size=experiment.size,
        crop=experiment.crop,
        split=experiment.split,
        on_progress=watcher.counted,
    )


def run_baselines(session: Session) -> None:
    """Measure the models that learn nothing, and so cannot overfit: not on training pictures."""
    experiment, ledger = session.experiment, session.ledger
    corruption = shared_corruption(experiment)
    splits = splits_of(session.data, read_test=session.settings.read_test, whole=False)
    del splits["train"]
    for name, model in baseline_models(experiment, session.data).items():
        if not ledger.has(name, 0):
            session.watcher.stage(name)
            measured = measure(model, splits, corruption, session.data, experiment.examples)
            train = session.data.train
            measured = studied(session, experiment.studies, model, corruption, train, splits, measured)
            enter(session, name, 0, measured, [])


def run_arm(session: Session, arm: Arm, seed: int) -> None:
    """Train one arm with one seed, or take up its training; measure it, and enter it into the ledger."""
    settings, ledger = session.settings, session.ledger
    whole = arm.data_used == "train and validation" and settings.read_test
    data = session.data.whole if whole else session.data
    torch.manual_seed(seed)  # initial weights, and what is drawn inside the model
    model = arm.model.build(data.image_shape)
    assert isinstance(model, Autoencoder)
    folder = ledger.model_folder(arm.name, seed)
    state = StateFile(folder / "state.safetensors")
    history = fit(
        model.to(settings.device),
        data,
        arm.objective,
        corruption=arm.corruption,
        training=replace(arm.training, seed=seed),
        state=state,
        on_progress=session.watcher.progress,
    )
    save_model(folder, model, {"data": data.name, "fingerprint": fingerprint(data.official_train), "seed": seed})
    model = load_model(folder).to(settings.device)  # what is measured is what was saved
    splits = splits_of(session.data, read_test=settings.read_test, whole=whole)
    measured = measure(model, splits, arm.corruption, session.data, session.experiment.examples)
    shown = list(splits)[-1]
    figures = measured.figures + training_figures(arm, history)
    figures.append((shown, Figure("checks", "", "parameters", parameter_count(model), 1)))
    if history:
        figures.append(("train", Figure("training", "", "training_seconds", history[-1].seconds, 1)))
    measured = Measured(
        figures,
        {**measured.arrays, **inspect(model, arm.corruption, splits[shown], data.train, session.experiment.examples)},
    )
    studies = (*session.experiment.studies, *arm.studies)
    measured = studied(session, studies, model, arm.corruption, data.train, splits, measured)
    enter(session, arm.name, seed, measured, history)
    state.remove()


def studied(  # noqa: PLR0913  a model, what it is judged on, and what was found so far
    session: Session,
    studies: Sequence[Study],
    model: Model,
    corruption: Corruption,
    train: Pictures,
    splits: dict[str, Pictures],
    measured: Measured,
) -> Measured:
    """What was measured of a model, and what studies find: figures of every studied split, arrays of the last."""
    figures, arrays = list(measured.figures), dict(measured.arrays)
    asked = session.experiment.also_studied
    for split in dict.fromkeys([*(split for split in splits if split in asked), list(splits)[-1]]):
        beside = Beside(train, partial(session.other, split=split), corruption)
        for study in studies:
            evaluation = study(model, splits[split], beside)
            figures += [(split, figure) for figure in evaluation.figures]
            arrays[study.name] = evaluation.arrays
    return Measured(figures, arrays)


def enter(session: Session, name: str, seed: int, measured: Measured, history: History) -> None:
    """Write all that was measured of a model; its rows last, which mean that it is done."""
    for evaluation, content in measured.arrays.items():
        session.ledger.write_arrays(name, seed, evaluation, content)
    session.ledger.add(name, seed, measured.figures, history)


def judge(folder: Path, experiment: Experiment) -> None:
    """Ask the doctor, and hold the source reports' conclusions against the run."""
    run = open_run(folder)
    write_json(
        folder / "findings.json",
        {
            "findings": [finding._asdict() for finding in diagnose(run)],
            "conclusions": [conclusion._asdict() for conclusion in experiment.judge(run)],
        },
    )


def begin(folder: Path, description: dict[str, Any], *, resume: bool) -> float:
    """Write what is asked, or check that the run to resume asks the same; returns the seconds it took so far.

    More seeds than before may be asked: those that are there stay.

    Raises:
        ValueError: it asks something else.
    """
    seconds = 0.0
    if resume:
        run = open_run(folder)
        before, now = without_seeds(run.experiment), without_seeds(description)
        differing = [key for key in now if before.get(key) != now[key]]
        if description["seeds"] < run.experiment.get("seeds", 0):
            differing.append("seeds")
        if differing:
            raise ValueError(
                f"expected the same experiment, data and settings as in {folder}, found others in "
                f"{', '.join(differing)}; repeat the first command with --resume, or choose another --out"
            )
        seconds = float(run.environment.get("seconds", 0.0))
    elif folder.exists():
        shutil.rmtree(folder)
    write_json(folder / "experiment.json", description)
    write_rows(folder / "reported.csv", Reported, reported_rows(description["name"], description["data"]["split"]))
    return seconds


def without_seeds(description: dict[str, Any]) -> dict[str, Any]:
    """All that a run asks, but for how often."""
    arms = [{**arm, "seeds": []} for arm in description.get("arms", ())]
    return {**description, "seeds": 0, "arms": arms}


def reported_rows(name: str, split: str) -> list[Reported]:
    """What the source reports state of an experiment; figures on this run's own split need no condition to say so."""
    rows = read_rows(Path(__file__).with_name("reported.csv"), Reported)
    own = f"splits={split}"
    return [
        row._replace(condition=" ".join(part for part in row.condition.split() if part != own))
        for row in rows
        if row.experiment == name
    ]
