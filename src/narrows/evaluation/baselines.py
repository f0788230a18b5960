"""Models that learn nothing, which every table shows without being asked."""

from dataclasses import dataclass

import torch
from torch import Tensor

from narrows.types import Images, Latent, Mask, Output


@dataclass(frozen=True)
class Constant:
    """The same picture for every input: the training split's mean, or black."""

    picture: Tensor
    """(channel, height, width), or (source, channel, height, width)."""

    def __call__(self, images: Images, hidden: Mask | None = None) -> Output:  # noqa: ARG002  sees nothing
        """The picture, repeated."""
        return Output(self.picture.expand(len(images), *self.picture.shape), no_code(images))


@dataclass(frozen=True)
class Identity:
    """The input as its own reconstruction: what a denoiser has to beat."""

    num_sources: int = 0
    """The mixture as every one of so many sources; 0 where there are none."""

    def __call__(self, images: Images, hidden: Mask | None = None) -> Output:  # noqa: ARG002  sees nothing
        """The input, or the input for each source."""
        sources = images[:, None].expand(-1, self.num_sources, -1, -1, -1) if self.num_sources else images
        return Output(sources, no_code(images))


def no_code(images: Images) -> Latent:
    """A latent of no numbers."""
    empty = torch.empty(len(images), 0)
    return Latent(empty, None, None, empty, ())
