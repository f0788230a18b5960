"""The two networks that all libraries train, as Narrows builds them and as plain layers with the same weights."""

import itertools
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from turns import How

from narrows.data import Dataset, Pictures, load
from narrows.data.catalogue import CATALOGUE
from narrows.data.official import data_root, is_present
from narrows.models import Autoencoder, Convolutional, Dense
from narrows.types import ImageShape

DENSE = Dense((512, 256, 128), 30, decoder_widths=(128, 256), output_activation="sigmoid")
CONVOLUTIONAL = Convolutional((64, 128, 256), code_size=128)
GREY, COLOUR = (1, 28, 28), (3, 32, 32)


class Plain(NamedTuple):
    """A network as anyone would write it: what a peer is given, and what is applied without Narrows."""

    encoder: nn.Sequential
    decoder: nn.Sequential


def build(architecture: Dense | Convolutional, shape: ImageShape, seed: int) -> Autoencoder:
    """Narrows' network with the weights of this seed."""
    torch.manual_seed(seed)
    return architecture.build(shape)


def plain(model: Autoencoder) -> Plain:
    """The same layers with the same weights, without Narrows.

    Raises:
        ValueError: another architecture than the two that are compared.
    """
    if model.architecture == DENSE:
        found = plain_dense(DENSE)
    elif model.architecture == CONVOLUTIONAL:
        found = plain_convolutional(CONVOLUTIONAL)
    else:
        raise ValueError(f"expected one of the two networks that are compared, found {model.architecture}")
    layers = [layer for part in found for layer in part if list(layer.parameters())]
    own = [layer for layer in in_order(model) if list(layer.parameters(recurse=False))]
    for layer, source in zip(layers, own, strict=True):
        layer.load_state_dict(source.state_dict())
    return found


def in_order(model: Autoencoder) -> list[nn.Module]:
    """Every layer, as pictures pass through them."""
    return [*model.encoder.modules(), model.project, *model.decoder.modules()]


def plain_dense(description: Dense) -> Plain:
    """Linear layers with a ReLU between them."""
    widths = (784, *description.widths, description.code_size)
    back = (description.code_size, *(description.decoder_widths or ()), 784)
    encoder, decoder = (
        [layer for pair in itertools.pairwise(sizes) for layer in (nn.Linear(*pair), nn.ReLU())][:-1]
        for sizes in (widths, back)
    )
    return Plain(nn.Sequential(nn.Flatten(), *encoder), nn.Sequential(*decoder, nn.Sigmoid(), nn.Unflatten(1, GREY)))


def plain_convolutional(description: Convolutional) -> Plain:
    """Stages of convolution, ReLU and pooling, a linear code, and transposed convolutions."""
    code, channels = description.code_size or 1, (COLOUR[0], *description.channels)
    deepest = (channels[-1], 4, 4)
    stages = [
        layer
        for before, after in itertools.pairwise(channels)
        for layer in (nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
    ]
    back = [
        layer
        for before, after in itertools.pairwise(channels[::-1])
        for layer in (nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.ReLU())
    ]
    numbers = int(np.prod(deepest))
    return Plain(
        nn.Sequential(*stages, nn.Flatten(), nn.Linear(numbers, code)),
        nn.Sequential(nn.Linear(code, numbers), nn.Unflatten(1, deepest), nn.ReLU(), *back[:-1], nn.Sigmoid()),
    )


def pictures(name: str, shape: ImageShape, count: int, how: How) -> tuple[str, NDArray[np.uint8]]:
    """The first training pictures of a set, or random ones where its files are not there; and what they are."""
    if is_present(CATALOGUE[name], data_root(how.data_root)):
        return name, load(name, how.data_root).official_train.images[:count]
    return "random pictures", random_pictures(shape, count)


def random_pictures(shape: ImageShape, count: int) -> NDArray[np.uint8]:
    """Random bytes."""
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


def whole(images: NDArray[np.uint8]) -> Dataset:
    """Pictures that are all trained on, with nothing held out."""
    return Dataset("benchmark", Pictures(images), np.arange(0), lambda: Pictures(images[:0]))
