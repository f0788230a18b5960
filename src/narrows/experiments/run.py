"""Carry out an experiment: train and evaluate every arm, ask the doctor, write the report."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import torch

from narrows.data import Dataset, Pictures, fingerprint, load
from narrows.diagnostics import diagnose
from narrows.evaluation import Beside, FeatureMemory, Figure, Model
from narrows.experiments.baselines import shared_corruption, with_baselines
from narrows.experiments.describe import describe_run
from narrows.experiments.environment import environment
from narrows.experiments.events import Events
from narrows.experiments.experiment import Arm, Experiment, Study, in_order
from narrows.experiments.folder import Ledger, begin, check_folder, claim_folder
from narrows.experiments.measure import Measured, baseline_models, inspect, measure, splits_of, training_figures
from narrows.experiments.quick import few, quick
from narrows.files import write_json
from narrows.models import Autoencoder
from narrows.report import write_report
from narrows.results import Run, open_run
from narrows.training import History, Progress, fit, load_model, parameter_count, save_model
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
    log: Literal["", "tensorboard"] = ""
    """Where curves, pictures and codes are written beside the run's own files, while it trains."""
    command: str = ""


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


def run_experiment(experiment: Experiment, settings: RunSettings, watcher: Watcher, data: Dataset | None = None) -> Run:
    """Train, evaluate, diagnose, report; everything lands in the run folder.

    Args:
        experiment: what is asked.
        settings: how it is carried out.
        watcher: told what is being done.
        data: the experiment's pictures, where they have been read already.

    Raises:
        BlockingIOError: another process fills the folder.
        FileExistsError: the folder holds something, and neither `overwrite` nor `resume` was asked for.
        FileNotFoundError: data are missing.
        FloatingPointError: a training diverged; what was finished before stands, and `resume` goes on.
        ImportError: what `log` wants is not installed.
        KeyboardInterrupt: after the state is saved.
        ValueError: a setting makes no sense, or the run to resume is of another experiment.
    """
    started = time.perf_counter()
    device = choose_device(settings.device)
    events = Events(settings.folder / "tensorboard") if settings.log else None
    check_folder(settings.folder, overwrite=settings.overwrite, resume=settings.resume)
    if data is None:
        data = read_data(experiment, settings, watcher)
    size = data.image_shape[1:]
    others = {name: load(name, settings.data_root, size=size) for name in experiment.other_data}
    if settings.quick:
        experiment, data = quick(experiment), few(data)
        others = {name: few(other) for name, other in others.items()}
    experiment = replace(experiment, arms=tuple(with_baselines(experiment, data, settings.precision)))
    description = describe_run(experiment, data, seeds=settings.seeds, read_test=settings.read_test)
    place = environment(settings.command, device, settings.precision) | {"quick": settings.quick}
    folder = settings.folder
    with claim_folder(folder, overwrite=settings.overwrite, resume=settings.resume):
        spent = begin(folder, description, resume=settings.resume)

        def note_environment(*, finished: bool) -> None:
            seconds = round(spent + time.perf_counter() - started, 1)
            write_json(folder / "environment.json", place | {"seconds": seconds, "finished": finished})

        note_environment(finished=False)
        session = Session(experiment, data, others, settings, Ledger(folder, experiment.name), watcher, events=events)
        run_baselines(session)
        for arm, seed in missing(session):
            watcher.stage(f"{arm.name}, seed {seed}" if settings.seeds > 1 and arm.seeded else arm.name)
            try:
                run_arm(session, arm, seed)
            finally:
                if events is not None:
                    events.close()
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
            beside = partial(session.beside, train=session.data.train, corruption=corruption, seed=0)
            measured = studied(session, experiment.studies, model, beside, splits, measured)
            enter(session, name, 0, measured, [])


def missing(session: Session) -> Iterator[tuple[Arm, int]]:
    """The arms and seeds that are not done; of the others goes the state, which a stop after their rows has left."""
    for arm, seed in in_order(session.experiment.arms, session.settings.seeds):
        if session.ledger.has(arm.name, seed):
            session.ledger.state(arm.name, seed).remove()
        else:
            yield arm, seed


def run_arm(session: Session, arm: Arm, seed: int) -> None:
    """Train one arm with one seed, or take up its training or another's encoder; measure and enter it."""
    settings, ledger = session.settings, session.ledger
    whole = arm.data_used == "train and validation" and settings.read_test
    data = session.data.whole if whole else session.data
    splits = splits_of(session.data, read_test=settings.read_test, whole=whole)
    beside = partial(session.beside, train=data.train, corruption=arm.corruption, seed=seed)
    if arm.encoder:
        first = next(other for other in session.experiment.arms if other.name == arm.encoder)
        encoder = load_model(ledger.model_folder(first.name, seed if first.seeded else 0)).to(settings.device)
        enter(session, arm.name, seed, studied(session, arm.studies, encoder, beside, splits, Measured([], {})), [])
        return
    source = session.others[arm.pretraining] if arm.pretraining else data
    torch.manual_seed(seed)  # initial weights, and what is drawn inside the model
    model = arm.model.build(data.image_shape)
    assert isinstance(model, Autoencoder)
    folder = ledger.model_folder(arm.name, seed)
    state = ledger.state(arm.name, seed)

    def told(progress: Progress) -> None:
        session.watcher.progress(progress)
        if session.events is not None:
            session.events.told(folder.name, progress)

    history = fit(
        model.to(settings.device),
        source,
        arm.objective,
        corruption=arm.corruption,
        training=replace(arm.training, seed=seed),
        state=state,
        on_progress=told,
    )
    facts = {"data": source.name, "fingerprint": fingerprint(source.official_train), "seed": seed}
    save_model(folder, model, facts)
    model = load_model(folder).to(settings.device)  # what is measured is what was saved
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
    if session.events is not None:
        session.events.finish(folder.name, history, measured.arrays, splits[shown], session.data.class_names)
    studies = (*session.experiment.studies, *arm.studies)
    measured = studied(session, studies, model, beside, splits, measured)
    enter(session, arm.name, seed, measured, history)
    state.remove()


def studied(
    session: Session,
    studies: Sequence[Study],
    model: Model,
    beside: Callable[[str], Beside],
    splits: dict[str, Pictures],
    measured: Measured,
) -> Measured:
    """What was measured of a model, and what studies find: figures of every studied split, arrays of the last."""
    figures, arrays = list(measured.figures), dict(measured.arrays)
    asked = session.experiment.also_studied
    last = list(splits)[-1]
    for split in dict.fromkeys([*(split for split in splits if split in asked), last]):
        for study in studies:
            evaluation = study(model, splits[split], beside(split))
            figures += [(split, figure) for figure in evaluation.figures]
            # the same, whichever split judges
            known = [place for place in evaluation.elsewhere if split == last and place not in asked]
            figures += [(place, figure) for place in known for figure in evaluation.elsewhere[place]]
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
