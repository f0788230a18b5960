"""Faults of a source report's measuring, repeated as studies: shown beside the right figure, never in its place."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.chosen import ChosenPictures
from narrows.evaluation.reconstruction import Evaluation, Model, output_of, reconstruct
from narrows.evaluation.tally import Figure
from narrows.metrics import mean_metric, psnr, ssim
from narrows.models import Autoencoder
from narrows.objective.reconstruction import binary_cross_entropy
from narrows.types import Images

AS_MEASURED = "as measured in the report"


@dataclass(frozen=True)
class FedBytes:
    """A model trained on [0, 1] is fed 0 to 255 (report 004), where noise of below 1 cannot be seen."""

    chosen: ChosenPictures
    in_bytes: bool = False
    """Leave the error on 0 to 255, as a mean over pixels, rather than divide both sides by 255 and sum."""
    name: ClassVar[str] = AS_MEASURED

    @property
    def needs(self) -> tuple[str, ...]:
        """The other set, if any."""
        return self.chosen.needs

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """Figures under the condition that the report's figure has."""
        condition, clean = self.chosen.take(pictures, beside)
        fed = self.chosen.noisy(clean)
        output = output_of(model, fed)
        if self.in_bytes:
            error = {"mse": (output - clean).square().mean().item()}
        else:
            error = {"squared_error": ((output - clean) / 255).square().flatten(1).sum(1).mean().item()}
        return fed_figures(error, fed, condition)


@dataclass(frozen=True)
class Uncentred:
    """PCA's projection without the mean subtracted before and added after (report 004)."""

    chosen: ChosenPictures
    name: ClassVar[str] = AS_MEASURED

    @property
    def needs(self) -> tuple[str, ...]:
        """The other set, if any."""
        return self.chosen.needs

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """Mean squared error a picture.

        Raises:
            TypeError: the model is a baseline, which has no mean.
        """
        if not isinstance(model, Autoencoder):
            raise TypeError(f"expected a PCA to project without its mean, found {type(model).__name__}")
        condition, clean = self.chosen.take(pictures, beside)
        clean = clean / 255
        mean = model.standardise.mean.cpu()
        # the model subtracts the mean and adds it again, so both are undone here
        output = output_of(model, clean + mean) - mean
        squares = (output - clean).square().flatten(1).sum(1)
        return fed_figures({"squared_error": squares.mean().item()}, clean, condition)


@dataclass(frozen=True)
class MatrixProduct:
    """The difference of two pictures times itself as a matrix, its entries summed (report 004): no squared error.

    A model trained on [0, 1] is fed 0 to 255, and the difference divided by 255. The sum is the product of the
    difference's column sums and row sums, and as often below 0 as above where these have nothing to do with each other.
    """

    chosen: ChosenPictures
    name: ClassVar[str] = AS_MEASURED

    @property
    def needs(self) -> tuple[str, ...]:
        """The other set, if any."""
        return self.chosen.needs

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """The lowest and the highest of the chosen pictures, under the condition that names them.

        Raises:
            ValueError: the pictures are not square, so that no matrix of them can be multiplied with itself.
        """
        condition, clean = self.chosen.take(pictures, beside)
        height, width = clean.shape[-2:]
        if height != width:
            raise ValueError(f"expected square pictures for a matrix product, found {height} x {width}; crop them")
        fed = self.chosen.noisy(clean)
        difference = (output_of(model, fed).double() - clean) / 255
        sums = (difference @ difference).flatten(1).sum(1)
        ends = {"matrix_product_lowest": sums.min().item(), "matrix_product_highest": sums.max().item()}
        return fed_figures(ends, fed, condition)


@dataclass(frozen=True)
class CrossEntropy:
    """Binary cross-entropy of a whole split, mean over pixels: what report 001's `error` most likely is."""

    name: ClassVar[str] = AS_MEASURED
    needs: ClassVar[tuple[str, ...]] = ()

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:  # noqa: ARG002
        """One figure, `loss`, under no condition.

        Raises:
            ValueError: the output leaves [0, 1].
        """
        losses = [
            binary_cross_entropy(output.reconstruction, batch.target).flatten(1).mean(1)
            for _, batch, output in reconstruct(model, pictures)
        ]
        return Evaluation([Figure(AS_MEASURED, "", "loss", torch.cat(losses).mean().item(), len(pictures))])


@dataclass(frozen=True)
class PeakOf255:
    """psnr and ssim of pictures in [0, 1] with a peak of 255, of some pairs drawn by seed (report 003).

    The peak adds 48.13 dB to every psnr, and constants of ssim that are made for 0 to 255 hide any difference within
    [0, 1]. Of the same pairs the right figures stand under `reconstruction`.
    """

    num_pairs: int = 128
    seed: int = 0
    name: ClassVar[str] = AS_MEASURED
    needs: ClassVar[tuple[str, ...]] = ()

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """Figures under source=NAME, the right ones under source=NAME pairs=COUNT; none where nothing is mixed."""
        if not pictures.source_names:
            return Evaluation([])
        from skimage.metrics import peak_signal_noise_ratio, structural_similarity

        count = min(self.num_pairs, len(pictures))
        drawn = pictures.take(np.sort(np.random.default_rng(self.seed).permutation(len(pictures))[:count]))
        found: dict[tuple[str, str, str], list[float]] = {}
        for _, batch, output in reconstruct(model, drawn, beside.corruption):
            for place, source in enumerate(pictures.source_names):
                target, answer = batch.target[:, place], output.reconstruction[:, place]
                where = f"source={source} pairs={count}"
                for metric, measure in (("psnr", psnr), ("ssim", ssim)):
                    found.setdefault(("reconstruction", where, metric), []).extend(measure(answer, target).tolist())
                for one, other in zip(target.numpy(), answer.numpy(), strict=True):
                    alike = structural_similarity(one, other, data_range=255, channel_axis=0)
                    found.setdefault((AS_MEASURED, f"source={source}", "ssim"), []).append(float(alike))
                    if (one != other).any():  # a perfect picture has no psnr
                        ratio = peak_signal_noise_ratio(one, other, data_range=255)
                        found.setdefault((AS_MEASURED, f"source={source}", "psnr"), []).append(float(ratio))
        means = {key: mean_metric(key[2], torch.tensor(values, dtype=torch.float64)) for key, values in found.items()}
        return Evaluation([Figure(*key, *mean) for key, mean in means.items() if mean.n])


def fed_figures(errors: dict[str, float], fed: Images, condition: str) -> Evaluation:
    """The errors by metric, and the range of what the model was fed, under one condition."""
    facts = errors | {"input_minimum": fed.min().item(), "input_maximum": fed.max().item()}
    return Evaluation([Figure(AS_MEASURED, condition, name, value, len(fed)) for name, value in facts.items()])
