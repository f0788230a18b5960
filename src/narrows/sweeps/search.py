"""A search with Optuna: where it looks next, and what all processes and machines that share its study know."""

import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrows.sweeps.axes import Axis, Choices, Range, Settings, number
from narrows.sweeps.folder import LOCKS, POINTS, STUDY, agree, claimed
from narrows.sweeps.points import TRIAL, Point, from_json, to_json
from narrows.sweeps.training import State, Sweeping, train_point

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

TRIES, PAUSE_SECONDS = 5, 1.0
"""How often, and how long after, a database is asked again that another process is making the tables of."""
IDENTITY, POINT, LEFT_OUT = "narrows", "point", "left out"
"""What a study is told beside its trials: the sweep that it is of, what came of each trial, and those too many."""


def require_optuna() -> None:
    """Refuse a search without Optuna.

    Raises:
        ImportError: it is not installed.
    """
    if find_spec("optuna") is None:
        raise ImportError(
            "expected Optuna for --search, found none; 'pip install narrows[sweep]', or give values with --over"
        )


def open_study(storage: str, folder: Path, name: str, now: dict[str, Any]) -> "Study":
    """The study of a sweep, made where there is none.

    Args:
        storage: a database's address (`sqlite:///study.db`) or a journal's file; empty for a journal in the folder.
        folder: of the sweep.
        name: of the study.
        now: what all who share it must agree in.

    Raises:
        ImportError: what the database wants is not installed.
        ValueError: the storage cannot be opened, or its study is of another sweep.
    """
    import optuna
    from optuna.storages.journal import JournalFileBackend
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.WARNING)  # progress is told by whoever watches
    try:
        place = storage if "://" in storage else journal(storage, folder, JournalFileBackend)
        study = patiently(lambda: optuna.create_study(storage=place, study_name=name, load_if_exists=True))
    except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
        # the address may hold a password, so it is not repeated
        raise ValueError(
            f"expected a storage that Optuna can open, as sqlite:///study.db or a file, found: "
            f"{str(error).splitlines()[0]}"
        ) from error
    if IDENTITY in study.user_attrs:
        agree(study.user_attrs[IDENTITY], now, f"the study {name!r} of the storage")
    else:
        study.set_user_attr(IDENTITY, now)
    return study


def patiently(create: Callable[[], "Study"]) -> "Study":
    """Make or open a study; where several make its tables at once, all but one fail at first."""
    from sqlalchemy.exc import DBAPIError

    for _ in range(TRIES - 1):
        try:
            return create()
        except DBAPIError:
            time.sleep(PAUSE_SECONDS)
    return create()


def journal(storage: str, folder: Path, backend: Any) -> Any:
    """A study in a file, which several processes append to."""
    from optuna.storages import JournalStorage

    path = Path(storage).expanduser() if storage else folder / f"{STUDY}.journal"
    path.parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(backend(str(path)))


def search(sweeping: Sweeping, axes: Sequence[Axis], study: "Study", trials: int) -> State:
    """Train trials until the study has so many, those of other processes included."""
    for trial in unfinished_here(study, sweeping.settings.folder):
        with claimed(sweeping.settings.folder, trial_name(trial.number)) as mine:
            if mine:
                take_up(sweeping, axes, study, trial.number, trials)
    while (asked := ask(study, trials)) is not None:
        with claimed(sweeping.settings.folder, trial_name(asked.number)):
            settings = settings_of(axes, {axis.path: suggested(asked, axis) for axis in axes})
            carry_on(sweeping, study, asked.number, settings, trials)
    return study_state(study, trials)


def take_up(sweeping: Sweeping, axes: Sequence[Axis], study: "Study", place: int, trials: int) -> None:
    """Go on with a trial whose process was stopped, unless it is finished by now."""
    trial = study.trials[place]
    if trial.state.is_finished():
        return
    if set(trial.params) == {axis.path for axis in axes}:
        carry_on(sweeping, study, place, settings_of(axes, trial.params), trials)
    else:  # struck before its values were drawn
        leave_out(study, place)


def leave_out(study: "Study", place: int) -> None:
    """Count a trial no longer."""
    from optuna.trial import TrialState

    study.set_user_attr(f"{LEFT_OUT} {place}", True)
    study.tell(place, state=TrialState.FAIL)


def carry_on(sweeping: Sweeping, study: "Study", place: int, settings: Settings, trials: int) -> None:
    """Train one trial, and tell the study what came of it."""
    from optuna.trial import TrialState

    name = trial_name(place)
    try:
        point = train_point(sweeping, name, settings, name.replace("-", " "))
    except ValueError as error:  # each value was accepted by itself, together they are not
        point = Point(name, settings, failure=str(error))
    study.set_user_attr(f"{POINT} {place}", to_json(point))
    if point.failure:
        study.tell(place, state=TrialState.FAIL)
    else:
        study.tell(place, point.error.mean)
    sweeping.tell(point, study_state(study, trials))


def ask(study: "Study", trials: int) -> "Trial | None":
    """The next trial; None where there are enough. Of two processes that ask for the last one, one gives its back."""
    from optuna.samplers import TPESampler

    while len(counted(study)) < trials:
        trial = study.ask()
        # Seeded by its number, a trial is drawn anew from the same history, and no two processes draw alike. That wants
        # values drawn each by itself, as those drawn together are drawn before the number is known.
        study.sampler = TPESampler(seed=trial.number, multivariate=False)
        if sum(other.number < trial.number for other in counted(study)) < trials:
            return trial
        leave_out(study, trial.number)
    return None


def counted(study: "Study") -> list["FrozenTrial"]:
    """The trials of a study, whoever trains them."""
    left_out = study.user_attrs
    return [trial for trial in study.get_trials(deepcopy=False) if f"{LEFT_OUT} {trial.number}" not in left_out]


def suggested(trial: "Trial", axis: Axis) -> Any:
    """The value of a trial on one axis."""
    if isinstance(axis, Choices):
        return trial.suggest_categorical(axis.path, axis.values)
    if axis.whole:
        return trial.suggest_int(axis.path, int(axis.low), int(axis.high), log=axis.log)
    return trial.suggest_float(axis.path, axis.low, axis.high, log=axis.log)


def settings_of(axes: Sequence[Axis], values: dict[str, Any]) -> Settings:
    """The values of a trial as settings."""
    return tuple(
        (axis.path, number(values[axis.path], whole=axis.whole) if isinstance(axis, Range) else values[axis.path])
        for axis in axes
    )


def unfinished_here(study: "Study", folder: Path) -> list["FrozenTrial"]:
    """Trials that a process began in this folder and did not finish; it may still be at work."""
    return [
        trial
        for trial in counted(study)
        if not trial.state.is_finished()
        and (
            (folder / LOCKS / f"{trial_name(trial.number)}.lock").exists()
            or (folder / POINTS / trial_name(trial.number)).exists()
        )
    ]


def trial_name(place: int) -> str:
    """The folder of a trial's run below points/."""
    return f"{TRIAL}{place}"


def study_state(study: "Study", trials: int) -> State:
    """What all processes and machines together have done."""
    known = study.user_attrs
    found = [f"{POINT} {trial.number}" for trial in counted(study) if trial.state.is_finished()]
    return State(tuple(from_json(known[name]) for name in found if name in known), max(trials, len(counted(study))))
