"""Everything that is measured of one arm: figures on every split, and arrays for the report."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from narrows.corruption import NoCorruption
from narrows.data import Dataset, Pictures
from narrows.evaluation import (
    Constant,
    Figure,
    Identity,
    Interpolation,
    MeanFill,
    Model,
    biharmonic,
    code_arrays,
    component_arrays,
    evaluate,
    filter_arrays,
    linear,
)
from narrows.evaluation.chosen import present
from narrows.experiments.experiment import BLACK_PICTURE, Arm, Experiment
from narrows.models import PCA, Autoencoder
from narrows.training import History
from narrows.training.fit import SMALL
from narrows.types import Corruption

NUM_TRAIN, NUM_LARGE = 2000, 200
"""Training pictures on which an arm is evaluated, to see whether it overfits; of large ones fewer."""


@dataclass(frozen=True)
class Measured:
    """Figures with their splits, and arrays by evaluation."""

    figures: list[tuple[str, Figure]]
    arrays: dict[str, dict[str, NDArray[Any]]]


def splits_of(data: Dataset, *, read_test: bool, whole: bool) -> dict[str, Pictures]:
    """The splits on which to evaluate, the one that is shown last; validation only where it was not trained on."""
    most = NUM_TRAIN if math.prod(data.image_shape) <= SMALL else NUM_LARGE
    few = np.arange(min(most, len(data.train)))
    splits = {"train": data.train.take(few)}
    if not whole:
        splits["validation"] = data.validation
    if read_test:
        splits["test"] = data.test
    return splits


def measure(
    model: Model, splits: dict[str, Pictures], corruption: Corruption, data: Dataset, examples: Sequence[int]
) -> Measured:
    """Metrics on every split; pictures to draw from the last."""
    mean_picture = data.train.images.mean(0, dtype=np.float64).astype(np.float32) / 255
    figures: list[tuple[str, Figure]] = []
    arrays: dict[str, NDArray[Any]] = {}
    for split, pictures in splits.items():
        last = split == list(splits)[-1]
        shown = present(examples, pictures).tolist() if last else ()
        evaluation = evaluate(model, pictures, corruption=corruption, mean_picture=mean_picture, examples=shown)
        figures += [(split, figure) for figure in evaluation.figures]
        if last:
            arrays = evaluation.arrays
    return Measured(figures, {"reconstruction": arrays})


def inspect(
    model: Autoencoder, corruption: Corruption, pictures: Pictures, train: Pictures, examples: Sequence[int]
) -> dict[str, dict[str, NDArray[Any]]]:
    """Arrays of a model's codes, of clean pictures or of mixtures, its weights, and the components of a PCA."""
    mixed = corruption if pictures.source_names else NoCorruption()
    codes = code_arrays(model, pictures, present(examples, pictures), mixed)
    arrays = {"codes": codes, "filters": filter_arrays(model)}
    if isinstance(model.architecture, PCA):
        arrays["components"] = component_arrays(model, train)
    return arrays


def training_figures(arm: Arm, history: History) -> list[tuple[str, Figure]]:
    """Each term's mean over the steps of the last epoch while training, as most reports state a loss."""
    steps = [entry for entry in history if entry.split == "train"]
    if not steps:
        return []
    last = [entry for entry in steps if entry.epoch == steps[-1].epoch]
    figures = []
    for term in dict.fromkeys(entry.term for entry in last):
        if term == "loss" and not arm.objective.penalties:
            continue  # it is the reconstruction's term, or the sum of its terms
        values = [entry.value for entry in last if entry.term == term]
        metric = "loss_with_penalty" if term == "loss" else term
        figures.append(("train", Figure("training", "", metric, float(np.mean(values)), len(values))))
    return figures


def baseline_models(experiment: Experiment, data: Dataset) -> dict[str, Model]:
    """The models that learn nothing: the mean picture, the input, fills of what is hidden, black where asked for."""
    mean = torch.from_numpy(data.train.images.mean(0, dtype=np.float64)).float() / 255
    models: dict[str, Model] = {"mean picture": Constant(mean)}
    if BLACK_PICTURE in experiment.baselines:
        models[BLACK_PICTURE] = Constant(torch.zeros_like(mean))
    if any(arm.task != "compression" for arm in experiment.arms):
        models["input"] = Identity(len(data.train.source_names))
    if any(arm.task == "inpainting" for arm in experiment.arms):
        models["mean fill"] = MeanFill(mean)
        models["linear interpolation"] = Interpolation(linear)
        models["biharmonic interpolation"] = Interpolation(biharmonic)
    return models
