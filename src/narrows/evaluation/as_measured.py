"""Faults of a source report's measuring, repeated: shown beside the right figure, never in its place."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from narrows.data import Pictures
from narrows.evaluation.tally import Figure
from narrows.models import Autoencoder
from narrows.training.fit import device_of
from narrows.types import Images

AS_MEASURED = "as measured in the report"


def fed_bytes(model: Autoencoder, pictures: Pictures, index: Sequence[int]) -> list[Figure]:
    """A model trained on [0, 1] is fed 0 to 255, and its output divided by 255 (report 004)."""

    def reconstruct(images: Images) -> Images:
        output: Images = model(images * 255).reconstruction / 255
        return output

    return measure(reconstruct, model, pictures, index, scale=255)


def uncentred(model: Autoencoder, pictures: Pictures, index: Sequence[int]) -> list[Figure]:
    """PCA's projection without the mean subtracted before and added after (report 004)."""
    mean = model.standardise.mean

    def reconstruct(images: Images) -> Images:
        # the model subtracts the mean and adds it again, so both are undone here
        output: Images = model(images + mean).reconstruction - mean
        return output

    return measure(reconstruct, model, pictures, index, scale=1)


def measure(
    reconstruct: Callable[[Images], Images], model: Autoencoder, pictures: Pictures, index: Sequence[int], *, scale: int
) -> list[Figure]:
    """Mean squared error a picture over a range of pictures, and the range of what the model was fed."""
    few = torch.from_numpy(pictures.take(np.array(index)).images).float().div(255).to(device_of(model))
    with torch.inference_mode():
        error = (reconstruct(few) - few).square().flatten(1).sum(1).mean().item()
    condition, count = f"pictures={index[0]}-{index[-1]}", len(index)
    facts = {
        "squared_error": error,
        "input_minimum": few.min().item() * scale,
        "input_maximum": few.max().item() * scale,
    }
    return [Figure(AS_MEASURED, condition, name, value, count) for name, value in facts.items()]
