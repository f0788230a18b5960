"""What codes and weights look like: code statistics, filters, kernels, principal components and their pictures."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from narrows.corruption import NoCorruption
from narrows.data import Pictures
from narrows.evaluation.reconstruction import reconstruct
from narrows.models import Autoencoder
from narrows.models.convolutional import ConvolutionalDecoder
from narrows.models.patch_features import SlidingEncoder, last_layer
from narrows.models.transformer import PatchEncoder
from narrows.types import Corruption

PERCENTILES = (2, 10, 25, 50, 75, 90, 98)
MAX_CODES = 2000
"""Pictures whose codes are kept: enough to see classes in a scatter plot, little on disk."""
MAX_NUMBERS = 4_000_000
"""Numbers of those codes in all, 16 MB: a U-Net's lowest level has 32 768 a photograph of 64 x 64."""
MAX_FILTERS = 2000


def code_arrays(
    model: Autoencoder,
    pictures: Pictures,
    examples: NDArray[np.int64],
    corruption: Corruption = NoCorruption(),
) -> dict[str, NDArray[Any]]:
    """Codes of the first pictures of a split: values, two principal directions, activity and spread of each unit.

    `examples` are positions of pictures whose codes are kept to be drawn unit by unit.
    """
    few = pictures.take(np.arange(min(MAX_CODES, max(2, MAX_NUMBERS // model.code_size), len(pictures))))
    codes, shown = (
        torch.cat([output.latent.code for _, _, output in reconstruct(model, some, corruption)]).float().numpy()
        for some in (few, pictures.take(examples))
    )
    arrays = {
        "codes": codes,
        "example_codes": shown,
        "projection": principal_plane(codes),
        "active_share": (codes != 0).mean(0).astype(np.float32),
        "deviation": codes.std(0),
    }
    return arrays if few.labels is None else arrays | {"labels": few.labels}


def principal_plane(codes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Codes (picture, code) along their first two principal directions: (picture, 2), or (picture, 1) of one number."""
    centred = (codes - codes.mean(0)).astype(np.float64)
    plane: NDArray[np.float64]
    # the smaller of the two products of the codes with themselves has all that is wanted; eigh sorts ascending
    if centred.shape[1] <= len(centred):
        plane = centred @ np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :2]
    else:
        energies, scores = np.linalg.eigh(centred @ centred.T)
        plane = (scores * np.sqrt(energies.clip(min=0)))[:, ::-1][:, :2]
    return plane.astype(np.float32)


def filter_arrays(model: Autoencoder) -> dict[str, NDArray[Any]]:
    """Weights of the first layer as pictures, or patches, (unit, channel, height, width), at most 2 000 of them.

    Of a `Convolutional` also `decoder_0`, the kernels (to, from, height, width) of the stage that gives the picture,
    `decoder_1` before it, and so on; a stage without a convolution, or with more than 2 000 kernels, is left out.
    """
    weight = first_weight(model)
    if isinstance(model.encoder, SlidingEncoder):
        # what patches are compared with, which is what pictures are put together from
        weight = last_layer(model.get_submodule("decoder.patches")).weight.T
        weight = weight.unflatten(1, (-1, model.encoder.size, model.encoder.size))
    elif isinstance(model.encoder, PatchEncoder):
        weight = weight.unflatten(1, (-1, model.encoder.patch_size, model.encoder.patch_size))
    elif weight.dim() == 2:
        weight = weight.unflatten(1, model.image_shape)
    arrays = {"first_layer": as_array(weight[:MAX_FILTERS])}
    if isinstance(model.decoder, ConvolutionalDecoder):
        found = enumerate(kernels(stage) for stage in reversed(model.decoder.stages))
        arrays |= {f"decoder_{number}": as_array(weight) for number, weight in found if weight is not None}
    return arrays


def kernels(stage: nn.Module) -> Tensor | None:
    """The kernels (to, from, height, width) of a stage's last convolution with at most 2 000 of them."""
    found = None
    for layer in stage.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            # a transposed convolution's weights stand as (from, to, height, width)
            weight = layer.weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else layer.weight
            found = weight if weight.shape[0] * weight.shape[1] <= MAX_FILTERS else found
    return found


def as_array(weight: Tensor) -> NDArray[Any]:
    """Weights as they are written."""
    array: NDArray[Any] = weight.detach().float().cpu().numpy()
    return array


def first_weight(model: Autoencoder) -> Tensor:
    """The weights that meet the picture: of the encoder's first layer, or of the projection where it has none."""
    for part in (*model.encoder.modules(), model.project):
        if isinstance(part, nn.Linear | nn.Conv2d):
            return part.weight
    raise ValueError(f"expected a linear or convolutional layer in {model.architecture}, found none")


def component_arrays(model: Autoencoder, pictures: Pictures, *, num_shown: int = 8) -> dict[str, NDArray[Any]]:
    """Of a PCA: variance explained on these pictures, components, and pictures at percentiles of the first scores."""
    assert isinstance(model.project, nn.Linear)
    components = model.project.weight.detach().cpu().numpy()
    mean = model.standardise.mean.cpu().numpy()
    pixels = (pictures.images.astype(np.float32) / 255 - mean).reshape(len(pictures), -1)
    scores = pixels @ components.T
    rank = [round(percent / 100 * (len(pictures) - 1)) for percent in PERCENTILES]
    chosen = scores[:, :num_shown].argsort(0)[rank].T
    arrays: dict[str, NDArray[Any]] = {
        "explained_variance_ratio": scores.var(0, dtype=np.float64) / pixels.var(0, dtype=np.float64).sum(),
        "components": components.reshape(-1, *model.image_shape),
        "mean": mean,
        "percentiles": np.array(PERCENTILES),
        "percentile_pictures": pictures.images[chosen].astype(np.float32) / 255,
        "percentile_values": np.take_along_axis(scores.T[:num_shown], chosen, axis=1),
    }
    return arrays if pictures.labels is None else arrays | {"percentile_labels": pictures.labels[chosen]}
