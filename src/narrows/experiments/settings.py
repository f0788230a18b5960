"""`--set path=value`: an experiment with some of its settings changed."""

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatch

from narrows.data import parse_size, parse_split
from narrows.descriptions import change, suggest
from narrows.experiments.experiment import Arm, Experiment

ARM_FIELDS = ("model", "training", "objective", "corruption", "data_used")


def change_experiment(experiment: Experiment, settings: Sequence[str]) -> Experiment:
    """Apply settings in order.

    `training.epochs=5` changes every arm that has the path (what is set in closed form keeps its training),
    `ARM:training.epochs=5` one arm, `data=fashion_mnist` the data; `split=70-20-10` cuts data without an official
    split into training, validation and test; `size=64` squeezes pictures to a square, `size=48,64` to a height and a
    width; `arms=improved*` keeps the arms that match.

    Raises:
        ValueError: a setting is unknown (with a suggestion), malformed, or refused by its description.
    """
    for setting in settings:
        path, text = parse_setting(setting)
        if path == "data":
            experiment = replace(experiment, data=text)
        elif path == "split":
            experiment = replace(experiment, split=parse_split(text))
        elif path == "size":
            experiment = replace(experiment, size=parse_size(text))
        elif path == "arms":
            experiment = replace(experiment, arms=matching(experiment, text))
        else:
            experiment = replace(experiment, arms=change_arms(experiment, path, text))
    return experiment


def parse_setting(setting: str) -> tuple[str, str]:
    """Path and value of a setting.

    Raises:
        ValueError: it has no equals sign.
    """
    path, equals, text = (part.strip() for part in setting.partition("="))
    if not equals:
        raise ValueError(f"expected a setting as path=value, found {setting!r}; for example training.epochs=5")
    return path, text


def matching(experiment: Experiment, pattern: str) -> tuple[Arm, ...]:
    """The arms whose names match a shell pattern."""
    kept = tuple(arm for arm in experiment.arms if fnmatch(arm.name, pattern))
    if not kept:
        raise ValueError(f"expected arms= to match one of {'; '.join(names(experiment))}, found {pattern!r}")
    return kept


def change_arms(experiment: Experiment, path: str, text: str) -> tuple[Arm, ...]:
    """All arms, with the ones that a path means changed."""
    name, colon, inner = path.rpartition(":")
    field = inner.split(".")[0]
    if colon and name not in names(experiment):
        raise ValueError(f"expected an arm of {experiment.name}, found {name!r}{suggest(name, names(experiment))}")
    if field not in ARM_FIELDS:
        known = ["data", "size", "split", "arms", *ARM_FIELDS]
        hint = suggest(field, known)
        raise ValueError(f"expected a setting that starts with {', '.join(known)}, found {path!r}{hint}")
    changed: dict[str, Arm] = {}
    refusals: list[ValueError] = []
    for arm in experiment.arms:
        if (colon and arm.name != name) or (arm.closed_form and field == "training"):
            continue
        if arm.encoder:
            refusals.append(ValueError(f"expected an arm that trains a model, found {arm.name!r}; set {arm.encoder!r}"))
            continue
        try:
            changed[arm.name] = change(arm, inner, text)
        except ValueError as error:
            refusals.append(error)
    if not changed:
        raise refusals[0] if refusals else ValueError(f"expected an arm that is trained, to set {path}; found none")
    arms = {arm.name: changed.get(arm.name, arm) for arm in experiment.arms}
    return tuple(
        replace(arm, **{part: getattr(arms[arm.encoder], part) for part in ARM_FIELDS}) if arm.encoder else arm
        for arm in arms.values()
    )


def names(experiment: Experiment) -> list[str]:
    """Names of the arms, in order."""
    return [arm.name for arm in experiment.arms]
