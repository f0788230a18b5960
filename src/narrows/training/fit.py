"""Training an autoencoder: batches from uint8 pictures, the task that a corruption makes, and validation."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor, nn

from narrows.corruption import NoCorruption
from narrows.data import Dataset, Pictures
from narrows.metrics import PER_IMAGE, mean_metric
from narrows.models import Autoencoder, LearnsFromPatches, prepare
from narrows.objective import match
from narrows.training.optimize import History, Progress, optimize
from narrows.training.processes import ALONE, Processes
from narrows.training.settings import Training
from narrows.training.state_file import StateFile
from narrows.types import Batch, Corruption, Images, Losses, LossFunction, Sources

SHUFFLING, CORRUPTING, VALIDATING = range(3)
"""Streams of random numbers that never meet, whatever the seed."""
VALIDATED = 1000
"""Pictures at once."""
SMALL = 3 * 64 * 64
"""Numbers in a picture up to which so many go at once."""
LARGE = 2**21
"""Numbers of larger pictures at once: a U-Net of 32 channels then holds some 100 MB a layer."""


def fit(  # noqa: PLR0913  what, on what, towards what; the rest has defaults
    model: Autoencoder,
    data: Dataset,
    objective: LossFunction,
    *,
    corruption: Corruption = NoCorruption(),
    training: Training = Training(),
    state: StateFile | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    processes: Processes = ALONE,
) -> History:
    """Train an autoencoder in place on the training split, validated on the validation split.

    What the architecture takes from data in closed form is set first; a model that is all in closed form is done then.
    One that slides an autoencoder of patches over pictures has that autoencoder trained, on patches.
    With a validation split of no pictures (see `Dataset.whole`), everything is trained on and nothing validated.

    Args:
        model: on the device where it is to be trained.
        data: uint8 pictures with splits; the test split is not read.
        objective: (output, batch) to losses.
        corruption: makes the task of clean pictures.
        training: how.
        state: where to save the state at intervals, and to go on from.
        on_progress: told after every step.
        processes: who trains along, all with the same arguments; each takes a share of every batch.

    Raises:
        FloatingPointError: a loss term is not finite.
        ValueError: model and data have different shapes.
    """
    pictures = data.train
    if pictures.image_shape != model.image_shape:
        raise ValueError(f"expected pictures of shape {model.image_shape}, found {pictures.image_shape}; resize them")
    prepare(model, pictures.images)
    architecture = model.architecture
    if isinstance(architecture, LearnsFromPatches):
        history = fit(
            architecture.learner(model),
            data.pieces(lambda images: architecture.learnt_from(model, images)),
            objective,
            corruption=corruption,
            training=training,
            state=state,
            on_progress=on_progress,
            processes=processes,
        )
        model.eval()
        # an error of whitened patches is none of pictures, beside which the other arms' losses stand
        return [entry if entry.term == "loss" else entry._replace(term=f"patch {entry.term}") for entry in history]
    in_closed_form = not any(parameter.requires_grad for parameter in model.parameters())
    if in_closed_form or (training.epochs == 0 and training.minutes is None):
        model.eval()
        return []
    convolutional = put_channels_last(model)
    batches = TaskBatches(PictureBatches(pictures, training, device_of(model)), corruption, convolutional)

    def loss(module: nn.Module, batch: Batch) -> Losses:
        return objective(module(batch.input, batch.hidden), batch)

    def validation(module: nn.Module) -> dict[str, float]:
        return validate(module, data.validation, objective, corruption, training, processes)

    return optimize(
        model,
        batches,
        loss,
        training,
        validation=validation if len(data.validation) else None,
        state=state,
        on_progress=on_progress,
        processes=processes,
    )


class PictureBatch(NamedTuple):
    """Clean pictures, augmented."""

    images: Images | Sources
    positions: Tensor
    """(batch,) of them in the split."""
    generator: Generator
    """Of whatever else is drawn for this batch."""


@dataclass(frozen=True)
class PictureBatches:
    """Batches of clean pictures, drawn by (seed, epoch, step) alone."""

    pictures: Pictures
    training: Training
    device: torch.device

    def __len__(self) -> int:
        """Steps in an epoch; the last batch may be smaller."""
        return -(-len(self.pictures) // self.training.batch_size)

    def epoch(self, number: int, start: int) -> Iterator[PictureBatch]:
        """The batches of an epoch from a step on."""
        images = torch.from_numpy(self.pictures.images)
        for step, positions in enumerate(epoch_positions(len(images), self.training, number)[start:], start):
            draw = generator(self.training.seed, CORRUPTING, number, step)
            yield PictureBatch(
                self.training.augmentation(to_unit(images[positions], self.device), draw), positions, draw
            )


@dataclass(frozen=True)
class TaskBatches:
    """The task that a corruption makes of each batch of pictures."""

    batches: PictureBatches
    corruption: Corruption
    channels_last: bool = False

    def __len__(self) -> int:
        """Steps in an epoch."""
        return len(self.batches)

    def epoch(self, number: int, start: int) -> Iterator[Batch]:
        """The batches of an epoch from a step on."""
        for clean, _, draw in self.batches.epoch(number, start):
            batch = self.corruption(clean, draw)
            yield batch._replace(input=channels_last(batch.input)) if self.channels_last else batch


class Validated(NamedTuple):
    """What one block of validation pictures says."""

    start: int
    """Of the block in the split."""
    num_pictures: int
    values: dict[str, float]
    """Means over the block."""
    watched: dict[str, Tensor]
    """Metrics, one a picture."""


def validate(
    module: nn.Module,
    pictures: Pictures,
    objective: LossFunction,
    corruption: Corruption,
    training: Training,
    processes: Processes = ALONE,
) -> dict[str, float]:
    """Loss, terms and watched metrics over a split in float32; the corruption is the same in every epoch.

    Means over the pictures; of psnr over those with an error. Processes take every so many blocks, and all get the
    means over all pictures.
    """
    size = at_once(pictures, VALIDATED)
    starts = range(0, len(pictures), size)
    with torch.no_grad():
        blocks = [
            validate_block(module, pictures, slice(start, start + size), objective, corruption, training)
            for start in starts[processes.rank :: processes.count]
        ]
    found = sorted(processes.gather(blocks))
    means = {
        name: sum(block.values[name] * block.num_pictures for block in found) / len(pictures)
        for name in found[0].values
    }
    watched = {name: torch.cat([block.watched[name] for block in found]) for name in training.watch}
    return means | {name: mean_metric(name, values).mean for name, values in watched.items()}


def validate_block(
    module: nn.Module,
    pictures: Pictures,
    block: slice,
    objective: LossFunction,
    corruption: Corruption,
    training: Training,
) -> Validated:
    """Loss, terms and watched metrics over a stretch of a split; no gradients are asked for here."""
    clean = to_unit(torch.from_numpy(pictures.images[block]), device_of(module))
    batch = corruption(clean, generator(training.seed, VALIDATING, block.start))
    output = module(batch.input, batch.hidden)
    losses = objective(output, batch)
    ordered = bool(training.watch) and pictures.exchangeable
    found = match(output.reconstruction, batch.target) if ordered else output.reconstruction
    return Validated(
        block.start,
        len(clean),
        {name: value.item() for name, value in {"loss": losses.total, **losses.terms}.items()},
        {name: PER_IMAGE[name](found, batch.target).cpu() for name in training.watch},
    )


def epoch_positions(count: int, training: Training, number: int) -> tuple[Tensor, ...]:
    """Positions of the pictures of each batch of an epoch: drawn by (seed, epoch), or as they stand."""
    shuffled = torch.randperm(count, generator=generator(training.seed, SHUFFLING, number))
    order: Tensor = shuffled if training.shuffle else torch.arange(count)
    return tuple(order.split(training.batch_size))


def at_once(pictures: Pictures, most: int) -> int:
    """How many pictures go through a model together outside training: fewer where they are large.

    Draws hang on it, so that all sets of up to `SMALL` numbers a picture keep the number that they were recorded with.
    """
    numbers = math.prod(pictures.images.shape[1:])
    return most if numbers <= SMALL else max(1, LARGE // numbers)


def generator(*key: int) -> Generator:
    """A generator whose stream no other key shares."""
    # NumPy's SeedSequence mixes the numbers but takes no notice of zeros at the end, so the key's length stands there
    seed = np.random.SeedSequence((*key, len(key))).generate_state(1, np.uint64)[0]
    return Generator().manual_seed(int(seed >> np.uint64(1)))


def as_images(pictures: Pictures, device: torch.device | str = "cpu") -> Images | Sources:
    """All pictures of a split as float32 in [0, 1], in the shape that they have there."""
    return to_unit(torch.from_numpy(pictures.images), torch.device(device))


def to_unit(images: Tensor, device: torch.device) -> Images | Sources:
    """Uint8 pictures as float32 in [0, 1]; they travel to the device as bytes."""
    return images.to(device).float().div_(255)


def channels_last(images: Images) -> Images:
    """The memory order in which convolutions are fastest."""
    return images.contiguous(memory_format=torch.channels_last)


def is_convolutional(module: nn.Module) -> bool:
    """Whether a network has convolutions."""
    return any(isinstance(part, nn.Conv2d | nn.ConvTranspose2d) for part in module.modules())


def put_channels_last(module: nn.Module) -> bool:
    """Put a network's weights into that order where it has convolutions, and say whether it has."""
    convolutional = is_convolutional(module)
    if convolutional:
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # buys 1.5 to 4 times in bf16
    return convolutional


def device_of(module: Any) -> torch.device:
    """Where a module's parameters are."""
    device: torch.device = next(module.parameters()).device
    return device
