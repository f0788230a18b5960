"""Carry out an experiment: train and evaluate every arm, ask the doctor, write the report."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from narrows.data import Dataset, load
from narrows.diagnostics import diagnose
from narrows.experiments.arms import run_arm, run_baselines, train_arm
from narrows.experiments.baselines import with_baselines
from narrows.experiments.describe import describe_run
from narrows.experiments.environment import environment
from narrows.experiments.events import Events
from narrows.experiments.experiment import Arm, Experiment, in_order
from narrows.experiments.folder import Ledger, begin, check_folder, claim_folder
from narrows.experiments.quick import few, quick
from narrows.experiments.session import RunSettings, Session, Watcher
from narrows.files import write_json
from narrows.report import write_report
from narrows.results import Run, open_run
from narrows.training.settings import choose_device


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
    device, processes = choose_device(settings.device), settings.processes
    events = Events(settings.folder / "tensorboard") if settings.log and processes.leads else None
    with processes.one_first():
        if processes.leads:
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
    folder = settings.folder

    def session() -> Session:  # made once the folder stands, whose rows its ledger reads
        return Session(experiment, data, others, settings, Ledger(folder, experiment.name), watcher, events=events)

    if not processes.leads:
        processes.wait()  # until the first has begun
        return train_along(session())
    place = environment(settings.command, device, settings.precision)
    place |= {"quick": settings.quick, "processes": processes.count}
    with claim_folder(folder, overwrite=settings.overwrite, resume=settings.resume):
        spent = begin(folder, description, resume=settings.resume)
        processes.wait()
        fill(session(), place, started - spent)
    processes.wait()
    return open_run(folder)


def fill(session: Session, place: dict[str, Any], started: float) -> None:
    """Train and measure whatever is missing in a run folder, ask the doctor, write the report."""
    folder, watcher, events = session.settings.folder, session.watcher, session.events

    def note_environment(*, finished: bool) -> None:
        seconds = round(time.perf_counter() - started, 1)
        write_json(folder / "environment.json", place | {"seconds": seconds, "finished": finished})

    note_environment(finished=False)
    run_baselines(session)
    done, missing = trainings(session)
    for arm, seed in done:
        session.ledger.state(arm.name, seed).remove()  # a stop right after their rows has left it
    for arm, seed in missing:
        watcher.stage(f"{arm.name}, seed {seed}" if session.settings.seeds > 1 and arm.seeded else arm.name)
        try:
            run_arm(session, arm, seed)
        finally:
            if events is not None:
                events.close()
        note_environment(finished=False)
    watcher.stage("report")
    judge(folder, session.experiment)
    note_environment(finished=True)
    write_report(folder)


def train_along(session: Session) -> Run:
    """Take a share of every batch that the first process trains on; it evaluates and writes."""
    _, missing = trainings(session)
    for arm, seed in missing:
        if not arm.encoder:
            train_arm(session, arm, seed)
    session.settings.processes.wait()
    return open_run(session.settings.folder)


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


def trainings(session: Session) -> tuple[list[tuple[Arm, int]], list[tuple[Arm, int]]]:
    """The arms and seeds whose figures stand, and those that are missing."""
    every = list(in_order(session.experiment.arms, session.settings.seeds))
    done = [(arm, seed) for arm, seed in every if session.ledger.has(arm.name, seed)]
    return done, [place for place in every if place not in done]


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
