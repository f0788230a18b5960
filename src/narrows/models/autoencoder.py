"""The one network class: every member of the family is an encoder, a bottleneck and a decoder in its slots."""

import math
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from narrows.models.bottleneck import Bottleneck, Code
from narrows.types import Architecture, Codes, Images, ImageShape, Latent, Mask, Output, Sources

Shape: TypeAlias = tuple[int, ...]


class Standardise(nn.Module):
    """(images - mean) / deviation at a model's entry, undone at its exit; buffers, so a model carries them along."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Tensor | None = None, deviation: Tensor | None = None) -> None:
        super().__init__()
        self.given = mean is not None or deviation is not None
        self.register_buffer("mean", torch.zeros(1, 1, 1) if mean is None else mean)
        self.register_buffer("deviation", torch.ones(1, 1, 1) if deviation is None else deviation)

    def forward(self, images: Images) -> Images:
        """Pictures in [0, 1] to the encoder's units."""
        return (images - self.mean) / self.deviation

    def inverse(self, images: Images | Sources) -> Images | Sources:
        """The decoder's units to pictures in [0, 1]."""
        return images * self.deviation + self.mean


class Balance(nn.Module):
    """Every number, or channel, at mean 0 and variance 1 over the batch in training, over running averages otherwise.

    Batch normalisation (Ioffe and Szegedy 2015) without scale and shift, which takes a batch of one picture as well.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("variance", torch.ones(size))

    def forward(self, numbers: Tensor) -> Tensor:
        """Shape (batch, size, ...) in and out."""
        several = self.training and numbers[:, 0].numel() > 1
        return nn.functional.batch_norm(numbers, self.mean, self.variance, training=several, momentum=0.1)


class Autoencoder(nn.Module):
    """images --encoder--> features --project, balance, bottleneck--> code --decoder--> reconstruction.

    The encoder is called with (images, hidden) and returns (features, bypass); the decoder with (code folded to
    `code_shape`, bypass) and returns pictures, or sources stacked on axis 1. Pictures and masks are padded to the
    encoder's multiple by repeating their edge, and pictures cropped back.
    """

    def __init__(  # noqa: PLR0913  one argument a slot
        self,
        architecture: Architecture,
        image_shape: ImageShape,
        *,
        encoder: nn.Module,
        decoder: nn.Module,
        bottleneck: Bottleneck,
        features_shape: Shape,
        code_shape: Shape | None = None,
        standardise: Standardise | None = None,
        multiple: int = 1,
        corrections: Sequence[nn.Module] = (),
    ) -> None:
        """Assemble a network of its parts.

        Args:
            architecture: the description that built it, for checkpoints.
            image_shape: channel, height, width of a picture.
            encoder: (images, hidden) to (features, bypass).
            decoder: (folded code, bypass) to pictures or sources.
            bottleneck: makes the code of the projected features.
            features_shape: shape of one picture's features.
            code_shape: shape to which a code is folded for the decoder; None where the features, unprojected, are
                the code.
            standardise: set from data or by hand; the identity where none is given.
            multiple: height and width that the encoder sees are multiples of this; 1 where the network takes one size.
            corrections: each (features, pictures less their reconstruction so far) to better features.
        """
        super().__init__()
        self.architecture = architecture
        self.image_shape = image_shape
        self.bottleneck = bottleneck
        self.code_shape = features_shape if code_shape is None else code_shape
        self.multiple = multiple
        self.standardise = Standardise() if standardise is None else standardise
        self.encoder = encoder
        self.decoder = decoder
        self.corrections = nn.ModuleList(corrections)
        projected_size = math.prod(self.code_shape) * bottleneck.numbers_per_code
        keep = code_shape is None and bottleneck.numbers_per_code == 1
        self.project = nn.Identity() if keep else nn.Linear(math.prod(features_shape), projected_size)
        self.balance = Balance(projected_size) if bottleneck.balanced else nn.Identity()

    @property
    def code_size(self) -> int:
        """How many numbers a code has for pictures of `image_shape`."""
        return math.prod(self.code_shape)

    @property
    def takes_any_size(self) -> bool:
        """Whether pictures may differ from `image_shape` in height and width."""
        return self.multiple > 1 and isinstance(self.project, nn.Identity)

    def latent(self, images: Images, hidden: Mask | None = None, *, sample: bool = False) -> Latent:
        """What passes to the decoder, bypass included."""
        seen = self.standardise(pad(images, self.multiple))
        # replication is not there for truth values
        masked = None if hidden is None else pad(hidden.float(), self.multiple).bool()
        features, bypass = self.encoder(seen, masked)
        for correct in self.corrections:
            # not drawn, so that the final code of given pictures stays Gaussian
            first = self._code(features, sample=False).code
            features = correct(features, seen - self.decoder(first.unflatten(1, self.code_shape), bypass))
        code, mean, log_variance = self._code(features, sample=sample)
        return Latent(code, mean, log_variance, features, bypass)

    def _code(self, features: Tensor, *, sample: bool) -> Code:
        return self.bottleneck(self.balance(self.project(features.flatten(1))), sample=sample)

    def forward(self, images: Images, hidden: Mask | None = None) -> Output:
        """Reconstruction and latent of pictures.

        Raises:
            ValueError: the pictures' channels, or, where the network needs it, height and width differ from
                `image_shape`.
        """
        self._check(images)
        latent = self.latent(images, hidden, sample=self.training)
        # a fully convolutional network takes other sizes, so the code then folds as the features are shaped
        free = isinstance(self.project, nn.Identity)
        shape = latent.features.shape[1:] if free else self.code_shape
        return Output(self._decode(latent.code, shape, latent.bypass, images.shape[-2:]), latent)

    def encode(self, images: Images) -> Codes:
        """Flat codes; deterministic, with gradients."""
        self._check(images)
        return self.latent(images).code

    def decode(self, codes: Codes) -> Images | Sources:
        """Pictures of flat codes.

        Raises:
            ValueError: the codes have another size, or something has to bypass the code.
        """
        if codes.shape[1] != self.code_size:
            raise ValueError(f"expected codes of {self.code_size} numbers, found {codes.shape[1]}")
        if around := bypass_numbers(self):
            raise ValueError(
                f"expected a model whose code is all that the decoder needs, found {around} numbers a picture that "
                f"reach it around the code; call the model on pictures instead"
            )
        return self._decode(codes, self.code_shape, (), self.image_shape[1:])

    def _decode(self, codes: Codes, shape: Shape, bypass: tuple[Tensor, ...], size: Shape) -> Images | Sources:
        images = self.standardise.inverse(self.decoder(codes.unflatten(1, shape), bypass))
        return images[..., : size[0], : size[1]]

    def _check(self, images: Images) -> None:
        found = tuple(images.shape[1:])
        if found[0] != self.image_shape[0] or (not self.takes_any_size and found != self.image_shape):
            raise ValueError(f"expected pictures of shape {self.image_shape}, found {found}; resize or convert them")


def pad(images: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until height and width are multiples."""
    down, right = -images.shape[-2] % multiple, -images.shape[-1] % multiple
    return nn.functional.pad(images, (0, right, 0, down), mode="replicate") if down or right else images


def bypass_numbers(model: Autoencoder) -> int:
    """How many numbers a picture of `image_shape` sends to the decoder around its code."""
    device, training = model.standardise.mean.device, model.training
    model.eval()  # one black picture must not move running averages
    with torch.no_grad():
        latent = model.latent(torch.zeros(1, *model.image_shape, device=device))
    model.train(training)
    return sum(tensor.numel() for tensor in latent.bypass)


def check_unstandardised(model: Autoencoder) -> None:
    """Refuse to wrap a network that brings pictures to units of its own: PCA, and what is `Standardised`.

    Raises:
        ValueError: it does.
    """
    if model.standardise.given:
        raise ValueError(
            "expected a network that takes pictures in [0, 1] as they are, found one that standardises them; put "
            "Standardised around the rest, and a network that finds its own code in place of PCA"
        )
