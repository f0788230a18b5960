"""Networks that owe more than one picture: a decoder for each, or one and what the mixture leaves over."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from narrows.models.around import build_inner
from narrows.models.autoencoder import Autoencoder
from narrows.types import Architecture, Images, ImageShape, Mask, Sources


@dataclass(frozen=True)
class ParallelDecoders:
    """Another architecture with one decoder a source, all fed by the same code and bypass.

    Raises:
        ValueError: fewer than two sources.
    """

    architecture: Architecture
    num_sources: int = 2

    @property
    def code_size(self) -> int | None:
        """The inner architecture's."""
        return self.architecture.code_size

    def __post_init__(self) -> None:
        if self.num_sources < 2:
            raise ValueError(f"expected at least 2 sources for parallel decoders, found {self.num_sources}")

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network whose reconstruction is (batch, source, channel, height, width).

        Raises:
            ValueError: the inner network corrects its code, standardises its pictures, owes several already, or learns
                from patches.
        """
        models = [build_inner(self.architecture, image_shape) for _ in range(self.num_sources)]
        model = models[0]
        model.decoder = StackedDecoders([each.get_submodule("decoder") for each in models])
        model.architecture = self
        return model


class StackedDecoders(nn.Module):
    """Decoders side by side; their pictures are stacked on the source axis."""

    def __init__(self, decoders: list[nn.Module]) -> None:
        super().__init__()
        self.decoders = nn.ModuleList(decoders)

    def forward(self, code: Tensor, bypass: tuple[Tensor, ...]) -> Sources:
        """Sources (batch, source, channel, height, width)."""
        return torch.stack([decoder(code, bypass) for decoder in self.decoders], dim=1)


@dataclass(frozen=True)
class MixtureComplement:
    """Another architecture for one of two sources, of which the input is the mean; the other is 2 x mixture - that one.

    The formula is report 003's. By algebra both have the same error, with opposite signs, and so the same mse. The
    mixture bypasses the code.

    Both sources lie in [0, 1], and one that is grey has one value for all channels of a pixel, so that the mixture
    alone says how low and how high each pixel can be. What the inner network gives says where between these bounds the
    source stands, through a sigmoid: after two minutes on photographs and digits 0.5 dB better than pixels that are
    brought into the bounds in evaluation.
    """

    architecture: Architecture
    grey: bool = False
    """Whether the decoded source has one value for all channels of a pixel."""
    decoded: int = 0
    """Which of the two sources is decoded: 0 or 1."""
    num_sources: ClassVar[int] = 2

    @property
    def code_size(self) -> int | None:
        """The inner architecture's."""
        return self.architecture.code_size

    def __post_init__(self) -> None:
        if self.decoded not in (0, 1):
            raise ValueError(f"expected decoded to be 0 or 1, the first or the second source, found {self.decoded}")

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network whose reconstruction is (batch, 2, channel, height, width).

        Raises:
            ValueError: the inner network corrects its code, standardises its pictures, owes several already, or learns
                from patches.
        """
        model = build_inner(self.architecture, image_shape)
        model.encoder = WithMixture(model.encoder)
        model.decoder = ComplementDecoder(model.decoder, self)
        model.architecture = self
        return model


class WithMixture(nn.Module):
    """An encoder whose input reaches the decoder too."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Images, hidden: Mask | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The inner encoder's features and bypass, the mixture behind the bypass."""
        features, bypass = self.encoder(images, hidden)
        return features, (*bypass, images)


class ComplementDecoder(nn.Module):
    """A decoder of one source, and what the mixture leaves over."""

    def __init__(self, decoder: nn.Module, description: MixtureComplement) -> None:
        super().__init__()
        self.decoder = decoder
        self.grey = description.grey
        self.decoded = description.decoded

    def forward(self, code: Tensor, bypass: tuple[Tensor, ...]) -> Sources:
        """Sources (batch, 2, channel, height, width)."""
        *inner, mixture = bypass
        # autocast hands over bfloat16, in which the remainder would be rounded
        height, width = mixture.shape[-2:]
        level = self.decoder(code, tuple(inner)).to(mixture.dtype)[..., :height, :width]
        low, high = (2 * mixture - 1).clamp(min=0), (2 * mixture).clamp(max=1)
        if self.grey:
            level, low, high = level.mean(1, keepdim=True), low.amax(1, keepdim=True), high.amin(1, keepdim=True)
        first = low + (high - low) * level.sigmoid()
        pair = (first.expand_as(mixture), 2 * mixture - first)
        return torch.stack(pair if self.decoded == 0 else pair[::-1], dim=1)
