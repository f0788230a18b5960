"""Pictures in other units inside a network: what its encoder sees and its decoder gives is brought there and back."""

import math
from dataclasses import dataclass

import torch

from narrows.models.around import check_learns_pictures
from narrows.models.autoencoder import Autoencoder, Standardise, check_unstandardised
from narrows.models.parallel import ComplementDecoder
from narrows.types import Architecture, ImageShape


@dataclass(frozen=True)
class Standardised:
    """Another architecture on pictures less a mean, over a deviation: 0.5 and 0.5 bring [0, 1] to [-1, 1].

    Losses and metrics stay in [0, 1]; a mean squared error inside is deviation^-2 times as large.

    Raises:
        ValueError: the deviation is not above 0, or a number not finite.
    """

    architecture: Architecture
    mean: float = 0.5
    deviation: float = 0.5

    @property
    def code_size(self) -> int | None:
        """The inner architecture's."""
        return self.architecture.code_size

    def __post_init__(self) -> None:
        if not 0 < self.deviation < math.inf or not math.isfinite(self.mean):
            raise ValueError(
                f"expected a finite mean and a finite deviation above 0, found {self.mean} and {self.deviation}; 0.5 "
                "and 0.5 bring [0, 1] to [-1, 1]"
            )

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network that carries the two numbers along.

        Raises:
            ValueError: the inner network standardises already, needs pictures in [0, 1], or learns from patches.
        """
        model = self.architecture.build(image_shape)
        assert isinstance(model, Autoencoder)
        check_unstandardised(model)
        check_learns_pictures(model)
        if isinstance(model.decoder, ComplementDecoder):
            raise ValueError(
                "expected a network whose decoder needs no range of its pictures, found MixtureComplement, whose "
                "bounds are those of [0, 1]; leave Standardised out"
            )
        model.standardise = Standardise(*(torch.full((1, 1, 1), number) for number in (self.mean, self.deviation)))
        model.architecture = self
        return model
