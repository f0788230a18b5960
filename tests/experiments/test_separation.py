"""What runs of known figures say of reports 002 and 003, and what the arms are made of."""

from pathlib import Path

import pytest

from narrows.experiments import mean_image as mean
from narrows.experiments import separation as apart
from narrows.files import write_json
from narrows.results import Result, Run, open_run, write_rows


def run_of(folder: Path, figures: dict[tuple[str, str, str, str], float]) -> Run:
    """A run of figures by arm, evaluation, condition and metric."""
    write_json(folder / "experiment.json", {"name": "made up"})
    write_json(folder / "environment.json", {"format": 1})
    rows = [
        Result("made up", arm, 0, evaluation, condition, "test", metric, value, 10)
        for (arm, evaluation, condition, metric), value in figures.items()
    ]
    write_rows(folder / "results.csv", Result, rows)
    return open_run(folder)


@pytest.mark.parametrize(("mean_error", "verdict"), [(0.03, "refuted"), (0.3, "partly")])
def test_a_loss_above_the_mean_picture_s_is_no_learning(tmp_path: Path, mean_error: float, verdict: str) -> None:
    run = run_of(
        tmp_path,
        {
            (mean.REPORTED, "reconstruction", "", "mse"): 0.002,
            ("mean picture", "reconstruction", "", "mse"): mean_error,
        },
    )
    loss, quality = mean.judge(run)
    assert loss.verdict == verdict
    assert f"has a loss of {4 * mean_error:.3f}" in loss.evidence
    assert quality.verdict == "not tested"


@pytest.mark.parametrize(("psnr", "verdict"), [(26.0, "refuted"), (15.6, "confirmed")])
def test_the_quality_is_what_such_a_network_reaches(tmp_path: Path, psnr: float, verdict: str) -> None:
    figures = {
        (arm, "reconstruction", "", metric): value
        for arm, pair in ((mean.REPORTED, (psnr, 0.8)), ("PCA, code 256", (30.7, 0.909)))
        for metric, value in zip(("psnr", "ssim"), pair, strict=True)
    }
    loss, quality = mean.judge(run_of(tmp_path, figures))
    assert quality.verdict == verdict
    assert f"{psnr:.1f} dB and 0.800; PCA of as many has 30.7 dB and 0.909" in quality.evidence
    assert loss.verdict == "not tested"


def separated(folder: Path, photograph: float, digit: float) -> Run:
    """psnr of both sources; the photograph by the formula has the digit's error."""
    figures: dict[tuple[str, str, str, str], float] = {}
    for name, psnr in ((apart.PHOTOGRAPH, photograph), (apart.DIGIT, digit)):
        where = (apart.REPORTED, "reconstruction", f"source={name}")
        figures |= {(*where, "psnr"): psnr, (*where, "ssim"): 0.7, (*where, "mse"): 10 ** (-psnr / 10)}
    formula = f"source={apart.PHOTOGRAPH} first=decoded mixture=exact"
    figures[apart.REPORTED, "by_formula", formula, "mse"] = 10 ** (-digit / 10)
    return run_of(folder, figures)


@pytest.mark.parametrize(
    ("psnr", "verdicts"),
    [
        ((14.7, 17.1), ["refuted", "partly", "confirmed"]),
        ((17.1, 14.7), ["refuted", "refuted", "refuted"]),
        ((61.0, 65.0), ["confirmed", "confirmed", "confirmed"]),
    ],
)
def test_what_the_rerun_says_of_the_separation(tmp_path: Path, psnr: tuple[float, float], verdicts: list[str]) -> None:
    found = apart.judge(separated(tmp_path, *psnr))
    assert [conclusion.verdict for conclusion in found] == verdicts
    assert f"{psnr[0]:.1f} dB and 0.700 on cifar10" in found[0].evidence


def test_what_was_not_run_is_not_judged(tmp_path: Path) -> None:
    run = run_of(tmp_path, {})
    assert {conclusion.verdict for conclusion in (*mean.judge(run), *apart.judge(run))} == {"not tested"}
