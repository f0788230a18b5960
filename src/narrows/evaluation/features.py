"""Numbers that a model makes of pictures, for a classifier to learn from: of several splits, and kept for the next."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from narrows.data import Pictures
from narrows.evaluation.classifiers import Attempt, Tried
from narrows.models import Autoencoder
from narrows.training.fit import device_of, to_unit

Features: TypeAlias = Float[Tensor, "_ _"]
"""(picture, number); splits have numbers of pictures of their own."""
Kind: TypeAlias = Literal["code", "reconstruction", "pixels"]
"""What of a model: its codes, its pictures of pictures, or nothing but the pictures themselves."""

BATCH_SIZE = 500
MOST_IN_FLOAT32 = 2**30
"""Numbers of all splits that are kept in float32, 4 GB of them; more are kept in bfloat16."""


@dataclass
class FeatureMemory:
    """The features that were last asked for, and what has learnt from them: arms of one encoder wait for each once.

    A model with the same architecture and the same weights is the same encoder.
    """

    tried: dict[Attempt, Tried] = field(default_factory=dict, repr=False)
    """Classifiers of the features at hand."""
    _asked: tuple[Kind, bool] = ("code", True)
    _model: Autoencoder | None = None
    _pictures: tuple[Pictures, ...] = ()
    _features: tuple[Features, ...] = field(default=(), repr=False)

    def of(
        self, model: Autoencoder, kind: Kind, pictures: tuple[Pictures, ...], *, standardised: bool
    ) -> tuple[Features, ...]:
        """Features of every split, (picture, number), on the CPU, in float32 or, where they are many, in bfloat16.

        Args:
            model: what encodes; put into evaluation mode.
            kind: what of it.
            pictures: the splits, training pictures first.
            standardised: each number less its mean over the training pictures, in units of its deviation there; one
                that never varies stays at 0.
        """
        known = (kind, standardised) == self._asked and self._model is not None and same_model(model, self._model)
        if not known or not same_pictures(pictures, self._pictures):
            self._features = ()  # before the next ones take their place
            self.tried.clear()
            features = encoded(model, kind, pictures)
            if standardised:
                standardise(features)
            self._asked, self._model, self._pictures, self._features = (kind, standardised), model, pictures, features
        return self._features


def encoded(model: Autoencoder, kind: Kind, pictures: tuple[Pictures, ...]) -> tuple[Features, ...]:
    """Features of every split as they are."""
    model.eval()
    count = sum(map(len, pictures))
    found = []
    for some in pictures:
        batches = batches_of(model, kind, some)
        first = next(batches)
        dtype = torch.float32 if count * first.shape[1] <= MOST_IN_FLOAT32 else torch.bfloat16
        numbers = torch.empty(len(some), first.shape[1], dtype=dtype)
        numbers[: len(first)] = first
        for place, batch in enumerate(batches, start=1):
            numbers[place * BATCH_SIZE : (place + 1) * BATCH_SIZE] = batch
        found.append(numbers)
    return tuple(found)


def batches_of(model: Autoencoder, kind: Kind, pictures: Pictures) -> Iterator[Features]:
    """Features of a split, batch by batch."""
    device = device_of(model)
    for images in torch.from_numpy(pictures.images).split(BATCH_SIZE):
        with torch.inference_mode():
            clean = to_unit(images, device)
            if kind == "code":
                numbers = model.encode(clean)
            else:
                numbers = clean if kind == "pixels" else model(clean).reconstruction
        yield numbers.flatten(1).float().cpu()


def standardise(features: tuple[Features, ...]) -> None:
    """In place: mean 0 and variance 1 of every number of the first split, and the same map of the others."""
    learnt = features[0]
    mean = torch.stack([part.sum(0, dtype=torch.float64) for part in learnt.split(BATCH_SIZE)]).sum(0) / len(learnt)
    squares = [(part.double() - mean).square().sum(0) for part in learnt.split(BATCH_SIZE)]
    deviation = (torch.stack(squares).sum(0) / len(learnt)).sqrt()
    deviation[deviation < 1e-6] = 1.0
    for each in features:
        for part in each.split(BATCH_SIZE):
            part.copy_((part.float() - mean.float()) / deviation.float())


def same_model(one: Autoencoder, other: Autoencoder) -> bool:
    """Whether two models have the same architecture and weights."""
    if one.architecture != other.architecture:
        return False
    weights = other.state_dict()
    return all(torch.equal(tensor, weights[name]) for name, tensor in one.state_dict().items())


def same_pictures(some: tuple[Pictures, ...], others: tuple[Pictures, ...]) -> bool:
    """Whether these are the very same objects: comparing their pixels would take longer than a small encoder."""
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))
