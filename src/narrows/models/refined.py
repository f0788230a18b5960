"""PCA, and a convolutional network that corrects what it gives back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from narrows.models.autoencoder import Autoencoder, pad
from narrows.models.dense import check_sizes
from narrows.models.pca import PCA, set_components
from narrows.models.unet import UNetDecoder, UNetEncoder, check_levels
from narrows.types import Images, ImageShape


@dataclass(frozen=True)
class RefinedPCA:
    """PCA's code and reconstruction, which a small U-Net corrects; PCA stays as it is, the correction is trained.

    For few pictures of many pixels, of which a network that finds its own code learns less than PCA knows in closed
    form. The correction starts at 0 and sees the reconstruction alone: nothing passes around the code.

    Raises:
        ValueError: a size is below 1, or fewer than two levels of channels.
    """

    code_size: int
    channels: tuple[int, ...] = (16, 32, 64)
    """Of each level of the correction, the full-size one first."""

    def __post_init__(self) -> None:
        check_sizes(self.code_size)
        check_levels(self.channels)

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """A network for pictures of this shape, its correction untrained; `prepare` sets the rest."""
        model = PCA(self.code_size).build(image_shape)
        model.architecture = self
        model.decoder = Refined(model.decoder, image_shape[0], self.channels)
        return model

    def prepare(self, model: Autoencoder, images: NDArray[np.uint8]) -> None:
        """Set mean and components from training pictures (picture, channel, height, width).

        Raises:
            ValueError: fewer pictures, or pixels, than components.
        """
        set_components(model, "decoder.rough.layers.0", images)


class Refined(nn.Module):
    """A decoder whose pictures a U-Net corrects."""

    def __init__(self, rough: nn.Module, channel: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.rough = rough
        self.down = UNetEncoder((channel, *channels))
        self.up = UNetDecoder(channels, channel, "linear")
        self.up.start_at_zero()
        self.multiple = 2 ** (len(channels) - 1)

    def forward(self, codes: Tensor, bypass: tuple[Tensor, ...]) -> Images:
        """Pictures (batch, channel, height, width)."""
        rough = self.rough(codes, bypass)
        lowest, skips = self.down(pad(rough, self.multiple), None)
        height, width = rough.shape[-2:]
        corrected: Images = rough + self.up(lowest, skips)[..., :height, :width]
        return corrected
