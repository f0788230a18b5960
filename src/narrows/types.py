"""Shape names and the records that flow between the parts.

    clean --corruption--> Batch --model--> Output --objective--> Losses

Pictures are float32 in [0, 1] unless a docstring says otherwise; on disk and in memory they rest as uint8.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from jaxtyping import Bool, Float, Int64
from torch import Generator, Tensor, nn

Images: TypeAlias = Float[Tensor, "batch channel height width"]
Sources: TypeAlias = Float[Tensor, "batch source channel height width"]
Codes: TypeAlias = Float[Tensor, "batch code"]
Labels: TypeAlias = Int64[Tensor, " batch"]
Scores: TypeAlias = Float[Tensor, "batch class"]
Mask: TypeAlias = Bool[Tensor, "batch 1 height width"]
PerImage: TypeAlias = Float[Tensor, " batch"]
Scalar: TypeAlias = Float[Tensor, ""]

ImageShape: TypeAlias = tuple[int, int, int]
"""Channel, height, width."""


class Batch(NamedTuple):
    """What a corruption makes of clean pictures: everything a model and an objective need to know of a task."""

    input: Images
    """What the encoder gets."""
    target: Images | Sources
    """What the decoder owes."""
    weight: Tensor
    """How much each target number counts in the loss; non-negative, broadcastable to the target."""
    hidden: Mask | None
    """True where a mask hid the pixel (all channels of it); None where nothing is masked."""


class Latent(NamedTuple):
    """What passes from encoder to decoder."""

    code: Codes
    """The numbers that the decoder gets: one flat row a picture."""
    mean: Codes | None
    """Mean of a Gaussian code, else None."""
    log_variance: Codes | None
    """Log of the variance of a Gaussian code, else None."""
    features: Tensor
    """What the encoder handed to the bottleneck: (batch, ...)."""
    bypass: tuple[Tensor, ...]
    """Whatever reaches the decoder around the code; empty for a true bottleneck."""


class Output(NamedTuple):
    """What a model returns: the reconstruction in the target's shape, and the latent it was decoded from."""

    reconstruction: Images | Sources
    latent: Latent


class Losses(NamedTuple):
    """What an objective returns: the scalar to minimise, and its named, weighted terms, which add up to it."""

    total: Scalar
    terms: dict[str, Scalar]


@runtime_checkable
class Codec(Protocol):
    """Anything that turns pictures into codes and back: every Autoencoder, PCA among them."""

    def encode(self, images: Images) -> Codes:
        """Flat codes of pictures; deterministic, and differentiable."""
        ...

    def decode(self, codes: Codes) -> Images | Sources:
        """Pictures of flat codes; raises ValueError where something must bypass the code."""
        ...

    def __call__(self, images: Images, hidden: Mask | None = None) -> Output:
        """Reconstruction and latent of pictures."""
        ...


@runtime_checkable
class Corruption(Protocol):
    """Makes a task of clean pictures; a frozen dataclass that is its own description."""

    def __call__(self, clean: Images | Sources, generator: Generator) -> Batch:
        """The same generator state gives the same batch; `clean` is left as it is."""
        ...


@runtime_checkable
class Penalty(Protocol):
    """A term that a latent pays beside the reconstruction error; a frozen dataclass."""

    @property
    def name(self) -> str:
        """The term's name in losses and history."""
        ...

    def __call__(self, latent: Latent) -> Scalar:
        """The weighted penalty, mean over the batch; at least 0."""
        ...


@runtime_checkable
class Architecture(Protocol):
    """A description of a network; a frozen dataclass."""

    @property
    def code_size(self) -> int | None:
        """Numbers in a code; None where it follows from the picture's size."""
        ...

    def build(self, image_shape: ImageShape) -> nn.Module:
        """An untrained `Autoencoder` for pictures of this shape; weights come from PyTorch's own generator."""
        ...


LossFunction: TypeAlias = Callable[[Output, Batch], Losses]
