"""What a run of known figures says of report 000's conclusions on code sizes."""

from pathlib import Path

import pytest

from narrows.experiments.bottleneck import SIZES, judge
from narrows.experiments.folder import reported_rows
from narrows.files import write_json
from narrows.results import Conclusion, Reported, Result, open_run, write_rows


def judged(folder: Path, errors: list[float], split: str = "80-10-10") -> list[Conclusion]:
    """Of the reported networks' errors, the widest first."""
    write_json(folder / "experiment.json", {"name": "bottleneck", "data": {"split": split}})
    write_json(folder / "environment.json", {"format": 1})
    arms = [f"as reported, code {size}" for size in SIZES]
    rows = [
        Result("bottleneck", arm, 0, "reconstruction", "", "test", "mse", error, 10)
        for arm, error in zip(arms, errors, strict=False)
    ]
    rows.append(Result("bottleneck", "PCA, code 256", 0, "reconstruction", "", "test", "mse", 0.0075, 10))
    write_rows(folder / "results.csv", Result, rows)
    write_rows(folder / "reported.csv", Reported, reported_rows("bottleneck", split))
    return judge(open_run(folder))


@pytest.mark.parametrize("split", ["80-10-10", "70-20-10", "60-20-20"])
@pytest.mark.parametrize(
    ("errors", "verdicts"),
    [
        ([0.01, 0.02, 0.03, 0.04, 0.05], ["confirmed", "refuted"]),
        ([0.01, 0.03, 0.02, 0.04, 0.05], ["partly", "refuted"]),
        ([0.05, 0.04, 0.03, 0.02, 0.01], ["refuted", "confirmed"]),
    ],
)
def test_sizes_are_judged_by_the_reported_networks(
    tmp_path: Path, errors: list[float], verdicts: list[str], split: str
) -> None:
    sizes, figure, better_split = judged(tmp_path, errors, split)
    assert [sizes.verdict, figure.verdict] == verdicts
    assert "PCA, which has 0.0075 with 256" in sizes.evidence
    assert better_split.verdict == "partly"
    assert "70-20-10 is lower at 3 of 5 sizes" in better_split.evidence


def test_a_missing_size_leaves_them_untested(tmp_path: Path) -> None:
    assert [each.verdict for each in judged(tmp_path, [0.01, 0.02])] == ["not tested"] * 3
