"""Convolutional networks: stages of convolution and pooling, and four ways back up."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from torch import Tensor, nn

from narrows.models.autoencoder import Autoencoder
from narrows.models.bottleneck import ACTIVATIONS, Activation, Bottleneck, Deterministic, check_activation
from narrows.models.dense import check_sizes
from narrows.types import Images, ImageShape, Mask

Upward: TypeAlias = Literal["transposed", "upsampling", "unpooling", "unpooling and transposed"]
OddSizes: TypeAlias = Literal["padded", "dropped"]
Odd: TypeAlias = tuple[int, int]
"""How many rows and columns, 0 or 1, a stage of the decoder adds to twice as many."""


@dataclass(frozen=True)
class Convolutional:
    """A 3 x 3 convolution, ReLU and 2 x 2 max pooling a stage; the decoder mirrors it.

    `upward` is the way back: `transposed` convolutions of stride 2, nearest-neighbour `upsampling` before a
    convolution, or `unpooling` to the places where the maxima stood (Zhao et al. 2015), before a convolution or a
    transposed one of stride 1. After `unpooling` a stage that keeps the number of channels has no convolution, as
    report 004 builds it. Unpooling's switches bypass the code, and are counted as such.

    Raises:
        ValueError: there is no stage, a size is below 1, or a word unknown.
    """

    channels: tuple[int, ...] = (8, 16, 16)
    """Channels of each stage; each stage halves height and width."""
    code_size: int | None = None
    """None: the last stage's features are the code, and its activation the bottleneck's; else they go through a ReLU
    and are projected to this many numbers and back."""
    upward: Upward = "transposed"
    odd_sizes: OddSizes = "padded"
    """Whether pictures are padded until every stage halves them evenly, or pooling drops a row or column that is left
    over, and the decoder adds it again. A network that drops takes pictures of its own size alone."""
    output_activation: Activation = "sigmoid"
    bottleneck: Bottleneck = Deterministic()

    def __post_init__(self) -> None:
        check_sizes(*self.channels)
        check_sizes(1 if self.code_size is None else self.code_size)
        check_activation(self.output_activation)
        for name, choices in (("upward", Upward), ("odd_sizes", OddSizes)):
            if getattr(self, name) not in get_args(choices):
                known = ", ".join(get_args(choices))
                raise ValueError(f"expected {name} to be one of {known}, found {getattr(self, name)!r}")

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network for pictures of this shape.

        Raises:
            ValueError: halving drops the last row or column of these pictures.
        """
        channel, height, width = image_shape
        least = 2 ** len(self.channels)
        multiple = least if self.odd_sizes == "padded" else 1
        if multiple == 1 and min(height, width) < least:
            raise ValueError(
                f"expected pictures of at least {least} x {least} pixels to halve {len(self.channels)} times, "
                f"found {height} x {width}; use fewer stages, or odd_sizes 'padded'"
            )
        sizes = [(height + -height % multiple, width + -width % multiple)]
        for _ in self.channels:
            sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
        features_shape = (self.channels[-1], *sizes[-1])
        return Autoencoder(
            self,
            image_shape,
            encoder=ConvolutionalEncoder(self, channel),
            decoder=ConvolutionalDecoder(
                self, channel, features_shape, [(height % 2, width % 2) for height, width in sizes[-2::-1]]
            ),
            bottleneck=self.bottleneck,
            features_shape=features_shape,
            code_shape=None if self.code_size is None else (self.code_size,),
            multiple=multiple,
        )


class ConvolutionalEncoder(nn.Module):
    """Stages of convolution, ReLU and pooling; the pooling switches are the bypass where they are asked for."""

    def __init__(self, description: Convolutional, channel: int) -> None:
        super().__init__()
        projected = description.code_size is not None or description.bottleneck.numbers_per_code > 1
        last = len(description.channels) - 1
        self.stages = nn.ModuleList(
            # before pooling: where a window has nothing above 0, its switch is then its first place
            nn.Sequential(convolution(before, after), *([nn.ReLU()] if projected or index < last else []))
            for index, (before, after) in enumerate(itertools.pairwise((channel, *description.channels)))
        )
        self.switches = description.upward in UNPOOLING

    def forward(self, images: Images, hidden: Mask | None) -> tuple[Tensor, tuple[Tensor, ...]]:  # noqa: ARG002
        """Features (batch, channel, height, width); a hidden pixel is seen as its fill value."""
        features: Tensor = images
        bypass = []
        for stage in self.stages:
            features, indices = nn.functional.max_pool2d(stage(features), 2, return_indices=True)
            if self.switches:
                bypass.append(indices)
        return features, tuple(bypass)


class ConvolutionalDecoder(nn.Module):
    """The encoder's stages in reverse; an optional linear layer first unfolds a projected code."""

    def __init__(
        self, description: Convolutional, channel: int, features_shape: tuple[int, int, int], odd: Sequence[Odd]
    ) -> None:
        """`odd` has an entry a stage, the deepest first."""
        super().__init__()
        self.upward = description.upward
        self.features_shape = features_shape
        self.odd = odd
        size = description.code_size
        self.unproject = nn.Identity() if size is None else nn.Linear(size, math.prod(features_shape))
        *inner, last = itertools.pairwise((*reversed(description.channels), channel))
        self.stages = nn.ModuleList()
        for pair, added in zip(inner, odd[:-1], strict=True):
            if self.upward == "unpooling" and pair[0] == pair[1]:
                self.stages.append(nn.Identity())
            else:
                self.stages.append(nn.Sequential(LAYERS[self.upward](*pair, added), nn.ReLU()))
        self.stages.append(LAYERS[self.upward](*last, odd[-1]))
        self.activation = ACTIVATIONS[description.output_activation]

    def forward(self, code: Tensor, bypass: tuple[Tensor, ...]) -> Images:
        """Pictures (batch, channel, height, width), at the padded size."""
        features: Tensor = self.unproject(code)
        if features.dim() == 2:
            features = features.unflatten(1, self.features_shape).relu()
        for index, (stage, odd) in enumerate(zip(self.stages, self.odd, strict=True)):
            size = [2 * length + added for length, added in zip(features.shape[-2:], odd, strict=True)]
            if self.upward in UNPOOLING:
                features = nn.functional.max_unpool2d(features, bypass[-1 - index], [2, 2], output_size=size)
            elif self.upward == "upsampling":
                features = nn.functional.interpolate(features, size)
            features = stage(features)
        return self.activation(features)


def convolution(before: int, after: int, odd: Odd = (0, 0)) -> nn.Module:  # noqa: ARG001
    """Keeps height and width, whatever brought them there."""
    return nn.Conv2d(before, after, 3, padding=1)


def transposed(before: int, after: int, odd: Odd) -> nn.Module:
    """Doubles height and width in one layer; kernel 4 at stride 2 overlaps evenly (Odena et al. 2016).

    Where a row or column is to be added, kernel 3 without padding gives one more than twice as many.
    """
    kernel, padding = (4 - odd[0], 4 - odd[1]), (1 - odd[0], 1 - odd[1])
    return nn.ConvTranspose2d(before, after, kernel, stride=2, padding=padding)


def transposed_in_place(before: int, after: int, odd: Odd) -> nn.Module:  # noqa: ARG001
    """Keeps height and width."""
    return nn.ConvTranspose2d(before, after, 3, padding=1)


LAYERS = {
    "transposed": transposed,
    "upsampling": convolution,
    "unpooling": convolution,
    "unpooling and transposed": transposed_in_place,
}
"""The layer of a decoder's stage, after upsampling or unpooling, or in their place."""

UNPOOLING = ("unpooling", "unpooling and transposed")
