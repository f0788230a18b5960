"""Features for a classifier: an autoencoder of small patches, slid over the picture and pooled."""

import math
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from torch import Tensor, nn

from narrows.models.autoencoder import Autoencoder, Standardise, pad
from narrows.models.bottleneck import Bottleneck, Deterministic, TopK
from narrows.models.dense import Dense, FlatDecoder, check_sizes
from narrows.models.pca import refuse_sources
from narrows.models.whitening import Whitening
from narrows.types import Images, ImageShape, Mask

CONTRAST = 10 / 255**2
"""Added to a patch's variance before it is divided by, so that noise in flat patches stays small (Coates et al.)."""
UNIT = 24 / 255
"""Grey level of one standard deviation where whitened patches are kept as pictures: 8 bits hold 5 of them each way."""
WHITENING_PATCHES = 100_000
"""From which mean and covariance are taken; 108 numbers a patch have 5 886 of them."""
WHITENED_AT_ONCE = 100_000
"""Patches that are floats at the same time: 43 MB of 108 numbers."""
CHUNK, UNITS = 4, 400
"""Pictures and units whose products are held at once: of 32 x 32 pixels 5 MB, which stay in a cache."""


@dataclass(frozen=True)
class PatchFeatures:
    """What the units of a patch autoencoder see in each quarter of a picture (Coates, Lee and Ng 2011).

    Every patch is brought to mean 0 and contrast 1 and whitened, and the inner autoencoder learns such patches. The
    columns of its decoder, the patches that it puts pictures together from, are then slid over a picture: products with
    them, soft-thresholded, both signs apart (Coates and Ng 2011), and averaged over regions and, where `mirrored`, over
    the picture and its mirror image, are the code, for a classifier. No picture can be rebuilt from averages; the
    reconstruction comes from the codes of patches side by side, which bypass the code.

    Raises:
        ValueError: a size is below 1, or a negative threshold.
    """

    patches: Dense = field(
        default_factory=lambda: Dense((), 1600, bottleneck=TopK(1, balanced=True), unit_columns=True)
    )
    """The autoencoder of patches, with one linear layer each way."""
    patch_size: int = 6
    patches_per_picture: int = 9
    """How many are drawn from the training pictures, anywhere in them, to learn from."""
    threshold: float = 0.25
    """In units of a whitened pixel's deviation; the columns have length 1."""
    regions: int = 2
    """Along each side: 2 are quarters."""
    mirrored: bool = True
    """Whether the code is the mean of the picture's and of its mirror image's, so that both have the same one."""

    def __post_init__(self) -> None:
        check_sizes(self.patch_size, self.patches_per_picture, self.regions)
        if not 0 <= self.threshold < math.inf:
            raise ValueError(f"expected a finite threshold of at least 0, found {self.threshold}; 0.25 is usual")
        if self.patches.widths or self.patches.decoder_widths:
            raise ValueError(
                "expected an autoencoder of patches with one layer each way, found layers of "
                f"{(*self.patches.widths, *(self.patches.decoder_widths or ()))}; leave its widths empty"
            )

    @property
    def code_size(self) -> int:
        """Both signs of every unit, in every region."""
        return 2 * self.patches.code_size * self.regions**2

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network for pictures of this shape.

        Raises:
            ValueError: the pictures are too small for a patch in every region.
        """
        channel, *sides = image_shape
        if min(sides) < self.patch_size + self.regions - 1:
            raise ValueError(
                f"expected pictures of at least {self.patch_size + self.regions - 1} pixels a side for patches of "
                f"{self.patch_size} in {self.regions} regions, found {sides}; lower patch_size or regions"
            )
        learner = self.patches.build(self.patch_shape(channel))
        whitening = Whitening(channel * self.patch_size**2)
        return Autoencoder(
            self,
            image_shape,
            encoder=SlidingEncoder(self, learner, whitening, tuple(side - self.patch_size + 1 for side in sides)),
            decoder=TileDecoder(self, learner, whitening),
            bottleneck=Deterministic(),
            features_shape=(2 * self.patches.code_size, self.regions, self.regions),
        )

    def patch_shape(self, channel: int) -> ImageShape:
        """Of a patch as a picture."""
        return channel, self.patch_size, self.patch_size

    def prepare(self, model: Autoencoder, images: NDArray[np.uint8]) -> None:
        """Set the whitening from training pictures (picture, channel, height, width), and the units to patches of them.

        Which patches is drawn by PyTorch's generator. Units that start at patches are all of use from the first step,
        and as they stand classify nearly as well as learnt ones (Coates and Ng 2011).
        """
        units = self.patches.code_size
        drawn = torch.from_numpy(draw_patches(images, self.patch_size, max(WHITENING_PATCHES, units)))
        encoder, decoder = model.encoder, model.decoder
        assert isinstance(encoder, SlidingEncoder)
        assert isinstance(decoder, TileDecoder)
        patches = contrast_normalised(drawn.float().div_(255))[0]
        encoder.whitening.set(patches)
        chosen = patches[torch.randperm(len(patches))[:units]].to(encoder.whitening.mean.device)
        with torch.no_grad():
            rows = nn.functional.normalize(encoder.whitening(chosen))
            model.get_parameter("encoder.project.weight")[:units] = rows
            # of unit columns the weight is made of another parameter
            (weight,) = (each for name, each in last_layer(decoder.patches).named_parameters() if "weight" in name)
            weight.copy_(rows.T)

    def learner(self, model: Autoencoder) -> Autoencoder:
        """The autoencoder of patches inside a network; what it learns, the network knows."""
        encoder, decoder = model.encoder, model.decoder
        assert isinstance(encoder, SlidingEncoder)
        assert isinstance(decoder, TileDecoder)
        learner = self.patches.build(self.patch_shape(model.image_shape[0]))
        learner.project, learner.balance, learner.decoder = encoder.project, encoder.balance, decoder.patches
        learner.standardise = Standardise(torch.full((1, 1, 1), 0.5), torch.full((1, 1, 1), UNIT))
        return learner.to(encoder.whitening.mean.device)

    def learnt_from(self, model: Autoencoder, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Whitened patches of pictures as pictures, (patch, channel, height, width): mean grey is 0."""
        encoder = model.encoder
        assert isinstance(encoder, SlidingEncoder)
        drawn = draw_patches(images, self.patch_size, self.patches_per_picture * len(images))
        found = np.empty_like(drawn)
        for start in range(0, len(drawn), WHITENED_AT_ONCE):
            some = torch.from_numpy(drawn[start : start + WHITENED_AT_ONCE]).float().div_(255)
            white = encoder.whitening(contrast_normalised(some)[0].to(encoder.whitening.mean.device)).cpu()
            found[start : start + len(some)] = ((white * UNIT + 0.5) * 255).round_().clamp_(0, 255).byte().numpy()
        return found.reshape(-1, *self.patch_shape(images.shape[1]))


@runtime_checkable
class LearnsFromPatches(Protocol):
    """An architecture of which a part is trained, on something else than whole pictures."""

    def learner(self, model: Autoencoder) -> Autoencoder:
        """The part."""
        ...

    def learnt_from(self, model: Autoencoder, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What it learns from, of pictures (picture, channel, height, width)."""
        ...


class SlidingEncoder(nn.Module):
    """Slides the units over pictures, thresholds and pools them."""

    averaging: Tensor

    def __init__(
        self, description: PatchFeatures, learner: Autoencoder, whitening: Whitening, places: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.size, self.regions, self.threshold = description.patch_size, description.regions, description.threshold
        self.mirrored = description.mirrored
        self.whitening, self.project, self.balance = whitening, learner.project, learner.balance
        self.bottleneck: Bottleneck = description.patches.bottleneck
        # the decoder's: a second name for the same weights would be saved twice
        self.rebuilding = (learner.decoder,)
        self.register_buffer("averaging", region_means(places, self.regions), persistent=False)

    def forward(self, images: Images, hidden: Mask | None) -> tuple[Tensor, tuple[Tensor, ...]]:  # noqa: ARG002
        """Features (batch, 2 x unit, region, region); of patches side by side their codes, means and contrasts."""
        columns = nn.functional.normalize(last_layer(self.rebuilding[0]).weight, dim=0)
        rows = columns.T @ self.whitening.matrix  # one product whitens, by a symmetric matrix, and compares
        # a graph has one path for any number of pictures
        chunks = (images,) if torch.compiler.is_compiling() else images.split(CHUNK)
        features = torch.cat([self.pooled(some, rows) for some in chunks])
        if self.mirrored:
            features = (features + torch.cat([self.pooled(some.flip(3), rows) for some in chunks])) / 2
        tiles, mean, contrast = contrast_normalised(windows(pad(images, self.size), self.size, self.size))
        units = self.balance(self.project(self.whitening(tiles)).flatten(0, 2))
        codes = self.bottleneck(units, sample=False).code
        return features, (codes.unflatten(0, tiles.shape[:3]), mean, contrast)

    def pooled(self, images: Images, rows: Tensor) -> Tensor:
        """Mean over each region of both signs of the products, as far as they pass the threshold.

        Half the sum and half the difference of what passes and of its size: a few units at a time, this reads and
        writes half as much as two rectified copies and buys a fifth of the time.
        """
        patches = contrast_normalised(windows(images, self.size, 1))[0].flatten(1, 2)
        sizes, sums = [], []
        for some in rows.split(UNITS):
            products = nn.functional.linear(patches, some, -(some @ self.whitening.mean))
            passed = nn.functional.softshrink(products, self.threshold)
            sums.append(self.averaging @ passed)
            sizes.append(self.averaging @ passed.abs())
        size, total = torch.cat(sizes, dim=2), torch.cat(sums, dim=2)
        signs = torch.cat([size + total, size - total], dim=2).transpose(1, 2) / 2
        grid: Tensor = signs.unflatten(2, (self.regions, self.regions))
        return grid


def region_means(places: tuple[int, ...], regions: int) -> Tensor:
    """The matrix (region, place) that takes means over each region of a grid, as adaptive pooling parts it."""
    alone = torch.eye(math.prod(places)).unflatten(1, places)
    return nn.functional.adaptive_avg_pool2d(alone, regions).flatten(1).T.contiguous()


def last_layer(decoder: nn.Module) -> nn.Linear:
    """Of a decoder that is one linear layer, whose weight is (number, unit)."""
    layer = decoder.get_submodule("layers.0")
    assert isinstance(layer, nn.Linear)
    return layer


class TileDecoder(nn.Module):
    """Puts pictures together from the codes of patches side by side."""

    def __init__(self, description: PatchFeatures, learner: Autoencoder, whitening: Whitening) -> None:
        super().__init__()
        decoder = learner.decoder
        assert isinstance(decoder, FlatDecoder)
        self.patches = decoder
        self.size = description.patch_size
        # the encoder's: a second name for the same buffers would be saved twice
        self.whitening = (whitening,)

    def forward(self, code: Tensor, bypass: tuple[Tensor, ...]) -> Images:  # noqa: ARG002  averages rebuild nothing
        """Pictures (batch, channel, height, width), at the padded size."""
        codes, mean, contrast = bypass
        white = self.patches(codes.flatten(0, 2), ()).flatten(1).unflatten(0, codes.shape[:3])
        whitening = self.whitening[0]
        tiles = (white.to(mean.dtype) @ whitening.inverse + whitening.mean) * contrast + mean
        rows, columns = tiles.shape[1:3]
        folded: Images = nn.functional.fold(
            tiles.flatten(1, 2).transpose(1, 2),
            (rows * self.size, columns * self.size),
            kernel_size=self.size,
            stride=self.size,
        )
        return folded


def windows(images: Images, size: int, step: int) -> Tensor:
    """Square patches, (picture, row, column, number)."""
    cut = images.unfold(2, size, step).unfold(3, size, step)
    return cut.permute(0, 2, 3, 1, 4, 5).flatten(3)


def contrast_normalised(patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Patches (..., number) at mean 0 and a deviation near 1, and the mean and contrast that they had, (..., 1)."""
    mean = patches.mean(-1, keepdim=True)
    contrast = (patches.var(-1, correction=0, keepdim=True) + CONTRAST).sqrt()
    return (patches - mean) / contrast, mean, contrast


def draw_patches(images: NDArray[np.uint8], size: int, count: int) -> NDArray[np.uint8]:
    """Patches (patch, number) from anywhere in pictures (picture, channel, height, width), the same ones every time.

    Raises:
        ValueError: they are sources.
    """
    refuse_sources(images)
    generator = np.random.default_rng(0)
    view = sliding_window_view(images, (size, size), axis=(2, 3))
    places = [generator.integers(0, most, count) for most in (len(images), *view.shape[2:4])]
    drawn: NDArray[np.uint8] = view[places[0], :, places[1], places[2]].reshape(count, -1)
    return drawn
