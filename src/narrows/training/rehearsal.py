"""Whether model, task, objective and pictures fit one another, asked before anything is trained."""

import numpy as np
import torch

from narrows.corruption import PatchMask, PixelMask
from narrows.data import Pictures
from narrows.models import (
    Autoencoder,
    Deterministic,
    LearnsFromPatches,
    MaskedTransformer,
    ParallelDecoders,
    Standardised,
)
from narrows.models.pca import Around
from narrows.objective import KLSparsity, Objective
from narrows.training.fit import as_images, generator, validate
from narrows.training.settings import Training
from narrows.types import Architecture, Corruption

REHEARSED = 2
"""Pictures: one alone would hide what is compared between pictures."""
RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
"""What an activation that has bounds can give."""


def rehearse(
    model: Autoencoder, pictures: Pictures, objective: Objective, corruption: Corruption, training: Training
) -> None:
    """Take an untrained model through a step and a validation on two pictures, weights left alone, or refuse.

    What the first steps need not show is read from the descriptions: a decoder that may leave the range of its loss, a
    code that may leave that of its penalty, a mask that may hide all that a transformer sees.

    Args:
        model: on the CPU, of the pictures' shape; running averages in it change.
        pictures: of the training split.
        objective: as in `fit`.
        corruption: as in `fit`.
        training: as in `fit`.

    Raises:
        ValueError: they do not fit; from the part that says so.
    """
    if isinstance(model.architecture, LearnsFromPatches):
        few = model.architecture.learnt_from(model, pictures.images[:REHEARSED])
        rehearse(model.architecture.learner(model), Pictures(few), objective, corruption, training)
        return
    check_ranges(model, objective)
    check_mask(model, corruption)
    few_pictures = pictures.take(np.arange(min(REHEARSED, len(pictures))))
    draw = generator(training.seed)
    with torch.no_grad():
        batch = corruption(training.augmentation(as_images(few_pictures), draw), draw)
        objective(model.train()(batch.input, batch.hidden), batch)
    validate(model.eval(), few_pictures, objective, corruption, training)


def check_ranges(model: Autoencoder, objective: Objective) -> None:
    """Refuse a loss or penalty of numbers from 0 to 1 where nothing keeps them there.

    Raises:
        ValueError: binary cross-entropy of a decoder without bounds, or `KLSparsity` of a code without.
    """
    name = type(model.architecture).__name__
    low, high = output_range(model)
    if objective.reconstruction == "bce" and not 0 <= low <= high <= 1:
        raise ValueError(
            f"expected a network whose pictures stay in [0, 1] for bce, found {name}, whose may reach from {low:g} to "
            f"{high:g}; end its decoder with output_activation='sigmoid', or take mse or mae"
        )
    bottleneck = getattr(innermost(model.architecture), "bottleneck", None)
    sigmoid = isinstance(bottleneck, Deterministic) and bottleneck.activation == "sigmoid"
    if any(isinstance(penalty, KLSparsity) for penalty in objective.penalties) and not sigmoid:
        raise ValueError(
            f"expected a code that stays in [0, 1] for KLSparsity, found that of {name}, which may leave it; give it "
            "bottleneck=Deterministic('sigmoid')"
        )


def output_range(model: Autoencoder) -> tuple[float, float]:
    """The least and greatest number that a model can give, whatever its weights."""
    architecture = model.architecture
    while isinstance(architecture, Standardised | ParallelDecoders):
        architecture = architecture.architecture
    bounds = RANGES.get(getattr(architecture, "output_activation", "linear"), (-np.inf, np.inf))
    low, high = (model.standardise.mean + bound * model.standardise.deviation for bound in bounds)
    return low.min().item(), high.max().item()


def check_mask(model: Autoencoder, corruption: Corruption) -> None:
    """Refuse a mask that does not hide whole patches of a transformer, as many in every picture and never all.

    Raises:
        ValueError: it may cut through patches, hide more of them in some pictures, or all.
    """
    transformer = innermost(model.architecture)
    if not isinstance(transformer, MaskedTransformer) or not isinstance(corruption, PatchMask | PixelMask):
        return
    side = corruption.patch_size if isinstance(corruption, PatchMask) else 1
    height, width = model.image_shape[1:]
    highest = corruption.ratio[1] if isinstance(corruption.ratio, tuple) else corruption.ratio
    whole = side == transformer.patch_size or not (side % transformer.patch_size or height % side or width % side)
    cells = -(-height // side) * -(-width // side)
    if highest > 0 and (not whole or round(highest * cells) == cells):
        raise ValueError(
            f"expected a mask that hides patches of {transformer.patch_size} pixels a side, and never all of a "
            f"picture, for a transformer of such patches, found {corruption} on pictures of {height} x {width}; use "
            f"PatchMask with patch_size={transformer.patch_size} and a lower ratio"
        )


def innermost(architecture: Architecture) -> Architecture:
    """What stands inside all that is put around it."""
    while isinstance(architecture, Around):
        architecture = architecture.architecture
    return architecture
