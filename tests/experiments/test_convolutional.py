"""What a run of known figures says of report 004's conclusions."""

from pathlib import Path

import numpy as np
import pytest

from narrows.experiments.convolutional import BOTH, DECONVOLUTION, UNPOOLING, judge
from narrows.files import write_json
from narrows.results import Conclusion, Result, open_run, slug, write_arrays, write_rows


def judged(
    folder: Path,
    figures: dict[str, tuple[float, float]],
    sizes: dict[str, list[float]],
    second: dict[str, tuple[float, float]] | None = None,
) -> list[Conclusion]:
    """Of each arm mse and ssim by one or two seeds, and its decoder's weights, the deepest stage first."""
    write_json(folder / "experiment.json", {"name": "convolutional"})
    write_json(folder / "environment.json", {"format": 1})
    rows = [
        Result("convolutional", arm, seed, "reconstruction", "", "test", metric, value, 10)
        for seed, found in enumerate((figures, second or {}))
        for arm, pair in found.items()
        for metric, value in zip(("mse", "ssim"), pair, strict=True)
    ]
    rows += [
        Result("convolutional", UNPOOLING, 0, "checks", "", "test", metric, value, 10)
        for metric, value in (("code_numbers", 144), ("bypass_numbers", 2496))
    ]
    write_rows(folder / "results.csv", Result, rows)
    for arm, stages in sizes.items():
        arrays = {f"decoder_{place}": np.full((2, 2, 3, 3), size) for place, size in enumerate(reversed(stages))}
        arrays["first_layer"] = np.full((2, 1, 3, 3), 99.0)
        write_arrays(folder / "arrays" / slug(arm, 0) / "filters.npz", arrays)
    return judge(open_run(folder))


@pytest.mark.parametrize(
    ("unpooling", "alone", "verdict"),
    [([0.1, 0.3], 0.4, "confirmed"), ([0.1, 0.5], 0.4, "partly"), ([0.5, 0.5], 0.1, "refuted")],
)
def test_weights_are_compared_at_the_same_stage(
    tmp_path: Path, unpooling: list[float], alone: float, verdict: str
) -> None:
    # unpooling has no convolution at its deepest stage, where deconvolution's weights are smallest
    sizes = {UNPOOLING: unpooling, BOTH: [0.05, *unpooling], DECONVOLUTION: [0.06, alone, alone]}
    if verdict == "refuted":
        sizes[BOTH][0] = 0.07
    weights = judged(tmp_path, {}, sizes)[0]
    assert weights.verdict == verdict
    assert f"deconvolution 0.060, {alone:.3f}, {alone:.3f}" in weights.evidence


def test_errors_and_looks_are_judged_by_mse_and_ssim(tmp_path: Path) -> None:
    figures = {UNPOOLING: (0.004, 0.95), BOTH: (0.002, 0.97), DECONVOLUTION: (0.003, 0.96)}
    _, errors, looks = judged(tmp_path, figures, {})
    assert (errors.verdict, looks.verdict) == ("partly", "partly")
    assert "sends 2496 numbers around the 144 of its code" in errors.evidence
    better = {**figures, DECONVOLUTION: (0.005, 0.98)}
    assert [each.verdict for each in judged(tmp_path, better, {})[1:]] == ["confirmed", "confirmed"]


def test_a_collapsed_seed_counts_as_one_seed(tmp_path: Path) -> None:
    figures = {UNPOOLING: (0.004, 0.95), BOTH: (0.002, 0.97), DECONVOLUTION: (0.005, 0.98)}
    errors = judged(tmp_path, figures, {}, {**figures, BOTH: (0.114, 0.1)})[1]
    assert errors.verdict == "partly"
    assert "0.0580 with both, less in 1." in errors.evidence


def test_a_missing_arm_leaves_all_three_untested(tmp_path: Path) -> None:
    found = judged(tmp_path, {UNPOOLING: (0.004, 0.95)}, {UNPOOLING: [0.1]})
    assert [each.verdict for each in found] == ["not tested"] * 3
