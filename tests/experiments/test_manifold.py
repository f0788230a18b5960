"""What the experiment on the manifold says of report 004, from figures whose answer is known."""

from pathlib import Path

import numpy as np
import pytest
import torch

from narrows.experiments.manifold import (
    AMOUNTS,
    REPORTED,
    SMOOTH,
    judge_detail,
    judge_input,
    judge_recognition,
    judge_variation,
)
from narrows.files import write_json
from narrows.results import Result, Run, open_run, slug, write_arrays, write_rows


def run_of(folder: Path, recognised: tuple[float, ...], error: tuple[float, ...], outputs: np.ndarray) -> Run:
    rows = [
        Result("manifold", REPORTED, 0, "code_noise", f"code_noise={amount} unit=absolute", "test", metric, value, 10)
        for metric, values in (("recognised", recognised), ("mse", error))
        for amount, value in zip(AMOUNTS, values, strict=True)
    ]
    write_json(folder / "experiment.json", {})
    write_json(folder / "environment.json", {})
    write_rows(folder / "results.csv", Result, rows)
    for arm, spread in ((REPORTED, 5.0), (SMOOTH, 1.0)):
        clean = np.array([0.0, 1.0]).reshape(2, 1, 1, 1)
        arrays = {"deviation": np.full(8, spread), "reconstruction": clean, "absolute": outputs}
        write_arrays(folder / "arrays" / slug(arm, 0) / "code_noise.npz", arrays)
    return open_run(folder)


def test_noise_that_leaves_neighbouring_pixels_as_alike_as_before_is_only_part_of_the_claim(
    tmp_path: Path, generator: torch.Generator
) -> None:
    stripes = np.tile(np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]), (3, 1, 6, 1)) + np.linspace(0, 0.1, 6)
    noise = torch.randn(3, 1, 6, 6, generator=generator).numpy()
    for number, (strength, verdict) in enumerate(((3.0, "confirmed"), (0.01, "partly"))):
        folder = tmp_path / str(number)
        run_of(folder, FALLING, RISING, draws(0.1, 0.6))
        rows = [
            Result("manifold", REPORTED, 0, "reconstruction", condition, "test", "mse", value, 10)
            for condition, value in (("", 0.03), ("noise=0.5", 0.05))
        ]
        write_rows(folder / "results.csv", Result, rows)
        arrays = {
            "target": stripes.astype(np.float32),
            "input": (stripes + strength * noise)[None].astype(np.float32),
        }
        write_arrays(folder / "arrays" / slug(REPORTED, 0) / "under_noise.npz", arrays)
        found = judge_input(open_run(folder))
        assert found.verdict == verdict
        assert "goes from 0.0300 to 0.0500" in found.evidence


FALLING, RISING = (0.8, 0.7, 0.6, 0.5, 0.4, 0.3), (0.03, 0.04, 0.05, 0.06, 0.07, 0.08)


def draws(*spreads: float) -> np.ndarray:
    """Outputs (amount, picture, draw, 1, 1, 1) of which half lie above and half below 0.5 by each spread."""
    steps = np.array([-1.0, -1.0, 1.0, 1.0]).reshape(1, 1, 4, 1, 1, 1)
    outputs: np.ndarray = 0.5 + np.array(spreads).reshape(-1, 1, 1, 1, 1, 1) * np.repeat(steps, 2, axis=1)
    return outputs


def test_noise_is_stated_in_spreads_of_each_code(tmp_path: Path) -> None:
    found = judge_recognition(run_of(tmp_path, FALLING, RISING, draws(0.1, 0.6)))
    assert found.verdict == "confirmed"
    assert "80 % at 0.5, 70 % at 1, 60 % at 3" in found.evidence
    assert "spreads by 5.00, so that noise of 5 is 1.00 spreads" in found.evidence
    assert f"“{SMOOTH}” it spreads by 1.00, and noise of 5 is 5.00 spreads" in found.evidence


@pytest.mark.parametrize(
    ("recognised", "verdict"),
    [((0.4, 0.4, 0.3, 0.3, 0.2, 0.1), "partly"), ((0.9,) * 6, "refuted"), ((0.9, 0.8, 0.7, 0.7, 0.6, 0.6), "partly")],
)
def test_digits_that_stay_or_never_were_recognised_do_not_confirm(
    tmp_path: Path, recognised: tuple[float, ...], verdict: str
) -> None:
    assert judge_recognition(run_of(tmp_path, recognised, RISING, draws(0.1, 0.6))).verdict == verdict


def test_an_error_that_does_not_rise_refutes_the_loss_of_detail(tmp_path: Path) -> None:
    assert judge_detail(run_of(tmp_path / "a", FALLING, RISING, draws(0.1, 0.6))).verdict == "confirmed"
    assert judge_detail(run_of(tmp_path / "b", FALLING, RISING[::-1], draws(0.1, 0.6))).verdict == "refuted"


def test_outputs_that_vary_more_than_two_digits_do_confirm(tmp_path: Path) -> None:
    # the two digits are 0 and 1: a variance of 0.25, as outputs at 0.5 above and below have
    for number, (most, verdict) in enumerate(((0.6, "confirmed"), (0.4, "partly"), (0.05, "refuted"))):
        found = judge_variation(run_of(tmp_path / str(number), FALLING, RISING, draws(0.1, most)))
        assert found.verdict == verdict
        assert f"{0.01:.4f} at noise of 0.5 and {most**2:.4f} at 10" in found.evidence
        assert "2.0 spreads" in found.evidence
