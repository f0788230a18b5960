"""Descriptions go to JSON and back, and are changed by a path."""

import json
from typing import Any

import pytest

from narrows.corruption import GaussianNoise
from narrows.descriptions import change, describe, parse, restore
from narrows.experiments.describe import TYPES
from narrows.experiments.index import EXPERIMENTS, load_experiment
from narrows.experiments.settings import change_experiment
from narrows.models import Dense, TopK
from narrows.objective import L1, Objective
from narrows.training import Training


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_arm_of_every_experiment_comes_back_from_json(name: str) -> None:
    for arm in load_experiment(name).arms:
        for part in ("model", "training", "objective", "corruption"):
            value = getattr(arm, part)
            assert restore(json.loads(json.dumps(describe(value))), TYPES) == value


def test_a_type_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected one of Dense in a description, found 'os.system'"):
        restore({"type": "os.system", "command": "true"}, {"Dense": Dense})
    with pytest.raises(ValueError, match="the description of Dense does not fit this version"):
        restore({"type": "Dense", "width": 3}, {"Dense": Dense})
    with pytest.raises(TypeError, match="found object"):
        describe(object())


def test_changing_there_and_back_is_the_identity() -> None:
    training = Training()
    assert change(change(training, "augmentation.shift", "3"), "augmentation.shift", "0") == training
    assert change(training, "learning_rate", "1") == Training(learning_rate=1.0)
    assert change(Dense((8,), 4), "widths", "[16, 8]") == Dense((16, 8), 4)
    assert change(Dense((8,), 4, bottleneck=TopK(2)), "bottleneck.k", "3").bottleneck == TopK(3)
    assert change(training, "averaging", "0.9").averaging == 0.9
    assert change(training, "shuffle", "false").shuffle is False


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("epoch", "3", "expected a setting of Training, found 'epoch'; did you mean 'epochs'?; it has epochs, "),
        ("augmentation.shfit", "3", "expected a setting of Augmentation, found 'shfit'; did you mean 'shift'?"),
        ("epochs", "many", "expected epochs to be of type int as 10 is, found 'many'"),
        ("epochs", "2.5", "expected epochs to be of type int"),
        ("epochs.x", "3", "expected a setting of int, found 'x'; it has none"),
        ("epochs", "-1", "expected epochs to be at least 0, found -1"),
    ],
)
def test_a_wrong_setting_is_refused_in_a_sentence(path: str, text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  compared in full below
        change(Training(), path, text)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "old", "expected"), [("1e-3", 0.5, 1e-3), ("none", 0.5, None), ("mnist", "x", "mnist")]
)
def test_parse(text: str, old: Any, expected: Any) -> None:
    assert parse(text, old, "x") == expected


def test_settings_reach_every_arm_that_trains_or_the_one_that_is_named() -> None:
    changed = change_experiment(load_experiment("pca_vs_autoencoder"), ["training.epochs=1"])
    assert {arm.training.epochs for arm in changed.arms} == {0, 1}  # the projection stays in closed form
    one = change_experiment(load_experiment("quickstart"), ["improved, code 8:training.epochs=1", "data=mnist"])
    assert [arm.training.epochs for arm in one.arms] == [150, 1]
    assert one.data == "mnist"
    assert change_experiment(one, ["split=70-20-10"]).split == (70, 20, 10)
    assert [arm.name for arm in change_experiment(one, ["arms=improved*"]).arms] == ["improved, code 8"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("trainin.epochs=1", "found 'trainin.epochs'; did you mean 'training'?"),
        ("training.epochs", "expected a setting as path=value"),
        ("improved, code 9:training.epochs=1", "did you mean 'improved, code 8'?"),
        ("arms=best*", "expected arms= to match one of compared, plain network; improved, code 8, found 'best*'"),
        ("split=70-30", "expected a split as train-validation-test in percent, found '70-30'"),
        ("split=70-20-20", "that add up to 100, found 70, 20, 20"),
        ("model.num_block=2", "expected a setting of Dense, found 'num_block'"),
    ],
)
def test_a_wrong_experiment_setting_gets_a_suggestion(setting: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  compared below
        change_experiment(load_experiment("quickstart"), [setting])
    assert said in str(caught.value)


def test_a_setting_that_one_arm_has_changes_that_arm() -> None:
    changed = change_experiment(load_experiment("quickstart"), ["model.num_blocks=2"])
    assert [getattr(arm.model, "num_blocks", None) for arm in changed.arms] == [None, 2]
    assert change(Objective(penalties=(L1(1e-3),)), "reduction", "sum").reduction == "sum"
    assert GaussianNoise(0.3) == change(GaussianNoise(0.1), "sigma", "0.3")
