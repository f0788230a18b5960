"""The words of a sweep: what they mean, and what is refused."""

import re

import pytest

from narrows.sweeps.axes import (
    Choices,
    Range,
    folder_name,
    grid,
    labels,
    parse_axes,
    parse_over,
    parse_search,
    spoken,
)


def test_a_grid_is_the_product_and_seeds_are_no_axis_of_it() -> None:
    over = ["model.code_size=8,16", "training.learning_rate=1e-3,0.01,0.001", "training.seed=0,1,2"]
    axes, seeds = parse_axes(over, [], 1)
    assert seeds == 3
    points = list(grid(axes))
    assert [spoken(point) for point in points] == [
        "code_size 8, learning_rate 0.001",
        "code_size 8, learning_rate 0.01",
        "code_size 16, learning_rate 0.001",
        "code_size 16, learning_rate 0.01",
    ]
    assert folder_name(points[0]) == "code_size=8,learning_rate=0.001"


def test_lists_keep_their_commas_and_no_folder_leaves_points() -> None:
    choices = parse_over("model.widths=[64,32],[64],(8, 8)")
    assert choices == Choices("model.widths", ("[64,32]", "[64]", "(8, 8)"))
    assert [folder_name(point) for point in grid([choices])] == ["widths=-64,32-", "widths=-64-", "widths=-8,-8-"]
    assert "/" not in folder_name((("objective.loss", "../../x"),))


def test_paths_that_end_alike_are_told_apart() -> None:
    assert labels(["model.inner.width", "model.width", "training.epochs"]) == {
        "model.inner.width": "model.inner.width",
        "model.width": "model.width",
        "training.epochs": "epochs",
    }


@pytest.mark.parametrize(
    ("text", "axis", "log"),
    [
        ("training.learning_rate=1e-4:1e-1", Range("training.learning_rate", 1e-4, 0.1, whole=False), True),
        ("training.weight_decay=0:0.1", Range("training.weight_decay", 0.0, 0.1, whole=False), False),
        ("model.code_size=8:64", Range("model.code_size", 8.0, 64.0, whole=True), False),
        ("model.code_size=1:100", Range("model.code_size", 1.0, 100.0, whole=True), True),
    ],
)
def test_a_range_is_whole_as_it_is_written_and_logarithmic_where_it_is_wide(text: str, axis: Range, log: bool) -> None:
    assert parse_search(text) == axis
    assert axis.log == log
    assert parse_search(axis.words) == axis


def test_a_search_chooses_among_words_too() -> None:
    assert parse_search("training.optimizer=adam,muon") == Choices("training.optimizer", ("adam", "muon"))


@pytest.mark.parametrize(
    ("over", "search", "seeds", "sentence"),
    [
        ([], [], 1, "expected a path to sweep, found none"),
        (["model.code_size"], [], 1, "expected a setting as path=value"),
        (["model.code_size=8,,16"], [], 1, "expected values of model.code_size with commas"),
        (["data=digits,mnist"], [], 1, "expected a path that starts with model, training, objective to sweep"),
        (["corruption.sigma=0.1,0.2"], [], 1, "points must have the same pictures and task"),
        (["training.precision=float32,bfloat16"], [], 1, "--precision is one for all"),
        (["model.code_size=8", "model.code_size=16"], [], 1, "expected each path once, found model.code_size twice"),
        (["model.code_size=8"], ["training.epochs=1:9"], 1, "found both; --search model.code_size=8 chooses"),
        (["model.code_size=8", "training.seed=0,2"], [], 1, "expected seeds that count from 0"),
        (["model.code_size=8", "training.seed=0,1"], [], 3, "found training.seed=0,1 and --seeds 3"),
        ([], ["training.seed=0:9"], 1, "expected no search for a seed"),
        ([], ["training.learning_rate=1e-1:1e-4"], 1, "low below high, found training.learning_rate=0.1:0.0001"),
        ([], ["training.learning_rate=0.1"], 1, "expected --search as training.learning_rate=low:high"),
        ([], ["training.learning_rate=low:high"], 1, "expected --search as training.learning_rate=low:high"),
    ],
)
def test_words_that_make_no_sense_are_refused(over: list[str], search: list[str], seeds: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        parse_axes(over, search, seeds)
