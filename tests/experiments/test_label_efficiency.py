"""What report 000 concludes of its classifiers, on made-up figures."""

from pathlib import Path

import pytest

from narrows.experiments.index import load_experiment
from narrows.experiments.label_efficiency import (
    ALL,
    ANOTHER,
    ENCODER,
    FEW,
    FIVE_LAYERS,
    IMPROVED,
    REAL_CODES,
    THREE_LAYERS,
    chance,
    judge,
)
from narrows.files import write_json
from narrows.results import Conclusion, Result, Run, open_run, write_rows

FIGURES = {THREE_LAYERS: (0.1, 0.1), REAL_CODES: (0.2, 0.3), IMPROVED: (0.4, 0.7), FIVE_LAYERS: (0.1, 0.11),
           ANOTHER: (0.1, 0.2)}  # fmt: skip


def run_of(folder: Path, figures: dict[str, tuple[float, float]]) -> Run:
    write_json(folder / "experiment.json", {"name": "label_efficiency"})
    write_json(folder / "environment.json", {"format": 1})
    rows = [
        Result("label_efficiency", arm, 0, "label_efficiency", condition, split, "accuracy", value, count)
        for arm, pair in figures.items()
        for condition, value in zip((FEW, ALL), pair, strict=True)
        for split, count in (("train", 45_000), ("test", 10_000))
    ]
    write_rows(folder / "results.csv", Result, rows)
    return open_run(folder)


def judged(folder: Path, figures: dict[str, tuple[float, float]]) -> list[Conclusion]:
    return judge(run_of(folder, figures))


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ({}, "partly"),
        ({THREE_LAYERS: (0.1, 0.2)}, "refuted"),
        ({REAL_CODES: (0.3, 0.3), IMPROVED: (0.5, 0.5)}, "confirmed"),
    ],
)
def test_more_labels_help_where_accuracy_grows_beyond_chance(
    tmp_path: Path, gains: dict[str, tuple[float, float]], verdict: str
) -> None:
    labels = judged(tmp_path, FIGURES | gains)[0]
    assert labels.verdict == verdict
    few, many = (FIGURES | gains)[IMPROVED]
    assert f"“{IMPROVED}” {few:.3f} and {many:.3f}" in labels.evidence


@pytest.mark.parametrize(("five", "verdict"), [(0.12, "confirmed"), (0.105, "partly"), (0.1, "refuted")])
def test_a_difference_counts_as_one_beyond_chance_alone(tmp_path: Path, five: float, verdict: str) -> None:
    layers = judged(tmp_path, FIGURES | {FIVE_LAYERS: (0.1, five)})[1]
    assert layers.verdict == verdict
    assert f"three layers 0.100, five {five:.3f}" in layers.evidence


def test_another_architecture_is_held_against_the_better_mlp(tmp_path: Path) -> None:
    assert judged(tmp_path, FIGURES)[2].verdict == "confirmed"
    assert judged(tmp_path / "again", FIGURES | {FIVE_LAYERS: (0.1, 0.3)})[2].verdict == "refuted"


def test_chance_is_that_of_two_shares_of_the_judged_pictures(tmp_path: Path) -> None:
    # two shares of a half, of 10 000 pictures each: 1.96 sqrt(2 / 4 / 10 000)
    assert chance(run_of(tmp_path, FIGURES), 0.5, 0.5) == pytest.approx(0.013859, abs=1e-6)


def test_a_missing_arm_leaves_all_three_untested(tmp_path: Path) -> None:
    assert [each.verdict for each in judged(tmp_path, {IMPROVED: (0.4, 0.7)})] == ["not tested"] * 3


def test_encoders_stand_still_for_every_classifier_that_is_compared_on_them() -> None:
    shared = {arm.name: arm.encoder for arm in load_experiment("label_efficiency").arms if arm.encoder}
    assert shared[THREE_LAYERS] == shared[FIVE_LAYERS] == shared[ANOTHER] == ENCODER != shared[REAL_CODES]
    on_improved = {name for name, encoder in shared.items() if encoder == IMPROVED}
    assert on_improved == {"compared, MLP", "compared, nearest neighbours"}
