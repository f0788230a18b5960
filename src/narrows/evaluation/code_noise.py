"""Noise on the codes of one model: how far from a picture's code the decoder still gives the picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.chosen import present
from narrows.evaluation.reconstruction import BATCH_SIZE, Evaluation, Model, reconstruct
from narrows.evaluation.tally import Figure
from narrows.metrics import mean_metric, mse, psnr, squared_error
from narrows.models import Autoencoder, bypass_numbers
from narrows.training.fit import as_images, device_of, generator
from narrows.types import Codes, Images

Unit = Literal["absolute", "spread"]

NOISING = 4
"""Stream of random numbers of its own (see training.fit)."""
NUM_DRAWS = 5
NUM_RECOGNISED = 1000


@dataclass(frozen=True)
class CodeNoise:
    """Metrics of pictures decoded from noisy codes, against the clean pictures.

    The same standard normal numbers stand behind every amount and every model of one code size. `recognised` is the
    share of the first 1 000 pictures whose output has, among all other pictures of the split, a nearest one of the same
    class.

    Raises:
        ValueError: an amount is negative or infinite.
    """

    absolute: tuple[float, ...]
    """Standard deviations in the code's own unit, as report 004 states them."""
    spread: tuple[float, ...]
    """Standard deviations in units of each code number's own standard deviation over the split, so that models
    compare."""
    examples: tuple[int, ...] = (0, 1)
    """Positions of the pictures that are shown, each with five draws."""
    name: ClassVar[str] = "code_noise"
    needs: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for amount in (*self.absolute, *self.spread):
            if not 0 <= amount < float("inf"):
                raise ValueError(f"expected amounts of noise of at least 0, found {amount}")

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:  # noqa: ARG002
        """Figures with a condition code_noise=AMOUNT unit=UNIT, 0 among them; arrays of outputs.

        The outputs are (amount, picture, draw, ...) under the unit's name. Empty for a model whose code cannot be
        decoded alone.
        """
        if not isinstance(model, Autoencoder) or bypass_numbers(model):
            return Evaluation([])
        codes = torch.cat([output.latent.code for _, _, output in reconstruct(model, pictures)]).float()
        deviation = codes.std(0, unbiased=False)
        noise = torch.randn(codes.shape, generator=generator(NOISING, 0))
        index = present(self.examples, pictures)
        draws = torch.randn((len(index), NUM_DRAWS, codes.shape[1]), generator=generator(NOISING, 1))
        figures: list[Figure] = []
        arrays: dict[str, NDArray[Any]] = {
            "index": index,
            "original": as_images(pictures.take(index)).numpy(),
            "reconstruction": decoded(model, codes[index]).numpy(),
            "deviation": deviation.numpy(),
        }
        for unit, amounts, scale in (
            ("absolute", self.absolute, torch.ones_like(deviation)),
            ("spread", self.spread, deviation),
        ):
            arrays[f"{unit}_amounts"] = np.array(amounts)
            shown = codes[index, None] + torch.tensor(amounts).reshape(-1, 1, 1, 1) * scale * draws
            arrays[unit] = decoded(model, shown.flatten(0, 2)).unflatten(0, tuple(shown.shape[:3])).numpy()
            for amount in dict.fromkeys((0.0, *amounts)):
                outputs = decoded(model, codes + amount * scale * noise)
                condition = f"code_noise={float(amount)} unit={unit}"
                figures += [Figure(self.name, condition, *measured) for measured in measures(outputs, pictures)]
        return Evaluation(figures, arrays)


def decoded(model: Autoencoder, codes: Codes) -> Images:
    """Pictures of codes, in batches, on the CPU, no gradients; a source model's sources stay on axis 1."""
    model.eval()
    device = device_of(model)
    with torch.inference_mode():
        return torch.cat([model.decode(part.to(device)).float().cpu() for part in codes.split(BATCH_SIZE)])


def measures(outputs: Images, pictures: Pictures) -> Iterator[tuple[str, float, int]]:
    """(metric, value, pictures it is a mean over) of outputs against a split's clean pictures."""
    clean = as_images(pictures)
    for metric, measure in (("mse", mse), ("squared_error", squared_error), ("psnr", psnr)):
        yield metric, *mean_metric(metric, measure(outputs, clean))
    if pictures.labels is not None:
        found = recognised(outputs[:NUM_RECOGNISED], clean, torch.from_numpy(pictures.labels))
        yield "recognised", found.double().mean().item(), len(found)


def recognised(outputs: Tensor, clean: Tensor, labels: Tensor) -> Tensor:
    """Whether the clean picture nearest to each output (output, ...), its own left out, is of its class: (output,)."""
    flat = clean.flatten(1)
    # |output - clean|^2 less |output|^2, which is the same for all clean pictures
    distances = flat.square().sum(1) - 2 * outputs.flatten(1) @ flat.T
    distances[:, : len(outputs)].fill_diagonal_(torch.inf)
    return labels[distances.argmin(1)] == labels[: len(outputs)]
