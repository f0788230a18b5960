"""One arm of a run with one seed: trained, measured and entered; and the baselines, which learn nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch

from narrows.data import Dataset, Pictures, fingerprint
from narrows.evaluation import Beside, Figure, Model
from narrows.experiments.baselines import shared_corruption
from narrows.experiments.experiment import Arm, Study
from narrows.experiments.measure import Measured, baseline_models, inspect, measure, splits_of, training_figures
from narrows.experiments.session import Session
from narrows.models import Autoencoder
from narrows.training import History, Progress, StateFile, fit, load_model, parameter_count, save_model


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


def run_arm(session: Session, arm: Arm, seed: int) -> None:
    """Train one arm with one seed, or take up its training or another's encoder; measure and enter it."""
    settings, ledger = session.settings, session.ledger
    whole = learns_validation(session, arm)
    data = session.data.whole if whole else session.data
    splits = splits_of(session.data, read_test=settings.read_test, whole=whole)
    beside = partial(session.beside, train=data.train, corruption=arm.corruption, seed=seed)
    if arm.encoder:
        first = next(other for other in session.experiment.arms if other.name == arm.encoder)
        encoder = load_model(ledger.model_folder(first.name, seed if first.seeded else 0)).to(settings.device)
        enter(session, arm.name, seed, studied(session, arm.studies, encoder, beside, splits, Measured([], {})), [])
        return
    model, history, state = train_arm(session, arm, seed)
    folder, source = state.path.parent, training_data(session, arm)
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


def learns_validation(session: Session, arm: Arm) -> bool:
    """Whether an arm trains on the validation pictures too; never where these are what judges."""
    return arm.data_used == "train and validation" and session.settings.read_test


def training_data(session: Session, arm: Arm) -> Dataset:
    """The data set that an arm's weights come from: its pretraining's, else the experiment's."""
    if arm.pretraining:
        return session.others[arm.pretraining]
    return session.data.whole if learns_validation(session, arm) else session.data


def train_arm(session: Session, arm: Arm, seed: int) -> tuple[Autoencoder, History, StateFile]:
    """Build and train an arm's model, or go on from its state, which stays until the arm's figures stand."""
    settings = session.settings
    torch.manual_seed(seed)  # initial weights, and what is drawn inside the model
    model = arm.model.build(session.data.image_shape)
    assert isinstance(model, Autoencoder)
    state = session.ledger.state(arm.name, seed)

    def told(progress: Progress) -> None:
        session.watcher.progress(progress)
        if session.events is not None:
            session.events.told(state.path.parent.name, progress)

    history = fit(
        model.to(settings.device),
        training_data(session, arm),
        arm.objective,
        corruption=arm.corruption,
        training=replace(arm.training, seed=seed),
        state=state,
        on_progress=told,
        processes=settings.processes,
    )
    return model, history, state


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
