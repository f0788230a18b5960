"""A U-Net that knows which pixels are hidden, and gives the others back as they are."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from narrows.models.autoencoder import Autoencoder
from narrows.models.bottleneck import Deterministic
from narrows.models.unet import UNetDecoder, UNetEncoder, check_levels
from narrows.types import Images, ImageShape, Mask


@dataclass(frozen=True)
class InpaintingUNet:
    """Hidden pixels are first filled from what is visible around them, and a U-Net corrects the fill.

    It sees the filled picture and the mask; the visible pixels come back bit for bit, so with nothing hidden it is the
    identity. What fills is the mean of the visible pixels of growing blocks (pull-push: Gortler et al. 1996, section
    3.4). Picture, mask and skip features bypass the code, so it compresses nothing. Takes pictures of any size.

    Raises:
        ValueError: fewer than two levels, or a size below 1.
    """

    channels: tuple[int, ...] = (32, 64, 128)
    """Of each level, the full-size one first."""

    @property
    def code_size(self) -> None:
        """Follows from the picture's size: the lowest level's features."""
        return

    def __post_init__(self) -> None:
        check_levels(self.channels)

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network for pictures of this shape, which gives the fill back."""
        channel, height, width = image_shape
        multiple = 2 ** (len(self.channels) - 1)
        return Autoencoder(
            self,
            image_shape,
            encoder=FillingEncoder(UNetEncoder((channel + 1, *self.channels))),
            decoder=FillingDecoder(UNetDecoder(self.channels, channel, "linear")),
            bottleneck=Deterministic(),
            features_shape=(self.channels[-1], -(-height // multiple), -(-width // multiple)),
            multiple=multiple,
        )


class FillingEncoder(nn.Module):
    """Shows a U-Net's way down the filled picture with the mask as one channel more."""

    def __init__(self, down: UNetEncoder) -> None:
        super().__init__()
        self.down = down

    def forward(self, images: Images, hidden: Mask | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The lowest level's features; around them the filled picture, the mask as 0 and 1, and the skip features."""
        mask = torch.zeros_like(images[:, :1]) if hidden is None else hidden.to(images.dtype)
        filled = images if hidden is None else fill(images * (1 - mask), 1 - mask)
        lowest, skips = self.down(torch.cat([filled, mask], dim=1), None)
        return lowest, (filled, mask, *skips)


class FillingDecoder(nn.Module):
    """Adds what a U-Net's way up makes of the features to the fill, where pixels are hidden; at the start nothing."""

    def __init__(self, up: UNetDecoder) -> None:
        super().__init__()
        self.up = up
        up.start_at_zero()

    def forward(self, code: Tensor, bypass: tuple[Tensor, ...]) -> Images:
        """Pictures (batch, channel, height, width), at the padded size."""
        filled, mask, *skips = bypass
        images: Images = filled + mask * self.up(code, tuple(skips))
        return images


def fill(shown: Tensor, share: Tensor) -> Tensor:
    """Hidden pixels from the mean of the visible ones in blocks of 2, 4, 8 and so on, the smallest weighing most.

    Args:
        shown: pictures (batch, channel, height, width) whose hidden pixels are 0; in the recursion, means of blocks.
        share: how much of each pixel, or block, is visible, (batch, 1, height, width).
    """
    if max(share.shape[-2:]) == 1:
        return shown / share.clamp(min=torch.finfo(share.dtype).tiny)
    blocks = (nn.functional.avg_pool2d(part, 2, ceil_mode=True) for part in (shown, share))
    coarse = nn.functional.interpolate(fill(*blocks), size=share.shape[-2:], mode="bilinear")
    return shown + (1 - share) * coarse
