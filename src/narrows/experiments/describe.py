"""experiment.json: everything that a run asks, as plain data."""

from typing import Any

from narrows.corruption import CORRUPTIONS
from narrows.data import SPLIT, Dataset, duplicates, fingerprint
from narrows.descriptions import describe, restore
from narrows.experiments.experiment import Arm, Experiment
from narrows.models import ARCHITECTURES, BOTTLENECKS, Autoencoder, bypass_numbers
from narrows.objective import PENALTIES, Objective
from narrows.training import Augmentation, Training, parameter_count
from narrows.training.rehearsal import rehearse

TYPES: dict[str, type] = {
    **ARCHITECTURES,
    **BOTTLENECKS,
    **CORRUPTIONS,
    **PENALTIES,
    "Objective": Objective,
    "Training": Training,
    "Augmentation": Augmentation,
}
"""Of what an arm is made."""


def describe_run(experiment: Experiment, data: Dataset, *, seeds: int, read_test: bool) -> dict[str, Any]:
    """experiment.json: the question, the data and every arm, with the numbers that pass through and around its code."""
    counts = {"train": len(data.train), "validation": len(data.validation)}
    repeated = {"train-validation": duplicates(data.train, data.validation)}
    if read_test:
        counts["test"] = len(data.test)
        repeated["train-test"] = duplicates(data.official_train, data.test)
    return {
        "name": experiment.name,
        "title": experiment.title,
        "question": experiment.question,
        "text": experiment.text,
        "minutes": experiment.minutes,
        "sources": list(experiment.sources),
        "value_range": [0, 1],
        "seeds": seeds,
        "read_test": read_test,
        "data": {
            "name": data.name,
            "image_shape": list(data.image_shape),
            "n": counts,
            "class_names": list(data.class_names),
            "fingerprint": fingerprint(data.official_train),
            "official_test": data.official_test,
            "split": "" if data.official_test else "-".join(map(str, experiment.split or SPLIT)),
            "note": data.note,
            "duplicates": repeated,
            **special(experiment, data),
        },
        "arms": [describe_arm(arm, data, seeds, read_test) for arm in experiment.arms],
    }


def special(experiment: Experiment, data: Dataset) -> dict[str, Any]:
    """What few sets have; left out of the others."""
    facts = {
        "unreadable": [list(found) for found in data.unreadable],
        "crop": experiment.crop,
    }
    return {name: fact for name, fact in facts.items() if fact}


def describe_arm(arm: Arm, data: Dataset, seeds: int, read_test: bool) -> dict[str, Any]:
    """One arm of experiment.json.

    Raises:
        ValueError: its parts do not fit one another, or the pictures.
    """
    model = arm.model.build(data.image_shape)
    assert isinstance(model, Autoencoder)
    if not arm.closed_form and not arm.encoder:
        rehearse(model, data.train, arm.objective, arm.corruption, arm.training)
    return {
        "name": arm.name,
        "role": arm.role,
        "seeds": list(range(seeds if arm.seeded else 1)),
        "task": arm.task,
        "note": arm.note,
        "encoder": arm.encoder,
        "pretraining": arm.pretraining,
        "data_used": arm.data_used if read_test else "train",
        "description": arm.description(),
        "parameters": parameter_count(model),
        "code_numbers": model.code_size,
        "bypass_numbers": bypass_numbers(model),
    }


def completed(arm: dict[str, Any]) -> dict[str, Any]:
    """An arm of an experiment.json of whatever version as this one writes it: what was not there yet has its default.

    Raises:
        ValueError: it is made of something that this version has not.
    """
    description = {part: describe(restore(content, TYPES)) for part, content in arm["description"].items()}
    return {"encoder": "", "pretraining": "", **arm, "description": description}
