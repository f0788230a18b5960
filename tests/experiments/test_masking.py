"""What a run of known figures says of report 000's conclusions on masks."""

from pathlib import Path

import pytest

from narrows.experiments.masking import RATIOS, REPORTED, judge
from narrows.files import write_json
from narrows.results import Conclusion, Result, open_run, write_rows


def judged(folder: Path, errors: dict[float, list[float]], hidden: float = 0.05) -> list[Conclusion]:
    """Of the errors at every ratio, by the ratio that a model was trained at, and of those on hidden pixels alone."""
    write_json(folder / "experiment.json", {"name": "masking"})
    write_json(folder / "environment.json", {"format": 1})

    def row(arm: str, condition: str, value: float) -> Result:
        return Result("masking", arm, 0, "reconstruction", condition, "test", "mse", value, 10)

    rows = [
        row(f"{REPORTED}, trained at {trained}", f"hidden={tested}", error)
        for trained, found in errors.items()
        for tested, error in zip(RATIOS, found, strict=True)
    ]
    for arm, factor in ((REPORTED, hidden), ("linear interpolation", 1.0)):
        rows += [row(arm, f"hidden={ratio} pixels=hidden", factor * ratio) for ratio in RATIOS]
    write_rows(folder / "results.csv", Result, rows)
    return judge(open_run(folder))


def own_best(at: list[float]) -> dict[float, list[float]]:
    """Errors of models each of which is the best at its own ratio, where it has these."""
    return {
        trained: [error if trained == tested else 1.0 for tested, error in zip(RATIOS, at, strict=True)]
        for trained in RATIOS
    }


@pytest.mark.parametrize(
    ("errors", "verdict"), [([0.1, 0.2, 0.3, 0.4], "refuted"), ([0.4, 0.3, 0.31, 0.1], "confirmed")]
)
def test_a_model_for_each_ratio_says_whether_errors_fall_with_it(
    tmp_path: Path, errors: list[float], verdict: str
) -> None:
    falls, best, _ = judged(tmp_path, own_best(errors))
    assert falls.verdict == verdict
    assert best.verdict == "refuted"


@pytest.mark.parametrize(("won", "verdict"), [(4, "confirmed"), (2, "partly"), (1, "refuted"), (0, "refuted")])
def test_the_model_trained_at_80_percent_has_to_lead_on_the_same_pictures(
    tmp_path: Path, won: int, verdict: str
) -> None:
    errors = {ratio: [0.5] * 4 for ratio in RATIOS} | {0.8: [0.1] * won + [0.9] * (4 - won)}
    assert judged(tmp_path, errors)[1].verdict == verdict


@pytest.mark.parametrize(("hidden", "verdict"), [(0.5, "confirmed"), (2.0, "refuted")])
def test_details_are_what_interpolation_does_not_know(tmp_path: Path, hidden: float, verdict: str) -> None:
    assert judged(tmp_path, own_best([0.1] * 4), hidden)[2].verdict == verdict


def test_what_was_not_run_is_not_judged(tmp_path: Path) -> None:
    write_json(tmp_path / "experiment.json", {"name": "masking"})
    write_json(tmp_path / "environment.json", {"format": 1})
    write_rows(tmp_path / "results.csv", Result, [])
    assert [each.verdict for each in judge(open_run(tmp_path))] == ["not tested"] * 3
