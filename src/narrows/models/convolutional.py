"""Convolutional networks: stages of convolution and pooling, and three ways back up."""

import itertools
from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import Tensor, nn

from narrows.models.autoencoder import Autoencoder
from narrows.models.bottleneck import ACTIVATIONS, Activation, Bottleneck, Deterministic, check_activation
from narrows.models.dense import check_sizes
from narrows.types import Images, ImageShape, Mask

Upward: TypeAlias = Literal["transposed", "upsampling", "unpooling"]


@dataclass(frozen=True)
class Convolutional:
    """A 3 x 3 convolution, ReLU and 2 x 2 max pooling a stage; the decoder mirrors it.

    `upward` is the way back: `transposed` convolutions of stride 2, nearest-neighbour `upsampling` before a
    convolution, or `unpooling` to the places where the maxima stood (Zhao et al. 2015). Unpooling's switches
    bypass the code, and are counted as such.

    Raises:
        ValueError: a size is below 1, or a word unknown.
    """

    channels: tuple[int, ...] = (8, 16, 16)
    """Channels of each stage; each stage halves height and width."""
    code_size: int | None = None
    """None: the last stage's features are the code; else they are projected to this many numbers and back."""
    upward: Upward = "transposed"
    output_activation: Activation = "sigmoid"
    bottleneck: Bottleneck = Deterministic()

    def __post_init__(self) -> None:
        check_sizes(*self.channels, 1 if self.code_size is None else self.code_size)
        check_activation(self.output_activation)
        if self.upward not in UPWARD:
            raise ValueError(f"expected upward to be one of {', '.join(UPWARD)}, found {self.upward!r}")

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network for pictures of this shape."""
        channel, height, width = image_shape
        multiple = 2 ** len(self.channels)
        features_shape = (self.channels[-1], -(-height // multiple), -(-width // multiple))
        return Autoencoder(
            self,
            image_shape,
            encoder=ConvolutionalEncoder((channel, *self.channels), switches=self.upward == "unpooling"),
            decoder=ConvolutionalDecoder(self, channel, features_shape),
            bottleneck=self.bottleneck,
            features_shape=features_shape,
            code_shape=None if self.code_size is None else (self.code_size,),
            multiple=multiple,
        )


class ConvolutionalEncoder(nn.Module):
    """Stages of convolution, ReLU and pooling; the pooling switches are the bypass where they are asked for."""

    def __init__(self, channels: tuple[int, ...], *, switches: bool) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1) for before, after in itertools.pairwise(channels)
        )
        self.switches = switches

    def forward(self, images: Images, hidden: Mask | None) -> tuple[Tensor, tuple[Tensor, ...]]:  # noqa: ARG002
        """Features (batch, channel, height, width); a hidden pixel is seen as its fill value."""
        features: Tensor = images
        bypass = []
        for convolution in self.convolutions:
            features, indices = nn.functional.max_pool2d(convolution(features).relu(), 2, return_indices=True)
            if self.switches:
                bypass.append(indices)
        return features, tuple(bypass)


class ConvolutionalDecoder(nn.Module):
    """The encoder's stages in reverse; an optional linear layer first unfolds a projected code."""

    def __init__(self, description: Convolutional, channel: int, features_shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.upward = description.upward
        self.features_shape = features_shape
        size = description.code_size
        features = features_shape[0] * features_shape[1] * features_shape[2]
        self.unproject = nn.Identity() if size is None else nn.Linear(size, features)
        channels = (*reversed(description.channels), channel)
        self.stages = nn.ModuleList(
            UPWARD[self.upward](before, after) for before, after in itertools.pairwise(channels)
        )
        self.activation = ACTIVATIONS[description.output_activation]

    def forward(self, code: Tensor, bypass: tuple[Tensor, ...]) -> Images:
        """Pictures (batch, channel, height, width), at the padded size."""
        features: Tensor = self.unproject(code)
        if features.dim() == 2:
            features = features.unflatten(1, self.features_shape).relu()
        for index, stage in enumerate(self.stages):
            if index > 0:
                features = features.relu()
            if self.upward == "unpooling":
                features = nn.functional.max_unpool2d(features, bypass[-1 - index], [2, 2])
            features = stage(features)
        return self.activation(features)


def transposed(before: int, after: int) -> nn.Module:
    """Doubles height and width in one layer; kernel 4 at stride 2 overlaps evenly (Odena et al. 2016)."""
    return nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)


def upsampling(before: int, after: int) -> nn.Module:
    """Repeats every pixel, then convolves."""
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1))


def unpooling(before: int, after: int) -> nn.Module:
    """The convolution after the unpooling, which the decoder does itself since it needs the switches."""
    return nn.Conv2d(before, after, 3, padding=1)


UPWARD = {"transposed": transposed, "upsampling": upsampling, "unpooling": unpooling}
