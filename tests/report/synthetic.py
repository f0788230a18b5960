"""A run folder with every part that a report can show: real digits, blurred where a network would blur them.

Strangers are the digits upside down in negative and plain noise; codes have more units than a grid of 64 shows.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from narrows.files import write_json
from narrows.results import (
    HistoryRow,
    Reported,
    Result,
    slug,
    write_arrays,
    write_rows,
)

NAME = "pca_vs_autoencoder"
PCA_ARM = "PCA, code 30"
EPOCHS, STEPS_AN_EPOCH = 12, 40
LEVELS = (0.1, 0.3, 0.5, 0.8, 0.9)
WIDE = 1156
"""Units of the arm whose code is wider than its pictures."""
PERCENTILES = np.array([2, 10, 25, 50, 75, 90, 98])


@dataclass(frozen=True)
class Pretended:
    """An arm whose network is a blur of this many pixels, and a loss that ends at `floor`."""

    name: str
    blur: float
    floor: float
    seeds: tuple[int, ...] = (0, 1, 2)
    note: str = ""
    units: int = 30
    active: float = 20.0
    sigma: float | None = None
    """The noise it was trained at."""


ARMS = (
    Pretended("as reported, 784-512-256-128-30, 10 epochs", 1.15, 0.0173, note="Sigmoid output, declared: not stated."),
    Pretended("as reported, 784-512-256-128-30, 20 epochs", 1.05, 0.0153, active=24.5),
    Pretended("improved, 784-512-256-128-30", 0.75, 0.0091, note="GELU, cosine schedule, weights averaged.",
              active=30.0),
    Pretended("compared, L1 1e-4", 1.5, 0.0312, seeds=(0,), units=WIDE, active=40.25),
)  # fmt: skip
CROWD = ARMS + tuple(
    Pretended(f"compared, width {64 * n}", 0.8 + 0.1 * n, 0.012 + 0.003 * n, seeds=(0,), units=WIDE)
    for n in range(1, 9)
)


@cache
def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(1797, 1, 28, 28) in [0,1], and their labels."""
    found = load_digits()
    scaled = np.clip(zoom(found.images / 16.0, (1, 2.5, 2.5), order=1), 0, 1)
    return np.pad(scaled, ((0, 0), (4, 4), (4, 4))).astype(np.float32)[:, None], found.target.astype(np.int64)


def write_run(folder: Path, arms: tuple[Pretended, ...] = ARMS, noise: float = 0.0) -> Path:
    """Write a whole run; returns its folder."""
    images, labels = digits()
    train, test, test_labels = images[:1200], images[1200:], labels[1200:]
    random = np.random.default_rng(0)
    given = test + noise * random.standard_normal(test.shape).astype(np.float32)
    pca = PCA(30, random_state=0).fit(train.reshape(len(train), -1))
    projected = pca.inverse_transform(pca.transform(test.reshape(len(test), -1))).reshape(test.shape).astype(np.float32)
    answers: dict[tuple[str, int], NDArray[np.float32]] = {(PCA_ARM, 0): projected}
    answers["mean picture", 0] = np.broadcast_to(train.mean(0), test.shape).astype(np.float32)
    answers["input", 0] = given
    for arm in arms:
        for seed in arm.seeds:
            blurred = gaussian_filter(test, (0, 0, arm.blur, arm.blur))
            answers[arm.name, seed] = blurred + (0.01 + 0.0005 * seed) * random.standard_normal(test.shape).astype(
                np.float32
            )
    rows: list[Result] = []
    for (name, seed), answer in answers.items():
        rows += _results(name, seed, test, answer)
        _write_pictures(folder, (name, seed), test, given, answer, test_labels)
    for arm in arms:
        _write_inside(folder, arm, test, test_labels, pca)
        rows += _facts(arm)
    for (name, seed), blur in blurs(arms).items():
        _write_noisy(folder, (name, seed), test[:5], blur)
        rows += _write_strangers(folder, (name, seed), test, blur)
        if name != "input":
            rows += _write_noisy_codes(folder, (name, seed), test[:2], blur)
            _write_manifold(folder, (name, seed), test, test_labels, blur)
    _write_components(folder, pca, train, labels[:1200])
    write_rows(folder / "results.csv", Result, [*rows, *_noisy(arms)])
    write_rows(folder / "history.csv", HistoryRow, [row for arm in arms for row in _history(arm)])
    write_rows(folder / "reported.csv", Reported, _reported())
    write_json(folder / "findings.json", _findings())
    write_json(folder / "experiment.json", experiment(arms))
    write_json(folder / "environment.json", environment())
    return folder


def experiment(arms: tuple[Pretended, ...] = ARMS) -> dict[str, Any]:
    described = [
        {
            "name": arm.name,
            "role": arm.name.partition(",")[0],
            "seeds": list(arm.seeds),
            "note": arm.note,
            "data_used": "train",
            "description": {
                "architecture": {
                    "kind": "Dense",
                    "widths": [512, 256, 128],
                    "code_size": arm.units,
                    "activation": "relu",
                },
                "corruption": {"type": "GaussianNoise", "sigma": arm.sigma} if arm.sigma else {"type": "NoCorruption"},
                "objective": {"reconstruction": "mse", "penalties": [{"kind": "L1", "weight": 1e-5}]},
                "training": {"epochs": EPOCHS, "batch_size": 256, "optimiser": "adam", "learning_rate": 0.001},
            },
            "parameters": 1_137_000,
            "code_numbers": arm.units,
            "bypass_numbers": 0,
        }
        for arm in arms
    ]
    baseline = {"name": PCA_ARM, "role": "baseline", "seeds": [0], "parameters": 24_304, "code_numbers": 30}
    return {
        "name": NAME,
        "title": "PCA against an autoencoder",
        "question": "At thirty numbers a picture, does a deep network keep more of a digit than PCA does?",
        "text": "A dense autoencoder and PCA squeeze each picture through thirty numbers. Both are fitted on the same"
        " training pictures, judged on the same test pictures, in the same unit: the squared error summed over a"
        " picture's pixels, averaged over pictures.",
        "minutes": 3,
        "data": {
            "name": "digits, enlarged",
            "image_shape": [1, 28, 28],
            "n": {"train": 1200, "validation": 120, "test": 597},
            "class_names": [str(digit) for digit in range(10)],
            "fingerprint": "sha256:5f0c6a17",
            "official_test": False,
            "duplicates": {"train-test": 12, "train-validation": 3},
            "licence": "CC BY 4.0",
        },
        "value_range": [0, 1],
        "arms": [*described, baseline | {"bypass_numbers": 0, "note": "", "data_used": "train", "description": {}}],
        "sources": ["001", "004"],
    }


def environment() -> dict[str, Any]:
    return {
        "format": 1,
        "narrows": "0.1.0",
        "python": "3.11.7",
        "torch": "2.13.0",
        "numpy": "2.4.0",
        "scikit-learn": "1.9.1",
        "processor": "Intel Xeon",
        "cores": 2,
        "threads": 2,
        "device": "cpu",
        "precision": "bfloat16 autocast in training, float32 in evaluation",
        "command": f"narrows run {NAME} --seeds 3",
        "git": "aa52734",
        "date": "2026-05-09T12:00:00Z",
        "seconds": 187.4,
        "quick": False,
        "finished": True,
    }


def _errors(target: NDArray[np.float32], answer: NDArray[np.float32]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = ((answer - target).astype(np.float64) ** 2).sum((1, 2, 3))
    return found


def _results(name: str, seed: int, target: NDArray[np.float32], answer: NDArray[np.float32]) -> list[Result]:
    rows = []
    for evaluation, output in (("reconstruction", answer), ("clamped", np.clip(answer, 0, 1))):
        errors = _errors(target, output)
        pixels = target[0].size
        with np.errstate(divide="ignore"):
            ratios = -10 * np.log10(errors / pixels)
        perfect = ~np.isfinite(ratios)
        total = float(((target - target.mean(0)) ** 2).sum())
        figures = {
            "squared_error": float(errors.mean()),
            "mse": float(errors.mean() / pixels),
            "mae": float(np.abs(output - target).mean()),
            "psnr": float(ratios[~perfect].mean()) if (~perfect).any() else float("inf"),
            "ssim": float(1 - errors.mean() / 60),
            "explained_variance": 1 - float(errors.sum()) / total,
        }
        rows += [
            Result(NAME, name, seed, evaluation, "", "test", metric, value, len(target))
            for metric, value in figures.items()
        ]
    return rows


def _facts(arm: Pretended) -> list[Result]:
    rows = []
    for seed in arm.seeds:
        rows.append(Result(NAME, arm.name, seed, "training", "", "train", "mse", arm.floor * (1 + 0.01 * seed), 1200))
        rows.append(Result(NAME, arm.name, seed, "checks", "", "train", "training_seconds", 31.5 + seed, 1200))
        for metric, value in (("active_units", arm.active + 0.1 * seed), ("dead_units", 0.1)):
            rows.append(Result(NAME, arm.name, seed, "checks", "", "test", metric, value, 597))
        measured = [("reconstruction", 16 * arm.blur - 4 + 0.2 * seed)]
        if arm.name.startswith("as reported"):
            measured.append(("as measured in the report", 16 * arm.blur - 2 + 0.2 * seed))
        rows += [
            Result(NAME, arm.name, seed, evaluation, "pictures=9705-9714", "test", "squared_error", value, 10)
            for evaluation, value in measured
        ]
    return rows


def _noisy(arms: tuple[Pretended, ...]) -> list[Result]:
    names = [*((arm.name, arm.seeds, arm.blur) for arm in arms), (PCA_ARM, (0,), 1.3), ("input", (0,), 0.0)]
    return [
        Result(NAME, name, seed, "reconstruction", f"noise={level}", "test", metric, value, 597)
        for name, seeds, blur in names
        for seed in seeds
        for level in LEVELS
        for metric, value in (
            ("squared_error", 6 * blur + (784 if not blur else 40 / (1 + blur)) * level**2 * (1 + 0.04 * seed)),
            ("psnr", 22 - 2 * blur - (9 if blur else 20) * level + 0.1 * seed),
        )
    ]


def blurs(arms: tuple[Pretended, ...]) -> dict[tuple[str, int], float]:
    """How much each model blurs, by arm and seed; the input handed back not at all."""
    trained = {(arm.name, seed): arm.blur for arm in arms for seed in arm.seeds}
    return {(PCA_ARM, 0): 1.3, **trained, ("input", 0): 0.0}


def _write_noisy(folder: Path, place: tuple[str, int], clean: NDArray[np.float32], blur: float) -> None:
    random = np.random.default_rng(2)
    given = np.stack([clean + level * random.standard_normal(clean.shape) for level in LEVELS]).astype(np.float32)
    answer = gaussian_filter(given, (0, 0, 0, blur, blur))
    arrays = {
        "levels": np.array(LEVELS),
        "index": np.arange(len(clean)),
        "target": clean,
        "input": given,
        "reconstruction": answer,
        "error": np.stack([_errors(clean, one) for one in answer]),
    }
    write_arrays(folder / "arrays" / slug(*place) / "under_noise.npz", arrays)


def _write_strangers(folder: Path, place: tuple[str, int], own: NDArray[np.float32], blur: float) -> list[Result]:
    """Arrays of own pictures, their negatives upside down, and noise; each with the figures of a set of its own."""
    noise = np.random.default_rng(3).random(own.shape).astype(np.float32)
    arrays: dict[str, NDArray[Any]] = {"names": np.array(["own", "upside_down", "noise"])}
    rows = []
    for name, pictures in (("own", own), ("upside_down", 1 - own[:, :, ::-1]), ("noise", noise)):
        answer = gaussian_filter(pictures, (0, 0, blur, blur))
        errors = _errors(pictures, answer)
        arrays |= {f"error_{name}": errors, f"target_{name}": pictures[:8], f"reconstruction_{name}": answer[:8]}
        if name != "own":
            auc = float((errors[:, None] > arrays["error_own"][None]).mean())
            rows += [
                Result(NAME, *place, "out_of_distribution", f"data={name}", "test", metric, value, len(errors))
                for metric, value in (("squared_error", float(errors.mean())), ("auc", auc))
            ]
    write_arrays(folder / "arrays" / slug(*place) / "out_of_distribution.npz", arrays)
    return rows


def _write_noisy_codes(folder: Path, place: tuple[str, int], clean: NDArray[np.float32], blur: float) -> list[Result]:
    """Two pictures that blur as their codes get noisier, in two units."""
    amounts = {"absolute": (0.5, 5.0, 10.0), "spread": (0.5, 1.0, 2.0)}
    arrays: dict[str, NDArray[Any]] = {
        "index": np.arange(2),
        "original": clean,
        "reconstruction": gaussian_filter(clean, (0, 0, blur, blur)),
        "deviation": np.full(30, 3 * blur),
    }
    rows = []
    for unit, levels in amounts.items():
        arrays[f"{unit}_amounts"] = np.array(levels)
        noisy = [gaussian_filter(clean, (0, 0, blur + level, blur + level)) for level in levels]
        arrays[unit] = np.repeat(np.stack(noisy)[:, :, None], 5, axis=2)
        rows += [
            Result(NAME, *place, "code_noise", f"code_noise={level} unit={unit}", "test", metric, value, 597)
            for level in levels
            for metric, value in (("mse", 0.01 * blur * (1 + level)), ("recognised", 1 / (1 + level)))
        ]
    write_arrays(folder / "arrays" / slug(*place) / "code_noise.npz", arrays)
    return rows


def _write_manifold(
    folder: Path, place: tuple[str, int], clean: NDArray[np.float32], labels: NDArray[np.int64], blur: float
) -> None:
    """Blends of two pictures, walks that dim one, and a map along a row and a column of pixels' means."""
    share = np.linspace(0, 1, 5).reshape(-1, 1, 1, 1)
    blend = ((1 - share) * clean[0] + share * clean[1]).astype(np.float32)
    positions = np.stack([clean[:, 0, 10].mean(1), clean[:, 0, :, 14].mean(1)], 1)
    arrays = {
        "pairs": np.array([[0, 1]]),
        "codes_between": gaussian_filter(blend, (0, 0, blur, blur))[None],
        "pixels_between": blend[None],
        "codes_distance": np.full((1, 5), 0.01 * blur),
        "pixels_distance": np.full((1, 5), 0.03),
        "walked": np.array(0),
        "percentiles": PERCENTILES,
        "walk_values": np.stack([PERCENTILES - 50.0] * 3),
        "walks": np.stack([np.stack([clean[0] * percentile / 100 for percentile in PERCENTILES])] * 3),
        "positions": positions,
        "labels": labels,
        "across": np.array(14),
        "thumbnail_index": np.arange(3),
        "thumbnails": clean[:3],
    }
    write_arrays(folder / "arrays" / slug(*place) / "manifold.npz", arrays)


def _history(arm: Pretended) -> list[HistoryRow]:
    random = np.random.default_rng(len(arm.name))
    rows = []
    for seed in arm.seeds:
        for step in range(EPOCHS * STEPS_AN_EPOCH):
            epoch = step // STEPS_AN_EPOCH + 1
            value = (arm.floor + 0.07 * np.exp(-step / 60)) * float(np.exp(0.06 * random.standard_normal()))
            spent = 0.01 * step
            rows.append(HistoryRow(arm.name, seed, step, epoch, spent, "mse", "train", value))
            penalty = 0.002 if "L1" in arm.name else 0.0
            if penalty:
                rows.append(HistoryRow(arm.name, seed, step, epoch, spent, "l1", "train", penalty))
            rows.append(HistoryRow(arm.name, seed, step, epoch, spent, "loss", "train", value + penalty))
            if step % STEPS_AN_EPOCH == STEPS_AN_EPOCH - 1:
                rows.append(HistoryRow(arm.name, seed, step, epoch, spent, "mse", "validation", value * 1.04))
    return rows


def _write_pictures(
    folder: Path,
    place: tuple[str, int],
    clean: NDArray[np.float32],
    given: NDArray[np.float32],
    answer: NDArray[np.float32],
    labels: NDArray[np.int64],
) -> None:
    errors = _errors(clean, answer)
    worst = np.argsort(errors)[::-1][:8]
    arrays = {
        "index": np.arange(10),
        "clean": clean[:10],
        "input": given[:10],
        "target": clean[:10],
        "reconstruction": answer[:10],
        "error": errors[:10],
        "labels": labels[:10],
        "error_map": ((answer - clean) ** 2).mean(0),
        "per_picture": errors,
        "worst_index": worst,
        "worst_target": clean[worst],
        "worst_reconstruction": answer[worst],
    }
    write_arrays(folder / "arrays" / slug(*place) / "reconstruction.npz", arrays)


def _write_inside(folder: Path, arm: Pretended, test: NDArray[np.float32], labels: NDArray[np.int64], pca: Any) -> None:
    coefficients = pca.transform(gaussian_filter(test, (0, 0, arm.blur, arm.blur)).reshape(len(test), -1))
    codes = np.maximum(coefficients + 0.6 * arm.blur, 0)
    codes[:, 27:] = 0
    wide = np.pad(codes, ((0, 0), (0, arm.units - codes.shape[1])))
    arrays = {
        "example_codes": wide[:10].astype(np.float32),
        "codes": codes.astype(np.float32),
        "labels": labels,
        "projection": PCA(2, random_state=0).fit_transform(codes),
        "active_share": (codes != 0).mean(0),
        "deviation": codes.std(0),
    }
    units = max(arm.units, 64)
    weights = gaussian_filter(
        np.random.default_rng(1).standard_normal((units, 1, 28, 28)), (0, 0, 1 + arm.blur, 1 + arm.blur)
    )
    for seed in arm.seeds:
        write_arrays(folder / "arrays" / slug(arm.name, seed) / "codes.npz", arrays)
        write_arrays(folder / "arrays" / slug(arm.name, seed) / "filters.npz", {"first_layer": weights})


def _write_components(folder: Path, pca: Any, train: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    coefficients = pca.transform(train.reshape(len(train), -1))[:, :8]
    order = np.argsort(coefficients, axis=0)
    picked = order[(PERCENTILES * (len(train) - 1)) // 100].T
    arrays = {
        "explained_variance_ratio": pca.explained_variance_ratio_,
        "components": pca.components_.reshape(-1, 1, 28, 28),
        "mean": pca.mean_.reshape(1, 28, 28),
        "percentiles": PERCENTILES,
        "percentile_pictures": train[picked],
        "percentile_values": np.take_along_axis(coefficients.T, picked, axis=1),
        "percentile_labels": labels[picked],
    }
    write_arrays(folder / "arrays" / slug(PCA_ARM, 0) / "components.npz", arrays)


def _reported() -> list[Reported]:
    ten, twenty = ARMS[0].name, ARMS[1].name
    some = "pictures=9705-9714"
    fed = "trained on [0,1], fed 0..255"
    return [
        Reported("004", NAME, ten, "mnist", "", "train", "mse", 0.0173, "yes", "mean over the epoch while training"),
        Reported("004", NAME, twenty, "mnist", "", "train", "mse", 0.0153, "yes", "mean over the epoch while training"),
        Reported("004", NAME, "as reported, PCA 30", "mnist", some, "test", "squared_error", 13.968, "no",
                 "projected without subtracting the mean; centred on the same ten 13.70"),
        Reported("004", NAME, ten, "mnist", some, "test", "squared_error", 16.272, "no", fed),
        Reported("004", NAME, twenty, "mnist", some, "test", "squared_error", 16.95, "no", fed),
        Reported("001", NAME, "as reported, 784-512-256-128-30, batch 32", "mnist", "", "validation", "keras_accuracy",
                 0.8143, "no", "most likely Keras' binary accuracy: an all-black picture scores 0.8098"),
    ]  # fmt: skip


def _findings() -> dict[str, Any]:
    return {
        "findings": [
            {
                "severity": "note",
                "name": "the same picture in two splits",
                "arm": "",
                "evidence": "12 pictures stand in both train and test, 3 in both train and validation.",
                "cure": "They are the data set's own; nothing to do, but the test error is that much too low.",
            },
            {
                "severity": "error",
                "name": "no better than PCA",
                "arm": ARMS[3].name,
                "evidence": "squared error 6.46 over 597 test pictures; PCA with the same 30 numbers, clamped, 0.38.",
                "cure": "Train longer or lower the weight of the penalty; while this stands, PCA is the better codec.",
            },
            {
                "severity": "warning",
                "name": "dead code units",
                "arm": ARMS[0].name,
                "evidence": "3 of 30 numbers of the code never vary over 597 pictures.",
                "cure": "Use an activation without a dead side (GELU), or a smaller learning rate.",
            },
        ],
        "conclusions": [
            {
                "report": "001",
                "claim": "every component after the second is not worthwhile",
                "verdict": "refuted",
                "evidence": "The first two carry 28 % of the variance, all thirty 94 %.",
            },
            {
                "report": "004",
                "claim": "PCA has the lower error and the autoencoder the better contrast",
                "verdict": "partly",
                "evidence": "With the report's recipe PCA has the lower error; with the improved one it has not.",
            },
            {
                "report": "004",
                "claim": "256 units reconstruct garments best",
                "verdict": "not tested",
                "evidence": "This experiment has no garments.",
            },
        ],
    }
