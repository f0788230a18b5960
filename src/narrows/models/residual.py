"""A network that gives what its input lacks, or has too much of."""

from dataclasses import dataclass

from torch import Tensor, nn

from narrows.models.around import build_inner
from narrows.models.autoencoder import Autoencoder
from narrows.models.parallel import WithMixture
from narrows.models.unet import UNetDecoder
from narrows.types import Architecture, Images, ImageShape


@dataclass(frozen=True)
class Residual:
    """Another architecture whose output is added to its input, as in denoising (Zhang et al. 2017, section III-B).

    What it learns is the noise, with the sign turned. The input bypasses the code, so it compresses nothing.
    """

    architecture: Architecture

    @property
    def code_size(self) -> int | None:
        """The inner architecture's."""
        return self.architecture.code_size

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network for pictures of this shape.

        Raises:
            ValueError: the inner network corrects its code, standardises its pictures, owes several, or learns from
                patches.
        """
        model = build_inner(self.architecture, image_shape)
        if isinstance(model.decoder, UNetDecoder):
            model.decoder.start_at_zero()  # the input as it is, which noise leaves nearer than anything drawn
        model.encoder = WithMixture(model.encoder)
        model.decoder = AddingDecoder(model.decoder)
        model.architecture = self
        return model


class AddingDecoder(nn.Module):
    """A decoder whose pictures are added to the input, the last part of the bypass."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, code: Tensor, bypass: tuple[Tensor, ...]) -> Images:
        """Pictures (batch, channel, height, width)."""
        *inner, images = bypass
        height, width = images.shape[-2:]
        # autocast hands over bfloat16, in which the input would be rounded
        added: Images = images + self.decoder(code, tuple(inner)).to(images.dtype)[..., :height, :width]
        return added
