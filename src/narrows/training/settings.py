"""How to train: one frozen description, and what it says of learning rate and precision."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Generator, nn
from torch.optim import Optimizer

from narrows.metrics import PER_IMAGE
from narrows.training.adam import Adam
from narrows.training.muon import Muon
from narrows.types import Images, Sources

Precision: TypeAlias = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class Augmentation:
    """Shifts, flips and new pairs of clean pictures, before any corruption; one draw a batch.

    Raises:
        ValueError: a negative shift, or a share outside [0, 1]; when called, new pairs of what has no sources.
    """

    shift: int = 0
    """Most pixels by which a batch is moved along each axis; what moves in is 0."""
    flip: bool = False
    """Mirror left to right, on half of the batches."""
    share: float = 0.5
    """Share of the batches that are shifted."""
    new_pairs: bool = False
    """Of sources: give each picture's first source the others of other pictures in the batch."""

    def __post_init__(self) -> None:
        if self.shift < 0 or not 0 <= self.share <= 1:
            raise ValueError(f"expected a shift of at least 0 and a share in [0, 1], found {self.shift}, {self.share}")

    def __call__(self, images: Images | Sources, generator: Generator) -> Images | Sources:
        """Moved pictures in the shape they came in; the input stays as it is."""
        chance = torch.rand(2, generator=generator)
        if self.shift and chance[0] < self.share:
            moves = torch.randint(-self.shift, self.shift + 1, (2,), generator=generator)
            # a picture that moves further than its side is gone as well, and cannot be padded so
            down, right = (int(move.clamp(-side, side)) for move, side in zip(moves, images.shape[-2:], strict=True))
            images = nn.functional.pad(images, (right, -right, down, -down))
        if self.flip and chance[1] < 0.5:
            images = images.flip(-1)
        if self.new_pairs:
            if images.ndim != 5:
                raise ValueError(
                    "expected sources (batch, source, channel, height, width) to pair anew, found "
                    f"{tuple(images.shape)}; leave new_pairs out"
                )
            count, sources = images.shape[:2]
            orders = [torch.arange(count), *(torch.randperm(count, generator=generator) for _ in range(1, sources))]
            images = torch.stack([images[order, place] for place, order in enumerate(orders)], dim=1)
        return images


@dataclass(frozen=True)
class Training:
    """Everything that decides how weights are found, but for data, task and objective.

    Raises:
        ValueError: a number or word that makes no sense.
    """

    epochs: int = 10
    """Passes over the training pictures; 0 leaves the weights as they were built or set in closed form."""
    minutes: float | None = None
    """A budget of training time in place of epochs; the same seed then need not give the same weights."""
    batch_size: int = 256
    optimizer: Literal["adam", "adamw", "sgd", "muon"] = "adam"
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    """Decay of adam's, adamw's and muon's averages of gradients and of their squares."""
    weight_decay: float = 0.0
    schedule: Literal["constant", "cosine"] = "constant"
    """Cosine falls to 0 at the end of the budget (Loshchilov and Hutter 2017)."""
    warmup: float = 0.0
    """Share of the budget over which the learning rate first rises from 0."""
    clip_norm: float | None = None
    """Gradients are scaled down to this norm where they exceed it."""
    augmentation: Augmentation = Augmentation()
    averaging: float | None = None
    """Decay of an exponential moving average of the weights, which then is the result (Polyak and Juditsky 1992)."""
    selection: Literal["last", "best"] = "last"
    """Keep the last weights, or those of the epoch with the lowest validation loss."""
    watch: tuple[str, ...] = ()
    """Metrics that are measured on the validation pictures after every epoch, such as psnr and ssim."""
    shuffle: bool = True
    """False trains in file order, as some reports do."""
    precision: Precision = "auto"
    """Of the matrix products; auto is bfloat16 where the processor has units for it. Weights stay float32."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in {"epochs": 0, "batch_size": 1, "learning_rate": 0, "weight_decay": 0, "seed": 0}.items():
            if not least <= getattr(self, name) < math.inf:
                raise ValueError(
                    f"expected {name} to be at least {least}, found {getattr(self, name)}; give a finite number"
                )
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"expected {name} to be one of {', '.join(choices)}, found {getattr(self, name)!r}")
        if unknown := [name for name in self.watch if name not in PER_IMAGE]:
            raise ValueError(f"expected watch to name metrics among {', '.join(PER_IMAGE)}, found {unknown[0]!r}")
        self._check_numbers()

    def _check_numbers(self) -> None:
        if not 0 <= self.warmup < 1:
            raise ValueError(f"expected warmup, a share of the budget, in [0, 1), found {self.warmup}")
        if self.averaging is not None and not 0 < self.averaging < 1:
            raise ValueError(f"expected averaging, a decay, between 0 and 1, found {self.averaging}")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"expected two betas in [0, 1), found {self.betas}; 0.9 and 0.999 are usual")
        for name in ("minutes", "clip_norm"):
            number = getattr(self, name)
            if number is not None and not 0 < number < math.inf:
                raise ValueError(f"expected {name} to be above 0, found {number}; give a finite number, or none")


CHOICES = {
    "optimizer": ("adam", "adamw", "sgd", "muon"),
    "schedule": ("constant", "cosine"),
    "selection": ("last", "best"),
    "precision": ("auto", "float32", "bfloat16"),
}


COSINE = Training(epochs=20, optimizer="adamw", learning_rate=2e-3, weight_decay=0.01, schedule="cosine", warmup=0.05)
"""AdamW, warm-up and a cosine to 0; chosen on MNIST's validation split."""


def build_optimizer(module: nn.Module, training: Training) -> Optimizer | Adam | Muon:
    """The optimiser that a description names, over the parameters that want a gradient."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    rate, decay = training.learning_rate, training.weight_decay
    if training.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=rate, weight_decay=decay, momentum=0.9, fused=True)
    if training.optimizer == "muon":
        precision = choose_precision(training.precision, parameters[0].device)
        return Muon(parameters, rate=rate, betas=training.betas, weight_decay=decay, precision=precision)
    decoupled = training.optimizer == "adamw"
    return Adam(parameters, rate=rate, betas=training.betas, weight_decay=decay, decoupled=decoupled)


def learning_rate(training: Training, progress: float) -> float:
    """The rate after this share of the budget."""
    if progress < training.warmup:
        return training.learning_rate * progress / training.warmup
    if training.schedule == "constant":
        return training.learning_rate
    left = (progress - training.warmup) / (1 - training.warmup)
    return training.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, left)))


def choose_device(name: str) -> torch.device:
    """The device of this name.

    Raises:
        ValueError: there is no such device, or this PyTorch cannot use it.
    """
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"expected a device such as cpu, cuda, cuda:1 or mps, found {name!r}: {reason}") from error
    return device


def choose_precision(precision: Precision, device: torch.device) -> torch.dtype:
    """The type of the matrix products; "auto" asks the processor whether it multiplies bfloat16 faster.

    Without such units bfloat16 is emulated, and slower than float32.
    """
    if precision != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        fast = device.type == "cpu" and has_bfloat16_units()
    return torch.bfloat16 if fast else torch.float32


def has_bfloat16_units() -> bool:
    """Whether this processor has AMX or AVX-512 instructions for bfloat16."""
    # PyTorch 2.13 has a public table of capabilities; before it only these two functions
    checks = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(check() for check in checks if check is not None)
