"""Principal component analysis as a member of the family: a linear autoencoder whose weights have a closed form."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from narrows.models.autoencoder import Autoencoder, Standardise
from narrows.models.dense import Dense, check_sizes
from narrows.types import Architecture, ImageShape


@dataclass(frozen=True)
class PCA:
    """Mean and first principal components; no linear autoencoder has a lower error (Baldi and Hornik 1989).

    Raises:
        ValueError: the code size is below 1.
    """

    code_size: int

    def __post_init__(self) -> None:
        check_sizes(self.code_size)

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """A linear autoencoder for pictures of this shape; `prepare` sets its weights."""
        model = Dense(widths=(), code_size=self.code_size).build(image_shape)
        model.architecture = self
        model.standardise = Standardise(mean=torch.zeros(image_shape))
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        return model

    def prepare(self, model: Autoencoder, images: NDArray[np.uint8]) -> None:
        """Set mean and components from training pictures (picture, channel, height, width).

        Raises:
            ValueError: fewer pictures, or pixels, than components.
        """
        set_components(model, "decoder.layers.0", images)


def set_components(model: Autoencoder, last: str, images: NDArray[np.uint8]) -> None:
    """Set mean, projection and the linear layer called `last` from training pictures.

    Raises:
        ValueError: fewer pictures, or pixels, than components, or sources in place of pictures.
    """
    refuse_sources(images)
    components = principal_components(images, model.code_size)
    project, back = model.project, model.get_submodule(last)
    assert isinstance(project, nn.Linear)
    assert isinstance(back, nn.Linear)
    weights = torch.from_numpy(components.components).to(project.weight)
    with torch.no_grad():
        model.standardise.mean.copy_(torch.from_numpy(components.mean).view(model.image_shape))
        project.weight.copy_(weights)
        back.weight.copy_(weights.T)
        project.bias.zero_()
        back.bias.zero_()


def refuse_sources(images: NDArray[np.uint8]) -> None:
    """Refuse sources, (picture, source, channel, height, width), where a closed form is of single pictures.

    Raises:
        ValueError: there are some.
    """
    if images.ndim != 4:
        raise ValueError(
            f"expected pictures (picture, channel, height, width) to set weights from, found shape {images.shape}; "
            "take a network without a closed form to tell sources apart"
        )


@runtime_checkable
class ClosedForm(Protocol):
    """An architecture that sets weights before, or instead of, training: from training pictures, or from a file."""

    def prepare(self, model: Autoencoder, images: NDArray[np.uint8]) -> None:
        """Set them; pictures are (picture, channel, height, width)."""
        ...


@runtime_checkable
class Around(Protocol):
    """An architecture that changes what stands around another one."""

    @property
    def architecture(self) -> Architecture:
        """The inner one."""
        ...


def prepare(model: Autoencoder, images: NDArray[np.uint8]) -> None:
    """Set what the architecture, or one inside it, takes in closed form or from a file; does nothing for the others."""
    architecture: Architecture | None = model.architecture
    while architecture is not None:
        if isinstance(architecture, ClosedForm):
            architecture.prepare(model, images)
        architecture = architecture.architecture if isinstance(architecture, Around) else None


@dataclass(frozen=True)
class Components:
    """Scikit-learn's result, in pixels of [0, 1]."""

    mean: NDArray[np.float32]
    """(pixel,)"""
    components: NDArray[np.float32]
    """(component, pixel), orthonormal rows."""
    explained_variance: NDArray[np.float64]
    """(component,), variance along each."""
    explained_variance_ratio: NDArray[np.float64]
    """(component,), share of the whole variance."""


def principal_components(images: NDArray[np.uint8], num_components: int) -> Components:
    """The first principal components of pictures (picture, channel, height, width).

    Raises:
        ValueError: fewer pictures, or pixels, than components.
    """
    from sklearn.decomposition import PCA as Reference

    pixels = images.reshape(len(images), -1).astype(np.float32) / 255
    most = min(pixels.shape)
    if num_components > most:
        raise ValueError(
            f"expected at most {most} components from {len(images)} pictures of {pixels.shape[1]} pixels, "
            f"found {num_components}; lower the code size"
        )
    # the covariance's eigenvectors cost pixels^3, which beats a decomposition of the pictures while these are more
    solver: Any = "covariance_eigh" if pixels.shape[1] <= min(4096, len(images)) else "auto"
    found = Reference(num_components, svd_solver=solver, random_state=0).fit(pixels)
    return Components(
        mean=found.mean_.astype(np.float32),
        components=found.components_.astype(np.float32),
        explained_variance=found.explained_variance_.astype(np.float64),
        explained_variance_ratio=found.explained_variance_ratio_.astype(np.float64),
    )
