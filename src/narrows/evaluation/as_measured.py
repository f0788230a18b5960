"""Faults of a source report's measuring, repeated as studies: shown beside the right figure, never in its place."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from narrows.data import Pictures
from narrows.evaluation.positions import pictures_condition, present
from narrows.evaluation.reconstruction import Evaluation, Model
from narrows.evaluation.tally import Figure
from narrows.models import Autoencoder
from narrows.training.fit import device_of
from narrows.types import Images

AS_MEASURED = "as measured in the report"


@dataclass(frozen=True)
class FedBytes:
    """A model trained on [0, 1] is fed 0 to 255 (report 004): its error, with both sides divided by 255 afterwards."""

    positions: tuple[int, ...]
    """In the test split."""
    data: str = ""
    """Another set than the model's own, by name."""
    noise: float | None = None
    """Standard deviation of noise that is added to 0 to 255, where it cannot be seen."""
    draw: int | None = None
    """Number of the draw, where the report states several."""
    in_bytes: bool = False
    """Leave the error on 0 to 255, as a mean over pixels, rather than divide and sum."""

    @property
    def name(self) -> str:
        """Of the evaluation in the results."""
        return AS_MEASURED

    @property
    def needs(self) -> tuple[str, ...]:
        """The other set, if any."""
        return (self.data,) if self.data else ()

    def __call__(self, model: Model, pictures: Pictures, other: Callable[[str], Pictures]) -> Evaluation:
        """Figures under the condition that the report's figure has."""
        pictures = other(self.data) if self.data else pictures
        index = present(self.positions, pictures)
        fed = torch.from_numpy(pictures.take(index).images).float()
        clean = fed.clone()
        if self.noise is not None:
            fed += self.noise * torch.randn(fed.shape, generator=torch.Generator().manual_seed(self.draw or 0))
        output = reconstruction(model, fed)
        if self.in_bytes:
            error = Figure(AS_MEASURED, "", "mse", (output - clean).square().mean().item(), len(fed))
        else:
            squares = ((output - clean) / 255).square().flatten(1).sum(1)
            error = Figure(AS_MEASURED, "", "squared_error", squares.mean().item(), len(fed))
        named = {"data": self.data or None, "noise": self.noise, "draw": self.draw}
        before = [f"{key}={named[key]}" for key in ("data", "noise") if named[key] is not None]
        after = [f"draw={self.draw}"] if self.draw is not None else []
        return fed_figures(error, fed, " ".join([*before, pictures_condition(index), *after]))


@dataclass(frozen=True)
class Uncentred:
    """PCA's projection without the mean subtracted before and added after (report 004)."""

    positions: tuple[int, ...]
    """In the test split."""

    @property
    def name(self) -> str:
        """Of the evaluation in the results."""
        return AS_MEASURED

    @property
    def needs(self) -> tuple[str, ...]:
        """No other set."""
        return ()

    def __call__(self, model: Model, pictures: Pictures, other: Callable[[str], Pictures]) -> Evaluation:  # noqa: ARG002
        """Mean squared error a picture.

        Raises:
            TypeError: the model is a baseline, which has no mean.
        """
        if not isinstance(model, Autoencoder):
            raise TypeError(f"expected a PCA to project without its mean, found {type(model).__name__}")
        index = present(self.positions, pictures)
        clean = torch.from_numpy(pictures.take(index).images).float() / 255
        mean = model.standardise.mean.cpu()
        # the model subtracts the mean and adds it again, so both are undone here
        output = reconstruction(model, clean + mean) - mean
        squares = (output - clean).square().flatten(1).sum(1)
        error = Figure(AS_MEASURED, "", "squared_error", squares.mean().item(), len(clean))
        return fed_figures(error, clean, pictures_condition(index))


def reconstruction(model: Model, images: Images) -> Images:
    """What a model makes of pictures as they are, on the CPU."""
    device = device_of(model) if isinstance(model, Autoencoder) else torch.device("cpu")
    with torch.inference_mode():
        output: Images = model(images.to(device), None).reconstruction.float().cpu()
    return output


def fed_figures(error: Figure, fed: Images, condition: str) -> Evaluation:
    """The error, and the range of what the model was fed, under one condition."""
    facts = {error.metric: error.value, "input_minimum": fed.min().item(), "input_maximum": fed.max().item()}
    return Evaluation([Figure(AS_MEASURED, condition, name, value, error.n) for name, value in facts.items()])
