"""How well a model gives its targets back: metrics, raw and clamped, and the facts from which the doctor judges."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from narrows.corruption import NoCorruption
from narrows.data import Pictures
from narrows.evaluation.tally import Figure, Tally
from narrows.objective import match
from narrows.training.fit import at_once, device_of, generator, to_unit
from narrows.types import Batch, Corruption, Images, Mask, Output

Model = Callable[[Images, Mask | None], Output]
"""An Autoencoder, or a baseline."""

EVALUATING = 3
"""Stream of random numbers of its own: a task is the same whenever it is evaluated (see training.fit)."""
BATCH_SIZE = 500


@dataclass(frozen=True)
class Evaluation:
    """Figures of one model on one split, and arrays to draw."""

    figures: list[Figure]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    elsewhere: dict[str, list[Figure]] = field(default_factory=dict)
    """Figures of other splits, by split, where a study measures those with it."""

    @property
    def metrics(self) -> dict[str, float]:
        """The raw output's metrics by name."""
        return {
            figure.metric: figure.value
            for figure in self.figures
            if figure.evaluation == "reconstruction" and not figure.condition
        }


def evaluate(  # noqa: PLR0913  what, on what, under what, and what to keep of it
    model: Model,
    pictures: Pictures,
    *,
    corruption: Corruption = NoCorruption(),
    mean_picture: NDArray[np.float32] | None = None,
    examples: Sequence[int] = (),
    num_worst: int = 8,
    condition: str = "",
) -> Evaluation:
    """Metrics of a model on pictures, in float32, the corruption drawn by a seed of its own.

    Args:
        model: called with (input, hidden); a module is put into evaluation mode.
        pictures: the split.
        corruption: makes the task; judged is always against its target.
        mean_picture: of the training split, in [0, 1], shape of one target; gives `explained_variance`.
        examples: positions of pictures to keep for drawing.
        num_worst: how many of the pictures with the largest errors to keep for drawing.
        condition: key=value pairs that say what is special, for the results.

    Returns:
        Figures under `reconstruction` (raw output), `clamped` (output clamped to [0, 1]) and `checks`, of sources all
        together and, under source=NAME, each by itself; arrays as the report draws them.
    """
    tally = Tally(None if mean_picture is None else torch.from_numpy(mean_picture), pictures.source_names)
    shown: list[Shown] = []
    worst: list[Shown] = []
    for start, batch, output in reconstruct(model, pictures, corruption):
        errors = tally.add(batch, output)
        wanted = [position - start for position in examples if start <= position < start + len(errors)]
        shown += [show(position, start, batch, output, errors) for position in wanted]
        largest = errors.argsort(descending=True, stable=True)[:num_worst]  # of equal errors the first
        worst += [show(int(i), start, batch, output, errors) for i in largest]
        worst = sorted(worst, key=lambda picture: -picture.error)[:num_worst]
    shown.sort(key=lambda picture: picture.position)
    arrays = tally.arrays() | stack(shown, "", pictures) | stack(worst, "worst_", pictures)
    if pictures.labels is not None:
        arrays["per_picture_labels"] = pictures.labels
    return Evaluation(tally.figures(condition), arrays)


def reconstruct(
    model: Model, pictures: Pictures, corruption: Corruption = NoCorruption()
) -> Iterator[tuple[int, Batch, Output]]:
    """(position of the first picture, task, output) of each batch of a split; results on the CPU, no gradients.

    Sources that are exchangeable come in the targets' order, picture by picture (see `match`).
    """
    device = device_of(model) if isinstance(model, nn.Module) else torch.device("cpu")
    if isinstance(model, nn.Module):
        model.eval()
    images = torch.from_numpy(pictures.images)
    with torch.inference_mode():
        size = at_once(pictures, BATCH_SIZE)
        for start in range(0, len(images), size):
            clean = to_unit(images[start : start + size], device)
            batch = corruption(clean, generator(EVALUATING, start))
            output = model(batch.input, batch.hidden)
            latent = output.latent._replace(code=output.latent.code.cpu())
            batch, reconstruction = batch_to_cpu(batch), output.reconstruction.float().cpu()
            if pictures.exchangeable:
                reconstruction = match(reconstruction, batch.target)
            yield start, batch, Output(reconstruction, latent)


def output_of(model: Model, images: Images) -> Images:
    """What a model makes of pictures as they are, on the CPU, no gradients."""
    device = device_of(model) if isinstance(model, nn.Module) else torch.device("cpu")
    if isinstance(model, nn.Module):
        model.eval()
    with torch.inference_mode():
        output: Images = model(images.to(device), None).reconstruction.float().cpu()
    return output


class Shown(NamedTuple):
    """A picture kept for drawing."""

    position: int
    input: Tensor
    target: Tensor
    reconstruction: Tensor
    hidden: Tensor | None
    error: float


def show(position: int, start: int, batch: Batch, output: Output, errors: Tensor) -> Shown:
    """One picture of a batch; `start` is the split's position of the batch."""
    return Shown(
        start + position,
        batch.input[position],
        batch.target[position],
        output.reconstruction[position],
        None if batch.hidden is None else batch.hidden[position],
        errors[position].item(),
    )


def stack(shown: list[Shown], prefix: str, pictures: Pictures) -> dict[str, NDArray[Any]]:
    """Arrays (picture, ...) of the kept pictures; empty where none is."""
    if not shown:
        return {}
    index = np.array([picture.position for picture in shown])
    arrays = {
        "index": index,
        "clean": pictures.images[index].astype(np.float32) / 255,
        "input": torch.stack([picture.input for picture in shown]).numpy(),
        "target": torch.stack([picture.target for picture in shown]).numpy(),
        "reconstruction": torch.stack([picture.reconstruction for picture in shown]).numpy(),
        "error": np.array([picture.error for picture in shown], dtype=np.float32),
    }
    if pictures.labels is not None:
        arrays["labels"] = pictures.labels[index]
    hidden = [picture.hidden for picture in shown if picture.hidden is not None]
    if hidden:
        arrays["hidden"] = torch.stack(hidden).numpy()
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def batch_to_cpu(batch: Batch) -> Batch:
    """The batch where metrics are taken; input and target stay one tensor where they were."""
    if batch.target.device.type == "cpu":
        return batch
    target = batch.target.cpu()
    hidden = None if batch.hidden is None else batch.hidden.cpu()
    return Batch(target if batch.input is batch.target else batch.input.cpu(), target, batch.weight.cpu(), hidden)
