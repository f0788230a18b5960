"""One picture of any size through a model: whole where that is what the model would do everywhere, else in tiles."""

import math
from collections.abc import Iterator
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from narrows.models import Autoencoder
from narrows.models.autoencoder import pad
from narrows.training.fit import device_of

Image: TypeAlias = Float[Tensor, "channel height width"]
Hidden: TypeAlias = Bool[Tensor, "1 height width"]
Parts: TypeAlias = Float[Tensor, "part channel height width"]
"""The sources that a model takes apart; of any other model one part."""

MOST_PIXELS = 2**20
"""Of a picture that is run whole: a U-Net of 64 channels then holds 270 MB a layer."""
TILE, OVERLAP, MARGIN = 512, 96, 24
"""Side of the tiles of larger pictures, how much they share, and what is not used of that at either end of it: a U-Net
of three levels looks 22 pixels around, and sees what lies beyond its tile as black."""
NEXT_TO_NONE = 1e-7
AT_ONCE = 16
"""Tiles that go through a model together."""


def restore(model: Autoencoder, image: Image, hidden: Hidden | None = None) -> Parts:
    """What a model makes of a picture of any size, in float32 and not clamped, on the CPU.

    A convolutional network takes a picture whole; any other gets tiles of the size that it was trained on, which
    overlap by half and are blended. A grey picture goes through a model of colours as three equal channels, whose
    mean is taken; the channels of a colour one go through a model of greys one by one.

    Args:
        model: trained; it is put into evaluation mode.
        image: in the range that the model was trained on.
        hidden: true where the picture is to be filled in; its values there do not matter.

    Returns:
        The parts, in the picture's channels and size.

    Raises:
        ValueError: channels that fit neither way.
    """
    model.eval()
    if hidden is not None:
        image = image.masked_fill(hidden, 0.0)
    own, found = model.image_shape[0], len(image)
    if own != found and 1 not in (own, found):
        raise ValueError(f"expected a picture of {own} channels, or a grey one, found {found}; convert it")
    with torch.inference_mode():
        if own == found:
            return blended(model, image, hidden)
        if found == 1:
            return blended(model, image.expand(own, -1, -1), hidden).mean(1, keepdim=True)
        return torch.cat([blended(model, plane, hidden) for plane in image.split(1)], dim=1)


def runs_whole(model: Autoencoder) -> bool:
    """Whether a picture of any size may go through at once, and comes out as its parts would.

    A masked transformer takes any size too, but looks at the whole of a picture, of the size that it has learnt.
    """
    return model.takes_any_size and len(model.code_shape) > 1


def blended(model: Autoencoder, image: Image, hidden: Hidden | None) -> Parts:
    """A picture with the model's channels, whole or in tiles."""
    height, width = image.shape[1:]
    whole = runs_whole(model)
    if whole and height * width <= MOST_PIXELS:
        return passed(model, image[None], None if hidden is None else hidden[None])[0]
    tile = (TILE, TILE) if whole else model.image_shape[1:]
    overlap = (OVERLAP, OVERLAP) if whole else (tile[0] // 2, tile[1] // 2)
    margin = (MARGIN, MARGIN) if whole else (tile[0] // 8, tile[1] // 8)
    image, hidden = enlarged(image, tile, model.multiple), None if hidden is None else enlarged(hidden, tile, 1)
    total, weights = None, torch.zeros(image.shape[1:])
    window = taper(tile[0], overlap[0], margin[0])[:, None] * taper(tile[1], overlap[1], margin[1])
    for corners in grouped(
        places(image.shape[1:], tile, overlap, model.multiple), 1 if hidden is not None else AT_ONCE
    ):
        cut = [(slice(top, top + tile[0]), slice(left, left + tile[1])) for top, left in corners]
        seen = torch.stack([image[:, down, across] for down, across in cut])
        masks = None if hidden is None else torch.stack([hidden[:, down, across] for down, across in cut])
        for (down, across), parts in zip(cut, passed(model, seen, masks), strict=True):
            if total is None:
                total = torch.zeros(*parts.shape[:2], *image.shape[1:])
            total[..., down, across] += window * parts
            weights[down, across] += window
    assert total is not None
    result: Tensor = (total / weights)[..., :height, :width]
    return result


def passed(
    model: Autoencoder, images: Tensor, hidden: Tensor | None
) -> Float[Tensor, "batch part channel height width"]:
    """Pictures through a model, each as its parts."""
    device = device_of(model)
    found = model(images.to(device), None if hidden is None else hidden.to(device)).reconstruction.float().cpu()
    parts: Tensor = found if found.ndim == 5 else found[:, None]
    return parts


def enlarged(planes: Tensor, tile: tuple[int, int], multiple: int) -> Tensor:
    """Planes (channel, height, width) with their edge repeated until a tile fits and both sides are multiples."""
    down, right = (max(0, side - length) for side, length in zip(tile, planes.shape[1:], strict=True))
    wider = torch.nn.functional.pad(planes.float()[None], (0, right, 0, down), mode="replicate")
    return pad(wider, multiple)[0].to(planes.dtype)


def places(
    size: torch.Size, tile: tuple[int, int], overlap: tuple[int, int], multiple: int
) -> Iterator[tuple[int, int]]:
    """Upper left corners of tiles that cover a picture, at multiples where the network pools."""
    starts = []
    for length, side, shared in zip(size, tile, overlap, strict=True):
        count = 1 + math.ceil((length - side) / max(1, side - shared))
        step = (length - side) / max(1, count - 1)
        exact = [round(place * step) for place in range(count)]
        starts.append([start if start == length - side else start - start % multiple for start in exact])
    yield from ((top, left) for top in starts[0] for left in starts[1])


def grouped(corners: Iterator[tuple[int, int]], size: int) -> Iterator[list[tuple[int, int]]]:
    """The corners in lists of at most so many."""
    every = list(corners)
    yield from (every[start : start + size] for start in range(0, len(every), size))


def taper(side: int, overlap: int, margin: int) -> Float[Tensor, " side"]:
    """Weights along a tile: 1 within, falling over the overlap along the square of a sine, next to none in the margin.

    Where no other tile is, at the picture's border, next to none is enough.
    """
    near = torch.arange(side).minimum(torch.arange(side).flip(0)) + 0.5
    slope = ((near - margin) / max(1, overlap - 2 * margin)).clamp(0, 1)
    return (math.pi / 2 * slope).sin().square() + NEXT_TO_NONE
