"""Several decoders on one code: a network that owes more than one picture."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from narrows.models.autoencoder import Autoencoder
from narrows.types import Architecture, ImageShape, Sources


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
            ValueError: the inner network corrects its code.
        """
        models = [self.architecture.build(image_shape) for _ in range(self.num_sources)]
        model = models[0]
        assert isinstance(model, Autoencoder)
        if len(model.corrections):
            raise ValueError(
                "expected an encoder that does not look at its reconstruction, found "
                f"{len(model.corrections)} corrections; they compare one picture with one reconstruction: set "
                "num_corrections to 0"
            )
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
