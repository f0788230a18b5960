"""What a user wants of their own pictures, and the experiment that answers it: good defaults for each job."""

import math
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from narrows.data import Dataset, Pictures, Size
from narrows.data.loading import parts_of
from narrows.descriptions import change
from narrows.evaluation import UnderMasks, UnderNoise
from narrows.experiments.experiment import Arm, Experiment, Study, Task
from narrows.experiments.recipes import ANNEALED
from narrows.experiments.settings import ARM_FIELDS, parse_setting
from narrows.jobs.words import Kind, Words, corruption_of, parse_words, patch_size
from narrows.models import (
    Convolutional,
    InpaintingUNet,
    MaskedTransformer,
    MixtureComplement,
    ParallelDecoders,
    RefinedPCA,
    Residual,
    ResidualDense,
    UNet,
)
from narrows.objective import Objective
from narrows.training import Augmentation, Training
from narrows.types import Architecture, ImageShape

ModelName: TypeAlias = Literal["dense", "convolutional", "unet", "masked"]

TASKS: dict[Kind, Task] = {
    "none": "compression",
    "noise": "denoising",
    "mask": "inpainting",
    "patches": "inpainting",
    "mix": "separation",
}
TITLES: dict[Task, tuple[str, str]] = {
    "compression": ("kept in few numbers", "How much of these pictures do {code} numbers keep?"),
    "denoising": ("without their noise", "How much noise can be taken out of these pictures?"),
    "inpainting": ("with their gaps filled", "How well is put back what is hidden of these pictures?"),
    "separation": ("told apart", "How well are these pictures told apart from their mean?"),
}
MANY = 5000
"""Training pictures from which on a network that finds its own code is ahead of one that corrects PCA's."""
LARGE = 3 * 32 * 32
"""Numbers in a picture beyond which PCA, corrected, is ahead however many there are."""
LEVELS = (16, 32, 64)
"""Channels of a U-Net's levels for pictures of fewer than `WIDE` pixels a side; twice as many for larger ones."""
WIDE = 24
RATE = 4e-3
"""Learning rate of a U-Net; of denoising photographs 5e-3 was ahead of 2e-3 after 90 steps."""


@dataclass(frozen=True)
class Job:
    """What a user asks; what is None is chosen for the pictures.

    Raises:
        ValueError: words that make no sense, together or each.
    """

    data: str
    """A folder, an array file, a name of the catalogue, or several of these with a plus between them."""
    corrupt: str = ""
    """noise:0.3, mask:0.75, patches:0.75 or mix; empty trains an autoencoder to give pictures back as they are."""
    model: ModelName | None = None
    code_size: int | None = None
    size: Size | None = None
    epochs: int | None = None
    minutes: float | None = None
    settings: tuple[str, ...] = ()
    """Settings of what was chosen, as path=value: of the model, its training, objective or corruption."""

    def __post_init__(self) -> None:
        self._check_each()
        kind = self.words.kind
        if kind == "mask" and self.model == "masked":
            raise ValueError("expected patches to hide for a masked transformer, found single pixels; use patches:0.75")
        if self.model == "masked" and kind not in ("none", "patches"):
            raise ValueError(f"expected the model masked to fill in patches, found {kind}; use --model unet")
        if self.model == "unet" and kind == "none":
            raise ValueError(
                "expected a task for a U-Net, whose skip features would carry the picture around the code, found "
                "none; use dense or convolutional, or corrupt the pictures"
            )
        if self.code_size is not None and self.bypassed:
            raise ValueError(
                f"expected no code size for {self.task}, whose network needs more than a code of the picture, found "
                f"{self.code_size}; leave it out, or use --model dense"
            )

    def _check_each(self) -> None:
        if self.model is not None and self.model not in get_args(ModelName):
            known = ", ".join(get_args(ModelName))
            raise ValueError(f"expected a model among {known}, found {self.model!r}; leave it out to have one chosen")
        if self.epochs is not None and self.minutes is not None:
            raise ValueError("expected epochs or minutes, found both; give one of them")
        if self.minutes is not None and self.minutes <= 0:
            raise ValueError(f"expected minutes above 0, found {self.minutes:g}; 10 are usual")
        if self.code_size is not None and self.code_size < 1:
            raise ValueError(f"expected a code size of at least 1, found {self.code_size}; 32 is usual")
        for path, _ in map(parse_setting, self.settings):
            if path.split(".")[0] not in ARM_FIELDS:
                raise ValueError(
                    f"expected a setting that starts with {', '.join(ARM_FIELDS)}, found {path!r}; the rest of a job "
                    "has words of its own"
                )

    @property
    def words(self) -> Words:
        """The corruption; a masked transformer hides three quarters of the patches unless told otherwise."""
        words = parse_words(self.corrupt)
        return Words("patches", 0.75) if self.model == "masked" and words.kind == "none" else words

    @property
    def task(self) -> Task:
        """What the model is to do."""
        return TASKS[self.words.kind]

    @property
    def bypassed(self) -> bool:
        """Whether the network sends more than a code to its decoder."""
        return self.model in ("unet", "masked") or (self.model is None and self.task != "compression")

    @property
    def crop(self) -> bool:
        """Whether pictures are cropped rather than squeezed: what is local wants their detail, and takes any size."""
        return self.bypassed and self.task in ("denoising", "inpainting")

    @property
    def source(self) -> str:
        """The data, paired with themselves where they are to be mixed and only one set is named."""
        alone = self.words.kind == "mix" and len(parts_of(self.data)) == 1
        return f"{self.data}+{self.data}" if alone else self.data


def plan(job: Job, data: Dataset, *, epochs: int) -> Experiment:
    """The experiment of a job: one arm, beside the baselines that every run has.

    Args:
        job: what is asked.
        data: the pictures, read at the size that `choose_size` says.
        epochs: where the job asks for neither epochs nor minutes.
    """
    arm = replace(trained(job, data), training=budget(job, recipe(job, data.train), epochs))
    for path, text in map(parse_setting, job.settings):
        arm = change(arm, path, text)
    arm = replace(arm, name=arm_name(job, arm.model))
    code = arm.model.code_size
    said, asked = TITLES[job.task]
    return Experiment(
        name=f"train-{data.name}",
        title=f"{data.name}, {said}",
        question=asked.format(code=code),
        text=" ".join(explained(job, data, arm)),
        minutes=job.minutes or 0.0,
        data=job.source,
        arms=(arm,),
        examples=tuple(range(min(10, len(data.validation)))),
        studies=studies(job, data.image_shape),
        size=data.image_shape[1:],
        crop=job.crop,
    )


def trained(job: Job, data: Dataset) -> Arm:
    """The arm of a job, its training left as it is."""
    shape = data.image_shape
    model, note = architecture(job, data)
    absolute = job.words.kind in ("mask", "mix")
    return Arm(
        name=arm_name(job, model),
        model=model,
        corruption=corruption_of(job.words, shape),
        objective=Objective("mae" if absolute else "mse", exchangeable=data.train.exchangeable),
        task=job.task,
        note=note,
    )


def arm_name(job: Job, model: Architecture) -> str:
    """What an arm of this network is called: with the size of its code where nothing bypasses it."""
    named, code = type(model).__name__, model.code_size
    return f"improved, {named}" + ("" if code is None or job.bypassed else f", code {code}")


def architecture(job: Job, data: Dataset) -> tuple[Architecture, str]:
    """The network for a job, and why it is this one."""
    shape = data.image_shape
    code = job.code_size or usual_code_size(data)
    levels = LEVELS if min(shape[1:]) < WIDE else tuple(2 * channels for channels in LEVELS)
    if job.model == "masked":
        return MaskedTransformer(patch_size(shape)), "It sees some patches and owes the others."
    if job.task == "inpainting" and job.bypassed:
        return InpaintingUNet(levels), "It corrects a smooth fill, sees the mask and keeps what is visible."
    if job.task == "denoising" and job.bypassed:
        return Residual(UNet(levels)), "It gives what is to be added to the noisy picture, of any size."
    inner: Architecture = UNet(levels) if job.bypassed else coded(job, data, code)
    if job.task != "separation":
        return inner, "Everything passes through the code."
    if data.train.exchangeable or not job.bypassed:
        return ParallelDecoders(inner, len(data.train.source_names)), "A decoder for each picture."
    grey = [is_grey(data.train, place) for place in range(len(data.train.source_names))]
    if len(grey) > 2:
        return ParallelDecoders(inner, len(grey)), "A decoder for each picture."
    decoded = grey.index(True) if any(grey) else 0
    chosen = MixtureComplement(inner, grey=shape[0] > 1 and grey[decoded], decoded=decoded)
    return chosen, f"It decodes {data.train.source_names[decoded]}; the mixture leaves the other over."


def coded(job: Job, data: Dataset, code: int) -> Architecture:
    """A network whose code is all that reaches its decoder."""
    if job.model == "convolutional":
        return Convolutional((32, 64), code_size=code, output_activation="linear")
    plenty = len(data.train) >= MANY and math.prod(data.image_shape) <= LARGE
    if job.model == "dense" or plenty:
        return ResidualDense(code_size=code, num_corrections=int(job.task == "compression"))
    return RefinedPCA(code)


def usual_code_size(data: Dataset) -> int:
    """A power of two, about a 24th of the picture's numbers: at least 8, and at most 256 and half of the pictures."""
    numbers = math.prod(data.image_shape)
    wanted = min(256, max(8, 1 << round(math.log2(max(numbers / 24, 1)))))
    return max(1, min(wanted, numbers, len(data.train) // 2))


def is_grey(pictures: Pictures, source: int) -> bool:
    """Whether the channels of a source are alike in the first pictures."""
    some = pictures.images[:100, source]
    return bool((some == some[:, :1]).all())


def recipe(job: Job, pictures: Pictures) -> Training:
    """How to train, but for how long: small batches of large pictures, and no shift where a U-Net has none to learn."""
    numbers = math.prod(pictures.images.shape[1:])
    size = min(256 if job.task == "compression" and not job.model else 64, max(8, 2**18 // numbers))
    size = max(1, min(size, len(pictures) // 8))
    kept = ANNEALED if job.task == "compression" else replace(ANNEALED, augmentation=Augmentation(flip=job.crop))
    pairs = replace(kept.augmentation, new_pairs=job.task == "separation")
    return replace(
        kept, batch_size=size, augmentation=pairs, learning_rate=RATE if job.bypassed else kept.learning_rate
    )


def budget(job: Job, training: Training, epochs: int) -> Training:
    """The training with the time that is asked for, or these epochs."""
    if job.minutes is not None:
        return replace(training, minutes=job.minutes)
    return replace(training, epochs=epochs if job.epochs is None else job.epochs)


def studies(job: Job, shape: ImageShape) -> tuple[Study, ...]:
    """What a run measures beside the task: weaker and stronger noise, or smaller and larger shares hidden."""
    words = job.words
    if words.kind == "noise":
        middle = words.strength if isinstance(words.strength, float) else words.strongest / 2
        return (UnderNoise((0.0, middle / 2, middle, 2 * middle)),)
    if words.kind in ("mask", "patches") and job.model != "masked":
        return (UnderMasks((0.25, 0.5, 0.75), patch_size(shape)),)
    return ()


def explained(job: Job, data: Dataset, arm: Arm) -> list[str]:
    """The protocol in sentences."""
    channels, height, width = data.image_shape
    counts = f"{len(data.train)} pictures of {data.name} for training and {len(data.validation)} for validation"
    brought = "the middle of each is cut out" if job.crop else "each is squeezed to that"
    text = [f"{counts}, {height} x {width} with {channels} channels; {brought} where it has another size."]
    words = job.words
    strength = f"{words.weakest:g}" if words.weakest == words.strongest else f"{words.weakest:g} to {words.strongest:g}"
    text += {
        "none": [f"Every picture passes through {arm.model.code_size} numbers and is given back."],
        "noise": [f"Gaussian noise of a standard deviation of {strength} is added and not clipped."],
        "mask": [f"A share of {strength} of the pixels is hidden; only these count."],
        "patches": [f"A share of {strength} of the patches of {patch_size(data.image_shape)} x "
                    f"{patch_size(data.image_shape)} is hidden; only these count."],
        "mix": ["The input is the mean of two pictures, neither clipped nor rounded, and both are asked for."],
    }[words.kind]  # fmt: skip
    return [*text, arm.note]
