"""What stands beside the arms of an experiment unasked: PCA, and the corruption that the other baselines are given."""

from dataclasses import replace

import numpy as np

from narrows.corruption import NoCorruption
from narrows.data import Dataset
from narrows.experiments.experiment import Arm, Experiment
from narrows.models import PCA, Autoencoder, bypass_numbers
from narrows.training import Training
from narrows.training.settings import Precision
from narrows.types import Corruption


def with_baselines(experiment: Experiment, data: Dataset, precision: Precision) -> list[Arm]:
    """PCA at every code size that an arm compresses to, then the arms, at the precision asked for."""
    arms = [replace(arm, training=replace(arm.training, precision=precision)) for arm in experiment.arms]
    most = min(len(data.train), int(np.prod(data.image_shape)))
    sizes = sorted({size for arm in arms if 0 < (size := compressed_size(arm, data)) <= most})
    corruption = shared_corruption(experiment)
    baselines = [Arm(f"PCA, code {size}", PCA(size), Training(epochs=0), corruption=corruption) for size in sizes]
    return baselines + arms


def compressed_size(arm: Arm, data: Dataset) -> int:
    """How many numbers an arm's code has; 0 where something bypasses it, or the arm owes other pictures than it got."""
    if arm.task == "separation":
        return 0
    model = arm.model.build(data.image_shape)
    assert isinstance(model, Autoencoder)
    return 0 if bypass_numbers(model) else model.code_size


def shared_corruption(experiment: Experiment) -> Corruption:
    """The corruption of all arms, under which baselines are measured; none where arms differ."""
    found = {arm.corruption for arm in experiment.arms}
    return found.pop() if len(found) == 1 else NoCorruption()
