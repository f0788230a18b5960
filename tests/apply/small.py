"""Runs of one small model, written as a run folder has it, without the minutes of a training."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from narrows.apply import Run
from narrows.corruption import NoCorruption
from narrows.descriptions import describe
from narrows.files import write_json
from narrows.models import PCA, Autoencoder, prepare
from narrows.results import Result, slug, write_rows
from narrows.training import save_model
from narrows.types import Architecture, Corruption, ImageShape

ARM = "improved, small"


def built(architecture: Architecture, image_shape: ImageShape) -> Autoencoder:
    torch.manual_seed(0)
    model = architecture.build(image_shape)
    assert isinstance(model, Autoencoder)
    prepare(model, np.random.default_rng(0).integers(0, 256, (300, *image_shape), dtype=np.uint8))
    return model.eval()


def write_run(  # noqa: PLR0913  what a run is asked for
    folder: Path,
    architecture: Architecture,
    image_shape: ImageShape,
    *,
    task: str = "compression",
    corruption: Corruption = NoCorruption(),
    sources: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (0,),
) -> Path:
    """A run with a model for each seed, and a baseline."""
    rows = [Result("x", ARM, 0, "reconstruction", f"source={name}", "test", "mse", 0.1, 9) for name in sources]
    rows.append(Result("x", ARM, 0, "checks", "", "test", "mixture_distance", 1e-4, 9))
    write_rows(folder / "results.csv", Result, rows)
    write_json(folder / "environment.json", {"format": 1})
    arms: list[dict[str, Any]] = [
        {"name": "PCA, code 2", "role": "baseline", "task": "compression", "seeds": [0], "description": {}},
        {
            "name": ARM, "role": "improved", "task": task, "seeds": list(seeds),
            "description": {"corruption": describe(corruption), "model": describe(architecture)},
        },
    ]  # fmt: skip
    write_json(folder / "experiment.json", {"name": "x", "value_range": [0, 1], "data": {}, "arms": arms})
    save_model(folder / "models" / slug("PCA, code 2", 0), built(PCA(2), image_shape), {})
    for seed in seeds:
        save_model(folder / "models" / slug(ARM, seed), built(architecture, image_shape), {})
    return folder


def complete(folder: Path, image_shape: ImageShape) -> Run:
    """A run whose model gives every picture back as it is: PCA with all components."""
    return Run.open(write_run(folder, PCA(int(np.prod(image_shape))), image_shape))
