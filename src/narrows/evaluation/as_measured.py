"""Faults of a source report's measuring, repeated as studies: shown beside the right figure, never in its place."""

from dataclasses import dataclass

from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.chosen import ChosenPictures
from narrows.evaluation.reconstruction import Evaluation, Model, output_of
from narrows.evaluation.tally import Figure
from narrows.models import Autoencoder
from narrows.types import Images

AS_MEASURED = "as measured in the report"


@dataclass(frozen=True)
class FedBytes:
    """A model trained on [0, 1] is fed 0 to 255 (report 004), where noise of below 1 cannot be seen."""

    chosen: ChosenPictures
    in_bytes: bool = False
    """Leave the error on 0 to 255, as a mean over pixels, rather than divide both sides by 255 and sum."""

    @property
    def name(self) -> str:
        """Of the evaluation in the results."""
        return AS_MEASURED

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
            error = Figure(AS_MEASURED, "", "mse", (output - clean).square().mean().item(), len(fed))
        else:
            squares = ((output - clean) / 255).square().flatten(1).sum(1)
            error = Figure(AS_MEASURED, "", "squared_error", squares.mean().item(), len(fed))
        return fed_figures(error, fed, condition)


@dataclass(frozen=True)
class Uncentred:
    """PCA's projection without the mean subtracted before and added after (report 004)."""

    chosen: ChosenPictures

    @property
    def name(self) -> str:
        """Of the evaluation in the results."""
        return AS_MEASURED

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
        error = Figure(AS_MEASURED, "", "squared_error", squares.mean().item(), len(clean))
        return fed_figures(error, clean, condition)


def fed_figures(error: Figure, fed: Images, condition: str) -> Evaluation:
    """The error, and the range of what the model was fed, under one condition."""
    facts = {error.metric: error.value, "input_minimum": fed.min().item(), "input_maximum": fed.max().item()}
    return Evaluation([Figure(AS_MEASURED, condition, name, value, error.n) for name, value in facts.items()])
