"""What a run of known figures says of the error of 2006."""

from pathlib import Path

import pytest

from narrows.experiments.hinton_speedrun import IMPROVED, hinton_speedrun, judge
from narrows.files import write_json
from narrows.results import Conclusion, Result, open_run, write_rows


def judged(folder: Path, errors: tuple[float, ...]) -> Conclusion:
    """Of the improved network's squared errors, a seed each, after 100, 101, ... seconds."""
    write_json(folder / "experiment.json", {"name": "hinton_speedrun"})
    write_json(folder / "environment.json", {"format": 1})
    rows = []
    for seed, error in enumerate(errors):
        own = ("hinton_speedrun", IMPROVED, seed)
        rows.append(Result(*own, "reconstruction", "", "test", "squared_error", error, 10_000))
        rows.append(Result(*own, "training", "", "train", "training_seconds", 100.0 + seed, 50_000))
    write_rows(folder / "results.csv", Result, rows)
    (conclusion,) = judge(open_run(folder))
    return conclusion


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [((2.7, 2.8, 3.0), "confirmed"), ((2.7, 2.8, 3.01), "partly"), ((3.2, 3.3, 4.0), "refuted")],
)
def test_every_seed_has_to_reach_the_error_of_2006(tmp_path: Path, errors: tuple[float, ...], verdict: str) -> None:
    found = judged(tmp_path, errors)
    assert found.verdict == verdict
    assert f"the last to {max(errors):.2f}, after 101 s" in found.evidence


def test_a_run_without_the_improved_network_says_nothing_of_it(tmp_path: Path) -> None:
    assert judged(tmp_path, ()).verdict == "not tested"


def test_what_is_judged_is_an_arm() -> None:
    assert IMPROVED in [arm.name for arm in hinton_speedrun().arms]
