"""What is done to clean pictures before a model sees them: noise, draws, masks and mixtures.

Every corruption is a frozen dataclass, its own description, and maps clean pictures to a whole `Batch`; training never
asks which one it has. Random numbers come from the generator alone, on the generator's device, so that a CPU generator
gives the same task on every device. Strength 0 is the identity, bit for bit.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Generator, Tensor

from narrows.types import Batch, Corruption, Images, Mask, Sources

Strength: TypeAlias = float | tuple[float, float]
"""One level, or the lowest and the highest of a range to draw from evenly: one model for all levels."""

Counted: TypeAlias = Literal["all", "hidden", "visible"]
"""Which pixels count in the loss."""


@dataclass(frozen=True)
class NoCorruption:
    """The clean picture is input and target."""

    def __call__(self, clean: Images | Sources, generator: Generator) -> Batch:  # noqa: ARG002  # part of the protocol
        """The batch that an undisturbed autoencoder learns from."""
        _check_clean(clean, _IMAGES)
        return Batch(clean, clean, clean.new_ones(()), None)


@dataclass(frozen=True)
class GaussianNoise:
    """Adds independent normal noise to every number (Vincent et al. 2010).

    Raises:
        ValueError: `sigma` is negative, infinite or an empty range.
    """

    sigma: Strength
    """Standard deviation, where pictures span [0, 1]; a range is drawn from once a picture."""
    clip: bool = False
    """Whether the input is clamped to [0, 1], as it is where noisy pictures are stored; the noise then has bias."""

    def __post_init__(self) -> None:
        _check_strength("sigma", self.sigma, math.inf)

    def __call__(self, clean: Images | Sources, generator: Generator) -> Batch:
        """Noisy input, clean target; every number counts."""
        _check_clean(clean, _IMAGES)
        sigma = _draw(self.sigma, len(clean), generator)
        noise = torch.randn(clean.shape, generator=generator, device=generator.device)
        noisy = clean + (sigma * noise).to(clean)
        return Batch(noisy.clamp(0, 1) if self.clip else noisy, clean, clean.new_ones(()), None)


@dataclass(frozen=True)
class PhotographNoise:
    """Gaussian noise on photographs in colour, a share of which is made grey, channels, noise and all.

    For one model for both: where a grey picture is stored in colour, its three channels carry the same noise, which a
    model that has only seen independent noise takes for detail. At strength 0 a share is still made grey.

    Raises:
        ValueError: `sigma` as `GaussianNoise`, or the share is outside [0, 1].
    """

    sigma: Strength
    """Standard deviation, where pictures span [0, 1]; a range is drawn from once a picture."""
    grey_share: float = 0.25
    """Probability of a picture to be made grey: the mean of its channels."""

    def __post_init__(self) -> None:
        _check_strength("sigma", self.sigma, math.inf)
        if not isinstance(self.grey_share, int | float) or not 0 <= self.grey_share <= 1:
            raise ValueError(f"expected a grey_share from 0 to 1, found {self.grey_share}; 0.25 is usual")

    def __call__(self, clean: Images | Sources, generator: Generator) -> Batch:
        """Noisy input; the target is clean, and grey where the input is."""
        _check_clean(clean, _IMAGES)
        sigma = _draw(self.sigma, len(clean), generator)
        noise = torch.randn(clean.shape, generator=generator, device=generator.device)
        chance = torch.rand((len(clean), 1, 1, 1), generator=generator, device=generator.device)
        grey = (chance < self.grey_share).to(clean.device)
        target = torch.where(grey, clean.mean(1, keepdim=True), clean)
        added = (sigma * noise).to(clean)
        return Batch(target + torch.where(grey, added[:, :1], added), target, clean.new_ones(()), None)


@dataclass(frozen=True)
class SaltAndPepper:
    """Turns pixels white (1) or black (0), each as likely, all channels alike (Vincent et al. 2010).

    Raises:
        ValueError: `share` is outside [0, 1] or an empty range.
    """

    share: Strength
    """Probability of a pixel to be turned; a range is drawn from once a picture."""

    def __post_init__(self) -> None:
        _check_strength("share", self.share, 1.0)

    def __call__(self, clean: Images | Sources, generator: Generator) -> Batch:
        """Speckled input, clean target; every number counts, for nothing tells a model which pixels were turned."""
        _check_clean(clean, _IMAGES)
        share = _draw(self.share, len(clean), generator)
        # One draw decides both: the lower half of what is turned becomes pepper, the upper half salt.
        chance = torch.rand((len(clean), 1, *clean.shape[-2:]), generator=generator, device=generator.device)
        pepper, turned = (chance < share / 2).to(clean.device), (chance < share).to(clean.device)
        return Batch(clean.masked_fill(turned, 1.0).masked_fill(pepper, 0.0), clean, clean.new_ones(()), None)


@dataclass(frozen=True)
class Binarise:
    """Draws every number as 0 or 1, its grey value the probability of 1 (Salakhutdinov and Murray 2008, section 6).

    Input and target are the same draw: black and white pictures, for which a Bernoulli likelihood is one. Drawn anew in
    every epoch of training, and always alike in evaluation.
    """

    def __call__(self, clean: Images | Sources, generator: Generator) -> Batch:
        """The draw as input and target; every number counts."""
        _check_clean(clean, _IMAGES)
        chance = torch.rand(clean.shape, generator=generator, device=generator.device).to(clean.device)
        drawn = (chance < clean).to(clean.dtype)  # never at 0, always at 1: draws lie in [0, 1)
        return Batch(drawn, drawn, clean.new_ones(()), None)


@dataclass(frozen=True)
class PixelMask:
    """Hides exactly round(ratio x pixels) pixels of every picture, all channels of each.

    Raises:
        ValueError: `ratio` is outside [0, 1] or an empty range, or no pixel would count; when called, `ratio` is so
            small that it hides none.
    """

    ratio: Strength
    """Share of pixels to hide; a range is drawn from once a batch, so that its pictures hide equally many."""
    fill: float = 0.0
    """What the input shows in place of a hidden pixel."""
    counted: Counted = "all"
    """Which pixels count in the loss; the weighted mean is then the mean over these."""

    def __post_init__(self) -> None:
        _check_mask(self.ratio, self.fill, self.counted)

    def __call__(self, clean: Images | Sources, generator: Generator) -> Batch:
        """Filled input, clean target, and the mask."""
        _check_clean(clean, _IMAGES)
        hidden = _hide(self.ratio, (len(clean), *clean.shape[-2:]), generator).to(clean.device)
        return _masked(clean, hidden, self.fill, self.counted)


@dataclass(frozen=True)
class PatchMask:
    """Hides exactly round(ratio x patches) patches of every picture (He et al. 2022, section 3).

    Patches stand on a grid from the upper left corner; where a side is no multiple of the patch, the last are cut.

    Raises:
        ValueError: as `PixelMask`, or `patch_size` is below 1.
    """

    ratio: Strength
    """Share of patches to hide; a range is drawn from once a batch, so that its pictures hide equally many."""
    patch_size: int
    """Pixels along a patch's side."""
    fill: float = 0.0
    """What the input shows in place of a hidden pixel."""
    counted: Counted = "all"
    """Which pixels count in the loss; the weighted mean is then the mean over these."""

    def __post_init__(self) -> None:
        _check_mask(self.ratio, self.fill, self.counted)
        if self.patch_size < 1:
            raise ValueError(f"expected a patch_size of 1 pixel or more, found {self.patch_size}; 4 to 16 is usual")

    def __call__(self, clean: Images | Sources, generator: Generator) -> Batch:
        """Filled input, clean target, and the mask pixel by pixel."""
        _check_clean(clean, _IMAGES)
        height, width = clean.shape[-2:]
        grid = (len(clean), math.ceil(height / self.patch_size), math.ceil(width / self.patch_size))
        patches = _hide(self.ratio, grid, generator).to(clean.device)
        pixels = patches.repeat_interleave(self.patch_size, 2).repeat_interleave(self.patch_size, 3)
        return _masked(clean, pixels[:, :, :height, :width], self.fill, self.counted)


@dataclass(frozen=True)
class Mixing:
    """Shows the weighted mean of several pictures and asks for all of them; neither clipped nor rounded.

    input = sum over i of weights[i] source[i] / sum of weights, so mixtures of pictures in [0, 1] stay in [0, 1].

    Raises:
        ValueError: a weight is negative or infinite, all are 0, or there are fewer than two; when called, the clean
            pictures are not sources, or not as many as weights.
    """

    weights: tuple[float, ...] | None = None
    """One a source; None weighs all alike."""

    def __post_init__(self) -> None:
        weights = self.weights
        if weights is None:
            return
        if len(weights) < 2 or not all(0 <= weight < math.inf for weight in weights) or not any(weights):
            raise ValueError(
                f"expected two or more weights of at least 0, not all 0, found {weights}; None weighs all sources alike"
            )

    def __call__(self, clean: Images | Sources, generator: Generator) -> Batch:  # noqa: ARG002  # part of the protocol
        """Mixture as input, the sources as target; every number counts."""
        _check_clean(clean, _SOURCES)
        sources = clean.shape[1]
        weights = torch.tensor(self.weights or (1.0,) * sources)
        if len(weights) != sources:
            raise ValueError(
                f"expected {len(weights)} sources, one a weight, found {sources}; give as many weights as sources"
            )
        share = (weights / weights.sum()).to(clean).view(-1, 1, 1, 1)
        return Batch((share * clean).sum(1), clean, clean.new_ones(()), None)


CORRUPTIONS: dict[str, type[Corruption]] = {
    "NoCorruption": NoCorruption,
    "GaussianNoise": GaussianNoise,
    "PhotographNoise": PhotographNoise,
    "SaltAndPepper": SaltAndPepper,
    "Binarise": Binarise,
    "PixelMask": PixelMask,
    "PatchMask": PatchMask,
    "Mixing": Mixing,
}
"""Every corruption by name: what a description on disk may name."""


_IMAGES = ("batch", "channel", "height", "width")
_SOURCES = ("batch", "source", "channel", "height", "width")


def _bounds(strength: Strength) -> tuple[float, float]:
    return strength if isinstance(strength, tuple) else (strength, strength)


def _check_strength(name: str, strength: Strength, limit: float) -> None:
    bounds = _bounds(strength)
    if len(bounds) != 2 or not (0 <= bounds[0] <= bounds[1] <= limit and bounds[1] < math.inf):
        upper = "up" if limit == math.inf else f"to {limit:g}"
        raise ValueError(
            f"expected {name} from 0 {upper}, or a range (lowest, highest) of such, found {strength}; "
            f"{name}=0.3 is one level, {name}=(0.0, 0.9) all between"
        )


def _check_mask(ratio: Strength, fill: float, counted: Counted) -> None:
    _check_strength("ratio", ratio, 1.0)
    if not math.isfinite(fill):
        raise ValueError(f"expected a finite fill, found {fill}; 0 is black and 1 is white")
    if counted not in ("all", "hidden", "visible"):
        raise ValueError(f"expected counted to be 'all', 'hidden' or 'visible', found {counted!r}; choose one of them")
    low, high = _bounds(ratio)
    if (counted == "hidden" and high == 0) or (counted == "visible" and low == 1):
        raise ValueError(
            f"expected some {counted} pixels to count, found ratio={ratio}, which leaves none; count 'all' pixels"
        )


def _check_clean(clean: Tensor, axes: tuple[str, ...]) -> None:
    expected = f"clean pictures of shape ({', '.join(axes)})"
    if clean.ndim != len(axes):
        raise ValueError(
            f"expected {expected}, found {tuple(clean.shape)}; Mixing takes sources, stacked along axis 1, and "
            "every other corruption takes images"
        )
    if not clean.is_floating_point():
        raise ValueError(f"expected {expected} as floats in [0, 1], found {clean.dtype}; divide 8 bits by 255")


def _draw(strength: Strength, pictures: int, generator: Generator) -> Tensor | float:
    """A strength a picture, (batch, 1, 1, 1); a fixed one as it is, without a draw."""
    low, high = _bounds(strength)
    if low == high:
        return low
    return low + (high - low) * torch.rand((pictures, 1, 1, 1), generator=generator, device=generator.device)


def _hide(ratio: Strength, shape: tuple[int, int, int], generator: Generator) -> Mask:
    """True in exactly round(ratio x cells) cells of every picture of (batch, height, width), each choice as likely."""
    pictures, height, width = shape
    cells = height * width
    highest = _bounds(ratio)[1]
    if highest > 0 and round(highest * cells) == 0:
        raise ValueError(
            f"expected a ratio that hides something, found {ratio} of {cells} pixels or patches, which rounds to none; "
            "raise ratio or lower patch_size"
        )
    count = round(float(_draw(ratio, 1, generator)) * cells)
    chance = torch.rand((pictures, cells), generator=generator, device=generator.device)
    # Positions, not a threshold: float32 draws are sometimes equal. topk costs a quarter of a full sort.
    chosen = chance.topk(count, dim=1, sorted=False).indices
    return torch.zeros_like(chance, dtype=torch.bool).scatter_(1, chosen, True).view(pictures, 1, height, width)


def _masked(clean: Tensor, hidden: Mask, fill: float, counted: Counted) -> Batch:
    """The batch of a mask; where rounding leaves no pixel that counts, it weighs nothing."""
    if counted == "all":
        weight = clean.new_ones(())
    else:
        counts = (hidden if counted == "hidden" else ~hidden).to(clean.dtype)
        weight = counts / counts.mean().clamp(min=1 / max(counts.numel(), 1))
    return Batch(clean.masked_fill(hidden, fill), clean, weight, hidden)
