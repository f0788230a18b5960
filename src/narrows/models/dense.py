"""Dense networks on flattened pictures: plain stacks, and stacks of residual blocks."""

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import register_parametrization

from narrows.models.autoencoder import Autoencoder
from narrows.models.bottleneck import ACTIVATIONS, Activation, Bottleneck, Deterministic, check_activation
from narrows.types import Images, ImageShape, Mask


@dataclass(frozen=True)
class Dense:
    """Stacked linear layers with an activation between them (Hinton and Salakhutdinov 2006).

    Raises:
        ValueError: a size is below 1 or an activation unknown.
    """

    widths: tuple[int, ...]
    """Units of the encoder's layers before the code."""
    code_size: int
    decoder_widths: tuple[int, ...] | None = None
    """Units of the decoder's layers before the output; None mirrors the encoder."""
    hidden_activation: Activation = "relu"
    output_activation: Activation = "linear"
    bottleneck: Bottleneck = Deterministic()
    unit_columns: bool = False
    """Keep the columns of the decoder's first layer at length 1, so that a penalty on the code cannot be dodged by a
    small code and large decoder weights (Olshausen and Field 1996). With no layers but the code's, the encoder starts
    as the decoder's transpose (Gao et al. 2024, section 2.4): of 1 156 units on MNIST none died, 15 % did without."""

    def __post_init__(self) -> None:
        check_sizes(*self.widths, self.code_size, *(self.decoder_widths or ()))
        check_activation(self.hidden_activation)
        check_activation(self.output_activation)

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network for pictures of this shape."""
        pixels = math.prod(image_shape)
        back = self.widths[::-1] if self.decoder_widths is None else self.decoder_widths
        encoder = stack((pixels, *self.widths), self.hidden_activation)
        decoder = stack((self.code_size, *back), self.hidden_activation)
        decoder.append(nn.Linear((self.code_size, *back)[-1], pixels))
        first = decoder[0]
        if self.unit_columns:
            register_parametrization(first, "weight", UnitColumns())
        model = Autoencoder(
            self,
            image_shape,
            encoder=FlatEncoder(encoder),
            decoder=FlatDecoder(decoder, image_shape, self.output_activation),
            bottleneck=self.bottleneck,
            features_shape=((pixels, *self.widths)[-1],),
            code_shape=(self.code_size,),
        )
        if self.unit_columns and not self.widths and not back:
            assert isinstance(first, nn.Linear)
            with torch.no_grad():
                # of a Gaussian code the first half, its mean
                model.get_parameter("project.weight")[: self.code_size].copy_(first.weight.T)
        return model


@dataclass(frozen=True)
class ResidualDense:
    """Residual blocks of width x hidden x width with layer norm before them (He et al. 2016; Xiong et al. 2020).

    The blocks' last layers start at 0, so that the untrained network is a shallow one and depth costs no warm-up.

    Raises:
        ValueError: a size is below 1, corrections below 0, or an activation unknown.
    """

    code_size: int
    width: int = 512
    hidden_width: int = 1024
    num_blocks: int = 2
    """Blocks on each side of the code."""
    output_activation: Activation = "sigmoid"
    bottleneck: Bottleneck = Deterministic()
    num_corrections: int = 0
    """How often the encoder decodes its code, looks at what the pictures have more than that, and mends the code
    (Marino, Yue and Mandt 2018, who feed errors back to a variational encoder). Nothing else passes to the decoder."""

    def __post_init__(self) -> None:
        check_sizes(self.code_size, self.width, self.hidden_width, self.num_blocks)
        if self.num_corrections < 0:
            raise ValueError(
                f"expected at least 0 corrections, found {self.num_corrections}; 0 leaves the first code as it is"
            )
        check_activation(self.output_activation)

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network for pictures of this shape."""
        pixels = math.prod(image_shape)
        blocks = [[Residual(self.width, self.hidden_width) for _ in range(self.num_blocks)] for _ in range(2)]
        encoder = nn.Sequential(nn.Linear(pixels, self.width), *blocks[0], nn.LayerNorm(self.width))
        decoder = nn.Sequential(
            nn.Linear(self.code_size, self.width),
            *blocks[1],
            nn.LayerNorm(self.width),
            nn.Linear(self.width, pixels),
        )
        return Autoencoder(
            self,
            image_shape,
            encoder=FlatEncoder(encoder),
            decoder=FlatDecoder(decoder, image_shape, self.output_activation),
            bottleneck=self.bottleneck,
            features_shape=(self.width,),
            code_shape=(self.code_size,),
            corrections=[Correction(pixels, self.width, self.hidden_width) for _ in range(self.num_corrections)],
        )


class UnitColumns(nn.Module):
    """A weight (out, in) with every column scaled to length 1."""

    def forward(self, weight: Tensor) -> Tensor:
        """The scaled weight, of the same shape."""
        return nn.functional.normalize(weight, dim=0)


class Residual(nn.Module):
    """x + second(gelu(first(norm(x)))), the identity before training."""

    def __init__(self, width: int, hidden_width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, hidden_width)
        self.second = nn.Linear(hidden_width, width)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, numbers: Tensor) -> Tensor:
        """Shape (batch, width) in and out."""
        transformed: Tensor = self.second(nn.functional.gelu(self.first(self.norm(numbers))))
        return numbers + transformed


class Correction(nn.Module):
    """Features of pictures, mended by what their reconstruction misses."""

    def __init__(self, pixels: int, width: int, hidden_width: int) -> None:
        super().__init__()
        self.look = nn.Linear(pixels, width)
        self.block = Residual(width, hidden_width)
        self.norm = nn.LayerNorm(width)

    def forward(self, features: Tensor, missing: Images) -> Tensor:
        """Features (batch, width) in and out."""
        mended: Tensor = self.norm(self.block(features + self.look(missing.flatten(1))))
        return mended


class FlatEncoder(nn.Module):
    """Pictures, flattened, through layers; nothing bypasses the code."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, images: Images, hidden: Mask | None) -> tuple[Tensor, tuple[Tensor, ...]]:  # noqa: ARG002
        """Features (batch, units); a hidden pixel is seen as its fill value."""
        return self.layers(images.flatten(1)), ()


class FlatDecoder(nn.Module):
    """Codes through layers, folded to pictures."""

    def __init__(self, layers: nn.Module, image_shape: ImageShape, activation: Activation) -> None:
        super().__init__()
        self.layers = layers
        self.image_shape = image_shape
        self.activation = ACTIVATIONS[activation]

    def forward(self, codes: Tensor, bypass: tuple[Tensor, ...]) -> Images:  # noqa: ARG002  a true bottleneck
        """Pictures (batch, channel, height, width)."""
        images: Tensor = self.activation(self.layers(codes)).unflatten(1, self.image_shape)
        return images


def stack(sizes: tuple[int, ...], activation: Activation) -> nn.Sequential:
    """Linear layers from each size to the next, the activation after every one."""
    layers = nn.Sequential()
    for size, following in itertools.pairwise(sizes):
        layers.append(nn.Linear(size, following))
        layers.append({"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "linear": nn.Identity}[activation]())
    return layers


def check_sizes(*sizes: int) -> None:
    """Refuse layers without units, and no layers where some are wanted.

    Raises:
        ValueError: a size is below 1, or there is none.
    """
    if min(sizes, default=0) < 1:
        raise ValueError(f"expected sizes of at least 1, found {sizes}")
