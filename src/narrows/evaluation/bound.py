"""Variational models as what they are: a likelihood's lower bound, and pictures drawn from the prior."""

from dataclasses import dataclass
from typing import ClassVar, TypeGuard

import torch

from narrows.corruption import Binarise
from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.reconstruction import BATCH_SIZE, EVALUATING, Evaluation, Model
from narrows.evaluation.tally import Figure
from narrows.models import Autoencoder, Gaussian, bypass_numbers
from narrows.objective import KLToPrior, Objective
from narrows.training.fit import device_of, generator, to_unit
from narrows.types import Output

BOUND = Objective("bce", (KLToPrior(1.0),), reduction="sum")
"""The negative bound of Bernoulli pixels, whatever a model was trained with."""


@dataclass(frozen=True)
class EvidenceLowerBound:
    """What the log-likelihood of black and white pictures is at least (Kingma and Welling 2014, equation 3).

    elbo = -(distortion + rate): the Bernoulli log-likelihood of a binarised picture under one draw of its code, less
    the KL divergence of the code's Gaussian from the standard normal prior; both in nats, mean over pictures (Alemi et
    al. 2018). Pictures and codes are drawn by fixed seeds: anew for every picture, alike for every model.
    """

    name: ClassVar[str] = "bound"
    needs: ClassVar[tuple[str, ...]] = ()

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:  # noqa: ARG002
        """Figures `elbo`, `rate` and `distortion`, whatever weight the rate had in training.

        Nothing for a model that is not variational, and for one whose output leaves [0, 1], which is no probability.
        PyTorch's own generator is left as it was.
        """
        if not is_variational(model) or not len(pictures):
            return Evaluation([])
        device = device_of(model)
        images = torch.from_numpy(pictures.images)
        sums = {"distortion": 0.0, "rate": 0.0}
        model.eval()
        with torch.inference_mode(), torch.random.fork_rng():
            for start in range(0, len(images), BATCH_SIZE):
                clean = to_unit(images[start : start + BATCH_SIZE], device)
                batch = Binarise()(clean, generator(EVALUATING, start))
                torch.manual_seed(start)
                latent = model.latent(batch.input, sample=True)
                probability = model.decode(latent.code)
                if ((probability < 0) | (probability > 1)).any():
                    return Evaluation([])
                terms = BOUND(Output(probability, latent), batch).terms
                sums["distortion"] += terms[BOUND.reconstruction_term].item() * len(clean)
                sums["rate"] += terms["KLToPrior"].item() * len(clean)
        means = {name: total / len(images) for name, total in sums.items()}
        found = {"elbo": -sum(means.values()), **means}
        return Evaluation([Figure(self.name, "", metric, value, len(images)) for metric, value in found.items()])


@dataclass(frozen=True)
class PriorSamples:
    """Pictures that a variational model decodes from draws of its standard normal prior: what it thinks there is.

    Raises:
        ValueError: fewer than one is asked for.
    """

    num: int = 64
    name: ClassVar[str] = "prior_samples"
    needs: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if self.num < 1:
            raise ValueError(f"expected at least 1 sample to draw, found {self.num}; 64 fill a square")

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:  # noqa: ARG002
        """The array `samples`, (sample, channel, height, width), raw outputs; nothing for other models.

        Models of one code size decode the same draws.
        """
        if not is_variational(model):
            return Evaluation([])
        model.eval()
        with torch.inference_mode():
            codes = torch.randn(self.num, model.code_size, generator=generator(EVALUATING))
            samples = model.decode(codes.to(device_of(model))).float().cpu()
        return Evaluation([], {"samples": samples.numpy()})


def is_variational(model: Model) -> TypeGuard[Autoencoder]:
    """Whether a model decodes a Gaussian code and nothing else."""
    return isinstance(model, Autoencoder) and isinstance(model.bottleneck, Gaussian) and not bypass_numbers(model)
