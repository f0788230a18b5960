"""A healthy run, for which the doctor finds nothing, and one planted fault at a time."""

import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from narrows.cli import main
from narrows.diagnostics import CHECKS, diagnose, exit_code
from narrows.files import write_json
from narrows.results import (
    Finding,
    HistoryRow,
    Reported,
    Result,
    Run,
    open_run,
    slug,
    write_arrays,
    write_rows,
)

REPORTED, IMPROVED, DENOISER, SEEDS = "as reported, code 30", "improved, code 30", "improved, denoising", (0, 1, 2)

PROJECTION = "as reported, PCA 30"

Key: TypeAlias = tuple[str, int, str, str, str, str]
"""Arm, seed, evaluation, condition, split, metric: what tells one row of results.csv from the others."""


@dataclass
class Folder:
    """A run's content before it is written, so that a fault can be planted in it."""

    experiment: dict[str, Any]
    figures: dict[Key, float] = field(default_factory=dict)
    curves: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    reported: list[Reported] = field(default_factory=list)
    arrays: dict[tuple[str, str], dict[str, NDArray[Any]]] = field(default_factory=dict)
    """Of the first seed, by arm and evaluation."""

    def put(
        self, arm: str, values: dict[str, float], evaluation: str, split: str = "test", condition: str = ""
    ) -> None:
        """The same facts for every seed, and errors a little apart, as seeds are."""
        for metric, value in values.items():
            for seed in SEEDS:
                apart = 1 + 0.001 * seed if metric == "mse" else 1.0
                self.figures[arm, seed, evaluation, condition, split, metric] = value * apart

    def arm(self, name: str) -> dict[str, Any]:
        return next(entry for entry in self.experiment["arms"] if entry["name"] == name)

    def write(self, folder: Path) -> Run:
        write_json(folder / "experiment.json", self.experiment)
        write_json(folder / "environment.json", {"format": 1})
        write_rows(
            folder / "results.csv",
            Result,
            [Result("made up", *key, value, 100) for key, value in self.figures.items()],
        )
        write_rows(
            folder / "history.csv",
            HistoryRow,
            [
                HistoryRow(arm, seed, epoch, epoch, 1.0, term, split, value)
                for (arm, seed), curve in self.curves.items()
                for epoch, loss in enumerate(curve, start=1)
                # Neither the training loss nor a term, both still falling, says that more training would help.
                for term, split, value in (
                    ("loss", "train", loss / epoch),
                    ("loss", "validation", loss),
                    ("mse", "validation", loss / epoch),
                )
            ],
        )
        write_rows(folder / "reported.csv", Reported, self.reported)
        for (arm, evaluation), arrays in self.arrays.items():
            write_arrays(folder / "arrays" / slug(arm, 0) / f"{evaluation}.npz", arrays)
        return open_run(folder)


def entry(name: str, task: str, corruption: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "role": name.partition(",")[0],
        "seeds": list(SEEDS),
        "task": task,
        "description": {
            "model": {"type": "Dense", "code_size": 30},
            "corruption": corruption,
            "objective": {"type": "Objective", "reconstruction": "mse", "penalties": []},
            "training": {"epochs": 20, "schedule": "cosine"},
        },
    }


def annealed(final: float) -> list[float]:
    """A loss that follows a cosine schedule down to 0: 8 % above its end at four fifths, at rest in the last epoch."""
    return [final * (1 + 0.85 * (1 + math.cos(math.pi * epoch / 20)) / 2) for epoch in range(1, 21)]


def healthy() -> Folder:
    """Two compressors and a denoiser of three seeds beside their baselines."""
    noise = {"type": "GaussianNoise", "sigma": 0.3, "clip": False}
    folder = Folder(
        {
            "name": "made up",
            "data": {
                "name": "mnist",
                "image_shape": [1, 28, 28],
                "n": {"train": 55000, "validation": 5000, "test": 10000},
                "official_test": True,
                "duplicates": {"train-test": 0, "train-validation": 0, "validation-test": 0},
            },
            "value_range": [0, 1],
            "arms": [
                entry(REPORTED, "compression", {"type": "NoCorruption"}),
                entry(IMPROVED, "compression", {"type": "NoCorruption"}),
                entry(DENOISER, "denoising", noise),
                entry("PCA, code 30", "compression", {"type": "NoCorruption"}) | {"role": "baseline"},
                {"name": "mean picture", "role": "baseline", "task": "compression"},
            ],
        }
    )
    clean = {"input_minimum": 0.0, "input_maximum": 1.0, "code_numbers": 30, "bypass_numbers": 0}
    lively = clean | {"output_variation": 0.9, "dead_units": 0.0, "black_pixels": 0.0}
    # An output that ignores the noise is its energy (0.09) further from the input than from the target.
    noisy = lively | {"input_minimum": -1.4, "input_maximum": 2.4, "input_psnr": 10.5, "input_distance": 0.10}
    for arm, mse, facts in ((REPORTED, 0.015, lively), (IMPROVED, 0.009, lively), (DENOISER, 0.010, noisy)):
        folder.put(arm, {"mse": mse}, "reconstruction")
        folder.put(arm, {"mse": mse}, "reconstruction", "validation")
        folder.put(arm, {"mse": mse * 0.95}, "reconstruction", "train")
        folder.put(arm, {"mse": mse * 0.99}, "clamped")
        folder.put(arm, {"input_distance": mse} | facts, "checks")
        folder.curves |= {(arm, seed): annealed(mse) for seed in SEEDS}
    for strength, mse in ((0.1, 0.013), (0.3, 0.010), (0.5, 0.012), (0.9, 0.030)):
        folder.put(DENOISER, {"mse": mse}, "reconstruction", condition=f"noise={strength}")
    folder.put("PCA, code 30", {"mse": 0.018}, "reconstruction")
    folder.put("PCA, code 30", {"mse": 0.017}, "clamped")
    folder.put("PCA, code 30", clean, "checks")
    folder.put("mean picture", {"mse": 0.067}, "reconstruction")
    return folder


def reported(metric: str, value: float, condition: str = "", arm: str = REPORTED) -> Reported:
    return Reported("009", "made up", arm, "mnist", condition, "test", metric, value, "yes", "")


def falling(folder: Folder) -> None:
    folder.curves |= {(IMPROVED, seed): [0.02 * epoch**-0.2 for epoch in range(1, 21)] for seed in SEEDS}


def rising(folder: Folder) -> None:
    valley = [0.009 + 0.0001 * abs(epoch - 10) for epoch in range(1, 21)]
    folder.curves |= {(IMPROVED, seed): valley for seed in SEEDS}
    folder.put(IMPROVED, {"mse": 0.006}, "reconstruction", "train")


def rising_alone(folder: Folder) -> None:
    rising(folder)
    folder.put(IMPROVED, {"mse": 0.009}, "reconstruction", "train")


def gap_alone(folder: Folder) -> None:
    folder.put(IMPROVED, {"mse": 0.006}, "reconstruction", "train")


def measured_on_grey_levels(folder: Folder) -> None:
    folder.put(REPORTED, {"input_minimum": 0, "input_maximum": 255, "mse": 0.02}, "as measured in the report")


def without_mean(folder: Folder) -> None:
    pca = entry(PROJECTION, "compression", {"type": "NoCorruption"})
    pca["description"]["model"] = {"type": "PCA", "code_size": 30}
    folder.experiment["arms"].append(pca | {"seeds": [0]})
    for evaluation, error in (("reconstruction", 13.70), ("as measured in the report", 13.97)):
        folder.figures[PROJECTION, 0, evaluation, "pictures=0-9", "test", "squared_error"] = error


def bypass_with_dead_units(folder: Folder) -> None:
    folder.put(DENOISER, {"bypass_numbers": 3136, "dead_units": 0.6}, "checks")


def noise_on_grey_levels(folder: Folder) -> None:
    folder.experiment["value_range"] = [0, 255]
    values = {"input_minimum": -2.0, "input_maximum": 257.0, "mse": 0.0152}
    folder.put(REPORTED, values, "as measured in the report", condition="noise=0.9")


def penalised(folder: Folder) -> None:
    for arm, weight in ((REPORTED, 1e-6), (IMPROVED, 1e-5)):
        folder.arm(arm)["description"]["objective"]["penalties"] = [{"type": "L1", "weight": weight}]


def penalised_results(folder: Folder) -> None:
    penalised(folder)
    for arm in (REPORTED, IMPROVED):
        folder.put(arm, {"loss": 0.02}, "training", "train")


def penalised_report(folder: Folder) -> None:
    penalised(folder)
    folder.reported += [reported("loss_with_penalty", 0.0086), reported("loss_with_penalty", 0.0775, arm=IMPROVED)]


def losses_under_one_penalty(folder: Folder) -> None:
    for arm in (REPORTED, IMPROVED):
        folder.put(arm, {"loss": 0.02}, "training", "train")


def bypassed_pca(folder: Folder) -> None:
    folder.put(IMPROVED, {"mse": 0.019}, "reconstruction")
    folder.put(IMPROVED, {"bypass_numbers": 20}, "checks")


def another_task_than_pca(folder: Folder) -> None:
    folder.put(IMPROVED, {"mse": 0.019}, "reconstruction")
    folder.arm(IMPROVED)["description"]["corruption"] = {"type": "Binarise"}


def pca_of_noisy_pictures(folder: Folder) -> None:
    folder.put(DENOISER, {"mse": 0.019}, "reconstruction")
    noise = folder.arm(DENOISER)["description"]["corruption"]
    folder.arm("PCA, code 30")["description"]["corruption"] = noise


def rerun_of_pca(folder: Folder) -> None:
    folder.put(REPORTED, {"mse": 0.018}, "reconstruction")
    folder.arm(REPORTED)["description"]["model"] = {"type": "PCA", "code_size": 30}


def filled(fill: float) -> Callable[[Folder], None]:
    """A mask that paints hidden pixels outside the range of pictures."""

    def plant(folder: Folder) -> None:
        folder.arm(DENOISER)["description"]["corruption"] = {"type": "PixelMask", "ratio": 0.5, "fill": fill}
        folder.put(DENOISER, {"input_minimum": min(fill, 0), "input_maximum": max(fill, 1)}, "checks")

    return plant


def noise_of_a_range(folder: Folder) -> None:
    folder.arm(DENOISER)["description"]["corruption"]["sigma"] = [0.2, 0.3]


def wide_seeds(folder: Folder) -> None:
    for seed, mse in zip(SEEDS, (0.0144, 0.0088, 0.0121), strict=True):
        folder.figures[IMPROVED, seed, "reconstruction", "", "test", "mse"] = mse


def one_seed(folder: Folder) -> None:
    folder.figures = {key: value for key, value in folder.figures.items() if key[1] == 0}
    folder.curves = {key: curve for key, curve in folder.curves.items() if key[1] == 0}


def classified(
    confusion: list[list[int]], *, evaluation: str = "label_efficiency", chosen: str = "MLP 8", features: str = "code"
) -> Callable[[Folder], None]:
    """How many pictures of the row's class were taken for the column's, with 1 % of the labels."""

    def plant(folder: Folder) -> None:
        arrays = {"conditions": np.array(["labels=0.01"]), "confusion": np.array([confusion])}
        if evaluation == "label_efficiency":
            arrays |= {"chosen": np.array([chosen]), "features": np.array(features)}
        folder.arrays[REPORTED, evaluation] = arrays

    return plant


def stated_of_ten(*rows: Reported) -> Callable[[Folder], None]:
    def plant(folder: Folder) -> None:
        folder.experiment["data"]["class_names"] = list("0123456789")
        folder.reported += rows

    return plant


def over_noise(*errors: float) -> Callable[[Folder], None]:
    def plant(folder: Folder) -> None:
        for strength, error in zip((0.3, 0.5, 0.9), errors, strict=True):
            folder.put(DENOISER, {"mse": error}, "reconstruction", condition=f"noise={strength}")

    return plant


def value(arm: str, metric: str, found: float, evaluation: str = "checks") -> Callable[[Folder], None]:
    return lambda folder: folder.put(arm, {metric: found}, evaluation)


def copies(count: int, pair: str, *, official: bool) -> Callable[[Folder], None]:
    def plant(folder: Folder) -> None:
        folder.experiment["data"] |= {"official_test": official, "duplicates": {pair: count}}

    return plant


def bypass(arm: str, numbers: float) -> Callable[[Folder], None]:
    return value(arm, "bypass_numbers", numbers)


def quoted(*rows: Reported) -> Callable[[Folder], None]:
    return lambda folder: folder.reported.extend(rows)


def standardised(*rows: Reported) -> Callable[[Folder], None]:
    """Figures that a report states of pictures less 0.5 over 0.5; the mean picture then has 0.268."""

    def plant(folder: Folder) -> None:
        folder.arm(REPORTED)["description"]["model"] = {"type": "Standardised", "mean": 0.5, "deviation": 0.5}
        folder.reported.extend(rows)

    return plant


RANGE, SMALL, TWICE = "input outside the training range", "corruption too small to see", "same picture in two splits"
PCA, FALLS, CONTRADICTS = (
    "no better than PCA",
    "error falls as the task gets harder",
    "PSNR and MSE contradict each other",
)
PRODUCT = "matrix product as error"
PENALTIES = "losses with different penalties compared"

FAULTS: dict[str, tuple[Callable[[Folder], None], str, str, str, str]] = {
    # fault: (what plants it, severity, name, arm, a piece of the evidence)
    "fed 0 to 255": (measured_on_grey_levels, "error", RANGE, REPORTED, "'as measured in the report' gave it 255"),
    "no mean": (without_mean, "error", "projected without the mean", PROJECTION, "13.97 as measured, 13.7 by"),
    "below the range": (value(IMPROVED, "input_minimum", -1.0), "error", RANGE, IMPROVED, "-1"),
    "noise past its reach": (value(DENOISER, "input_maximum", 3.6), "error", RANGE, DENOISER, "3.6"),
    "noise on 0 to 255": (noise_on_grey_levels, "warning", SMALL, REPORTED, "49.2 dB"),
    "faint noise": (value(DENOISER, "input_psnr", 44.0), "warning", SMALL, DENOISER, "44.0 dB"),
    "our split shares": (copies(3, "train-test", official=False), "error", TWICE, "", "3 in train-test"),
    "official test shares": (copies(12, "train-test", official=True), "note", TWICE, "", "12 in train-test"),
    "official set repeats": (copies(9, "train-validation", official=True), "note", TWICE, "", "9 in"),
    "splits overlap": (copies(900, "train-validation", official=True), "error", TWICE, "", "900 in"),
    "collapsed": (value(IMPROVED, "output_variation", 1e-4), "error", "collapsed output", IMPROVED, "0.0001 times"),
    "copies": (value(DENOISER, "input_distance", 1e-4), "error", "identity shortcut", DENOISER, "to the input 0.0001"),
    "black pixels": (value(REPORTED, "black_pixels", 0.2), "warning", "dead pixels", REPORTED, "20.0%"),
    "black picture": (value(REPORTED, "black_pixels", 0.9), "error", "dead pixels", REPORTED, "90.0%"),
    "some dead units": (value(IMPROVED, "dead_units", 0.2), "warning", "dead code units", IMPROVED, "20.0% of 30"),
    "most units dead": (value(IMPROVED, "dead_units", 0.6), "error", "dead code units", IMPROVED, "3 of 3 seeds"),
    "unpooling": (bypass(IMPROVED, 3136), "warning", "bypass carries the picture", IMPROVED, "3136 numbers"),
    "some around the code": (bypassed_pca, "note", "bypass carries the picture", IMPROVED, "20 numbers"),
    "dead features below skips": (
        bypass_with_dead_units,
        "note",
        "bypass carries the picture",
        DENOISER,
        "3136 numbers",
    ),
    "skips of a denoiser": (bypass(DENOISER, 3136), "note", "bypass carries the picture", DENOISER, "3136 numbers"),
    "mean picture": (
        value("mean picture", "mse", 0.0149, "reconstruction"),
        "error",
        "no better than the mean picture",
        REPORTED,
        "mse 0.01501, the mean picture's 0.01491, on test",
    ),
    "beaten by PCA": (value(IMPROVED, "mse", 0.019, "reconstruction"), "error", PCA, IMPROVED, "'PCA, code 30' 0.018"),
    "beaten by PCA on the same noise": (pca_of_noisy_pictures, "error", PCA, DENOISER, "'PCA, code 30' 0.018"),
    "beaten by clamped PCA": (value(IMPROVED, "mse", 0.0175, "reconstruction"), "warning", PCA, IMPROVED, "0.01702"),
    "budget too short": (falling, "warning", "not converged", IMPROVED, "4.4% over the last fifth"),
    "learned by heart": (rising, "warning", "overfit", IMPROVED, "1.50 times"),
    "penalised losses": (
        penalised_results,
        "note",
        PENALTIES,
        "",
        "loss training train: 'as reported, code 30' 0.02",
    ),
    "reported losses": (penalised_report, "warning", PENALTIES, "", "report 009 test: 'as reported, code 30' 0.0086"),
    "seeds far apart": (wide_seeds, "note", "difference smaller than the spread of seeds", "", "(3 seeds)"),
    "one seed": (one_seed, "note", "spread of seeds unknown", "", "2 of 2 arms"),
    "more noise, less error": (over_noise(0.03, 0.02, 0.01), "warning", FALLS, DENOISER, "0.01001 at noise=0.9"),
    "reported fall": (
        quoted(reported("mse", 0.03, "hidden=0.2"), reported("mse", 0.02, "hidden=0.8")),
        "warning",
        FALLS,
        REPORTED,
        "report 009, test mse: 0.03 at hidden=0.2, 0.02 at hidden=0.8",
    ),
    "noise without effect": (
        over_noise(0.01, 0.010001, 0.010002),
        "warning",
        "same error at every strength",
        DENOISER,
        "at noise=0.9",
    ),
    "peak of 255": (
        quoted(reported("mse", 0.01), reported("psnr", 68.2)),
        "error",
        CONTRADICTS,
        REPORTED,
        "its mse gives 20.0 dB: 20 log10 255 = 48.13 dB too much",
    ),
    "peak of 2": (quoted(reported("mse", 0.01), reported("psnr", 26.03)), "error", CONTRADICTS, REPORTED, "were 2"),
    "against Jensen": (quoted(reported("mse", 0.01), reported("psnr", 19.0)), "error", CONTRADICTS, REPORTED, "0.891"),
    "better than 8 bits": (quoted(reported("psnr", 63.0)), "error", CONTRADICTS, REPORTED, "it is 14.9 dB"),
    "ssim of a wrong range": (
        quoted(reported("mse", 0.04), reported("ssim", 0.995)),
        "error",
        "SSIM higher than its error allows",
        REPORTED,
        "ssim 0.995 with an mse of 0.04",
    ),
    "difference times itself": (
        quoted(reported("matrix_product_lowest", 11.2), reported("matrix_product_highest", 355.2)),
        "error",
        PRODUCT,
        REPORTED,
        "report 009, test: matrix product lowest 11.2, matrix product highest 355.2; a squared error is never",
    ),
    "a loss in other units": (
        standardised(reported("loss", 0.97), reported("loss", 0.2)),
        "note",
        "loss of standardised pictures",
        REPORTED,
        "a loss of 0.2, of pictures in [0, 1] 0.05; the mean picture has 0.067",
    ),
    "a loss that learned nothing": (
        standardised(reported("loss", 0.97), reported("loss", 0.3), reported("psnr", 15.0)),
        "error",
        "reported loss above the mean picture's",
        REPORTED,
        "the mean picture has 0.0671; a psnr of 15 dB with it takes a peak of 3.08",
    ),
    "features of pictures": (
        classified([[50, 0], [0, 50]], features="reconstruction"),
        "error",
        "features are no codes",
        REPORTED,
        "reconstructions of 1 x 28 x 28 numbers",
    ),
    "one class for all": (
        classified([[0, 41, 0], [0, 62, 0], [0, 50, 0]]),
        "error",
        "classifier predicts one class",
        REPORTED,
        "taken for one (label efficiency, labels=0.01)",
    ),
    # 0.55 of 100 pictures, where naming the larger class is right for 0.5 and chance for 0.598
    "no better than the largest class": (
        classified([[20, 30], [15, 35]], evaluation="fine_tuned"),
        "error",
        "accuracy at chance",
        REPORTED,
        "accuracy 0.550 (fine tuned, labels=0.01), where the largest class alone gives 0.500",
    ),
    "a report's guesses": (
        stated_of_ten(reported("accuracy", 0.112, "labels=0.1"), reported("cross_entropy", 2.3084, "labels=1.0")),
        "error",
        "accuracy at chance",
        REPORTED,
        "report 009: accuracy 0.112, cross-entropy 2.3084; a guess among 10 classes has accuracy 0.1 and cross-entropy "
        "ln 10 = 2.3026",
    ),
    "negative error": (quoted(reported("squared_error", -1.4)), "error", PRODUCT, REPORTED, "squared error -1.4;"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(tmp_path: Path, fault: str) -> None:
    plant, severity, name, arm, evidence = FAULTS[fault]
    folder = healthy()
    plant(folder)
    found = diagnose(folder.write(tmp_path))
    assert [finding[:3] for finding in found] == [(severity, name, arm)]
    assert evidence in found[0].evidence
    assert found[0].cure.endswith(".")
    assert exit_code(found) == (severity == "error")


@pytest.mark.parametrize(("fault", "code"), [("", 0), ("negative error", 1)])
def test_the_verb_ends_with_1_where_an_error_is_found(
    fault: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = healthy()
    if fault:
        FAULTS[fault][0](folder)
    folder.write(tmp_path)
    monkeypatch.setattr(sys, "argv", ["narrows", "doctor", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert (stopped.value.code or 0) == code


def test_a_closed_form_arm_needs_no_seeds(tmp_path: Path) -> None:
    folder = healthy()
    pca = entry(PROJECTION, "compression", {"type": "NoCorruption"})
    pca["description"]["model"] = {"type": "PCA", "code_size": 30}
    folder.experiment["arms"].append(pca | {"seeds": [0]})
    folder.figures[PROJECTION, 0, "reconstruction", "", "test", "mse"] = 0.0177
    assert diagnose(folder.write(tmp_path)) == diagnose(healthy().write(tmp_path / "without"))


def test_a_healthy_run_has_no_finding(tmp_path: Path) -> None:
    assert diagnose(healthy().write(tmp_path)) == []


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_planted(tmp_path: Path, check: Callable[[Run], list[Finding]]) -> None:
    planted = {name for _, _, name, _, _ in FAULTS.values()}
    for number, (plant, *_) in enumerate(FAULTS.values()):
        folder = healthy()
        plant(folder)
        if {finding.name for finding in check(folder.write(tmp_path / str(number)))} & planted:
            return
    pytest.fail(f"no planted fault makes {check.__name__} find anything; add one to FAULTS")


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_states_its_fault_and_its_threshold(check: Callable[[Run], list[Finding]]) -> None:
    told = check.__doc__ or ""
    assert told.startswith("Fault: ")
    assert re.search(r"Threshold(s, both|s)?: ", told)


HARMLESS: dict[str, Callable[[Folder], None]] = {
    "psnr on Jensen's side": quoted(reported("mse", 0.01), reported("psnr", 21.5), reported("ssim", 0.9)),
    "psnr of a rounded mse": quoted(reported("mse", 0.01), reported("psnr", 19.85)),
    "harder is worse": quoted(reported("mse", 0.02, "noise=0.1"), reported("mse", 0.03, "noise=0.9")),
    "visible pixels": quoted(
        reported("mse", 0.03, "hidden=0.2 pixels=visible"), reported("mse", 0.02, "hidden=0.8 pixels=visible")
    ),
    "two strengths": quoted(reported("mse", 0.03, "noise=0.1"), reported("mse", 0.03, "noise=0.9")),
    "near strengths": quoted(*(reported("mse", 0.03, f"noise={strength}") for strength in (0.3, 0.35, 0.4))),
    "few dead units": value(REPORTED, "dead_units", 0.05),
    "few dead pixels": value(REPORTED, "black_pixels", 0.005),
    "a denoiser beside PCA": value(DENOISER, "mse", 0.018, "reconstruction"),
    "PCA rerun as an arm": rerun_of_pca,
    "PCA on another task": another_task_than_pca,
    "no copies": copies(0, "train-test", official=False),
    "a curve too short to tell": lambda folder: folder.curves.update({(IMPROVED, 0): [0.03, 0.02, 0.01]}),
    "a likelihood below 0": lambda folder: folder.curves.update(
        {(IMPROVED, 0): [1 - 0.06 * epoch for epoch in range(20)]}
    ),
    "a rising curve alone": rising_alone,
    "a gap alone": gap_alone,
    "losses under one penalty": losses_under_one_penalty,
    "dark fill": filled(-1.0),
    "bright fill": filled(2.0),
    "noise of a range": noise_of_a_range,
    "classes told apart": classified([[40, 10], [10, 40]]),
    "the majority on purpose": classified([[0, 50], [0, 50]], chosen="majority"),
    "pictures of one class": classified([[0, 50], [0, 0]]),
    "pixels that are called so": classified([[40, 10], [10, 40]], features="pixels"),
    "a report's classes told apart": stated_of_ten(reported("accuracy", 0.31), reported("cross_entropy", 2.1)),
}


@pytest.mark.parametrize("harmless", HARMLESS)
def test_what_only_looks_like_a_fault_is_not_found(tmp_path: Path, harmless: str) -> None:
    folder = healthy()
    HARMLESS[harmless](folder)
    assert diagnose(folder.write(tmp_path)) == []


def test_a_run_without_its_test_split_is_judged_on_validation(tmp_path: Path) -> None:
    folder = healthy()
    folder.figures = {
        (arm, seed, evaluation, condition, "validation", metric): found
        for (arm, seed, evaluation, condition, split, metric), found in folder.figures.items()
        if split == "test"
    }
    folder.put("mean picture", {"mse": 0.0149}, "reconstruction", "validation")
    found = diagnose(folder.write(tmp_path))
    assert [(finding.name, finding.arm) for finding in found] == [("no better than the mean picture", REPORTED)]
    assert "on validation" in found[0].evidence


def test_seeds_that_are_well_are_counted_and_left_out_of_the_mean(tmp_path: Path) -> None:
    folder = healthy()
    folder.figures[IMPROVED, 1, "checks", "", "test", "dead_units"] = 0.6
    (found,) = diagnose(folder.write(tmp_path))
    assert found.evidence == "60.0% of 30 code numbers never vary (1 of 3 seeds)"


def test_the_right_error_of_the_same_pictures_stands_beside_a_matrix_product(tmp_path: Path) -> None:
    folder = healthy()
    folder.reported.append(reported("matrix_product_lowest", -21.2, "pictures=0-9"))
    folder.put(REPORTED, {"squared_error": 5.25}, "reconstruction", condition="pictures=0-9")
    (found,) = diagnose(folder.write(tmp_path))
    assert found.evidence.endswith("the same pictures' mean squared error is 5.25 in this run")


def test_gravest_first_then_improved_arms(tmp_path: Path) -> None:
    folder = healthy()
    for arm, metric, found in (
        (REPORTED, "black_pixels", 0.2),
        (REPORTED, "dead_units", 0.6),
        (DENOISER, "black_pixels", 0.2),
        (IMPROVED, "dead_units", 0.6),
        (DENOISER, "bypass_numbers", 90),
    ):
        folder.put(arm, {metric: found}, "checks")
    assert [(finding.severity, finding.arm) for finding in diagnose(folder.write(tmp_path))] == [
        ("error", IMPROVED),
        ("error", REPORTED),
        ("warning", DENOISER),
        ("warning", REPORTED),
        ("note", DENOISER),
    ]


def test_a_run_that_broke_off_before_its_first_result_has_no_finding(tmp_path: Path) -> None:
    folder = healthy()
    folder.figures, folder.curves = {}, {}
    assert diagnose(folder.write(tmp_path)) == []


REPORTS = """\
000,masking,"as reported, code 16",voc2007,hidden=0.2,validation,mse,0.0318,doubtful,
000,masking,"as reported, code 16",voc2007,hidden=0.2,test,mse,0.0309,doubtful,
000,masking,"as reported, code 16",voc2007,hidden=0.2,unstated,ssim,0.2015,doubtful,
000,masking,"as reported, code 16",voc2007,hidden=0.4,validation,mse,0.0306,doubtful,
000,masking,"as reported, code 16",voc2007,hidden=0.4,test,mse,0.0297,doubtful,
000,masking,"as reported, code 16",voc2007,hidden=0.6,validation,mse,0.0292,doubtful,
000,masking,"as reported, code 16",voc2007,hidden=0.6,test,mse,0.0283,doubtful,
000,masking,"as reported, code 16",voc2007,hidden=0.8,validation,mse,0.0283,doubtful,
000,masking,"as reported, code 16",voc2007,hidden=0.8,test,mse,0.0274,doubtful,
000,bottleneck,"as reported, code 256",voc2007,,unstated,mse,0.02096,yes,
000,bottleneck,"as reported, code 256",voc2007,,unstated,mae,0.11116,yes,
002,mean_image,"as reported, convolutional",cifar10+mnist,,test,psnr,15.6239,no,
002,mean_image,"as reported, convolutional",cifar10+mnist,,test,ssim,0.2322,doubtful,
003,separation,"as reported, ResNet-18, two decoders",cifar10+mnist,source=cifar10,test,psnr,62.79,no,
003,separation,"as reported, ResNet-18, two decoders",cifar10+mnist,source=mnist,test,psnr,65.221,no,
003,separation,"as reported, ResNet-18, two decoders",cifar10+mnist,source=cifar10,test,ssim,0.9962,no,
003,separation,"as reported, ResNet-18, two decoders",cifar10+mnist,source=mnist,test,ssim,0.9983,no,
004,denoising,"as reported, fc(256), trained at 0.3",mnist,noise=0.3 pictures=9710 draw=1,test,squared_error,11.8995,no,
004,denoising,"as reported, fc(256), trained at 0.5",mnist,noise=0.5 pictures=9710,test,squared_error,11.694,no,
004,denoising,"as reported, fc(256), trained at 0.3",mnist,noise=0.3 pictures=9710 draw=2,test,squared_error,11.8947,no,
004,denoising,"as reported, fc(256), trained at 0.3",mnist,noise=0.5 pictures=9710,test,squared_error,11.8988,no,
004,denoising,"as reported, fc(256), trained at 0.3",mnist,noise=0.8 pictures=9710,test,squared_error,11.8944,no,
004,denoising,"as reported, fc(256), trained at 0.3",mnist,noise=0.9 pictures=9710,test,squared_error,11.8953,no,
004,denoising,"as reported, fc(256), clean",mnist,noise=0.3 pictures=9710,test,squared_error,12.7087,no,
004,denoising,"as reported, fc(256), clean",mnist,noise=0.5 pictures=9710,test,squared_error,12.6893,no,
004,denoising,"as reported, fc(256), clean",mnist,noise=0.8 pictures=9710,test,squared_error,12.7042,no,
004,denoising,"as reported, fc(256), clean",mnist,noise=0.9 pictures=9710,test,squared_error,12.7118,no,
004,convolutional,"as reported, unpooling",mnist,pictures=9705-9714,test,matrix_product_lowest,11.234,no,
004,convolutional,"as reported, unpooling",mnist,pictures=9705-9714,test,matrix_product_highest,355.244,no,
"""
"""Rows of the figures that five course reports state, notes left out."""


def test_the_reports_figures_have_the_faults_that_their_reports_have(tmp_path: Path) -> None:
    write_rows(tmp_path / "reported.csv", Reported, [])
    with (tmp_path / "reported.csv").open("a", encoding="utf-8") as file:
        file.write(REPORTS)
    write_json(tmp_path / "experiment.json", {"arms": []})
    found = {(finding.name, finding.arm): finding for finding in diagnose(Run(tmp_path))}
    assert set(found) == {
        (CONTRADICTS, "as reported, ResNet-18, two decoders"),
        ("SSIM higher than its error allows", "as reported, ResNet-18, two decoders"),
        (FALLS, "as reported, code 16"),
        ("same error at every strength", "as reported, fc(256), trained at 0.3"),
        ("same error at every strength", "as reported, fc(256), clean"),
        (PRODUCT, "as reported, unpooling"),
    }
    peak = found[CONTRADICTS, "as reported, ResNet-18, two decoders"].evidence
    assert "62.79 dB" in peak
    assert "it is 14.7 dB" in peak
    assert "it is 17.1 dB" in peak
    masking = found[FALLS, "as reported, code 16"].evidence
    assert "validation mse: 0.0318 at hidden=0.2, 0.0306 at hidden=0.4" in masking
    assert "test mse: 0.0309 at hidden=0.2" in masking
