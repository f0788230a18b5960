"""How much of the processor's own matrix-product rate training reaches, and where the rest of the time goes.

Operations are counted by PyTorch's FlopCounterMode over one forward and backward pass; the rate is that of a product
of two square matrices in the training's precision, in turn with the training.
"""

import time
from typing import Any, NamedTuple

import torch
from networks import COLOUR, CONVOLUTIONAL, DENSE, GREY, random_pictures, whole
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from turns import Figures, How, in_turns, record, seconds_of

from narrows.corruption import NoCorruption, PatchMask
from narrows.models import (
    Autoencoder,
    Dense,
    InpaintingUNet,
    MaskedTransformer,
    RefinedPCA,
    ResidualDense,
    ResNet18,
    UNet,
    prepare,
)
from narrows.objective import Objective
from narrows.training import Progress, Training, choose_precision, fit
from narrows.types import Architecture, Batch, Corruption, ImageShape

SIDE = 2048
"""Of the square matrices: large enough that a larger one is no faster."""
PARTS = {
    "products and convolutions": ("mm", "convolution", "conv", "linear", "attention", "bmm"),
    "optimiser": ("adam",),
    "gathering pictures": ("index", "div_"),
    "copies and casts": ("copy_",),
}
"""Words in the names of PyTorch's operators; the first that fits counts."""


class Case(NamedTuple):
    """A training whose share is measured."""

    name: str
    architecture: Architecture
    shape: ImageShape
    batch_size: int
    steps: int
    corruption: Corruption = NoCorruption()


WIDE, WIDER = (
    Dense((2 * size, size, size // 2), 30, decoder_widths=(size // 2, size), output_activation="sigmoid")
    for size in (1024, 2048)
)
CASES = (
    Case("dense", DENSE, GREY, 256, 100),
    Case("dense", DENSE, GREY, 1024, 50),
    Case("dense, 2048-1024-512-30", WIDE, GREY, 1024, 10),
    Case("dense, 4096-2048-1024-30", WIDER, GREY, 1024, 5),
    Case("residual dense", ResidualDense(30), GREY, 256, 50),
    Case("convolutional", CONVOLUTIONAL, COLOUR, 256, 4),
    Case("U-Net", UNet(), COLOUR, 64, 4),
    Case("inpainting U-Net", InpaintingUNet(), COLOUR, 64, 4, PatchMask(0.25, 4)),
    Case("masked transformer", MaskedTransformer(), COLOUR, 256, 4, PatchMask(0.75, 4, counted="hidden")),
    Case("ResNet-18", ResNet18(), COLOUR, 64, 4),
    Case("refined PCA", RefinedPCA(64), COLOUR, 64, 4),
)
"""Every network that a step trains; patch features train a dense one, and wrappers what they wrap."""


def measure(how: How) -> dict[str, Any]:
    """One entry a case."""
    precision = choose_precision("auto", torch.device("cpu"))
    cases = CASES[:1] if how.quick else CASES
    return {
        "precision": str(precision).removeprefix("torch."),
        "side": SIDE,
        "cases": [measure_case(case, precision, how) for case in cases],
    }


def measure_case(case: Case, precision: torch.dtype, how: How) -> dict[str, Any]:
    """Operations of a step, seconds of steps and of matrix products in turn, and the parts of a step."""
    steps = how.count(case.steps, 2)

    def train(_seed: int) -> Figures:
        return {"seconds": train_steps(case, steps) / steps}

    def multiply(_seed: int) -> Figures:
        return {"rate": product_rate(precision, how.count(SIDE, 256))}

    rounds = in_turns({"training": train, "matrix product": multiply}, how.count(5, 1))
    return {
        "name": case.name,
        "batch_size": case.batch_size,
        "operations": operations(case),
        "rounds": rounds,
        "parts": parts_of_a_step(case, steps),
    }


def train_steps(case: Case, steps: int, profiler: profile | None = None) -> float:
    """Seconds of so many steps of `fit`, and what a profiler sees of them; one step before them is not counted."""
    model = built(case)
    ends: list[float] = []

    def tell(_: Progress) -> None:
        if not ends and profiler is not None:
            profiler.start()
        ends.append(time.perf_counter())

    data = whole(random_pictures(case.shape, (steps + 1) * case.batch_size))
    training = Training(epochs=1, batch_size=case.batch_size)
    fit(model, data, Objective("mse"), corruption=case.corruption, training=training, on_progress=tell)
    if profiler is not None:
        profiler.stop()
    return ends[-1] - ends[0]


def built(case: Case) -> Autoencoder:
    """The untrained network."""
    torch.manual_seed(0)
    model = case.architecture.build(case.shape)
    assert isinstance(model, Autoencoder)
    return model


def product_rate(precision: torch.dtype, side: int) -> float:
    """Operations a second of a product of two square matrices."""
    left, right = (torch.randn(side, side).to(precision) for _ in range(2))
    left @ right
    return 2 * side**3 / min(seconds_of(lambda: left @ right) for _ in range(5))


def operations(case: Case) -> int:
    """Floating-point operations of one step, forward and backward: multiplications and additions of products."""
    model = built(case)
    images = torch.from_numpy(random_pictures(case.shape, case.batch_size)).float() / 255
    prepare(model, random_pictures(case.shape, case.batch_size))
    batch: Batch = case.corruption(images, torch.Generator().manual_seed(0))
    with FlopCounterMode(display=False) as counter:
        Objective("mse")(model(batch.input, batch.hidden), batch).total.backward()
    return int(counter.get_total_flops())


def parts_of_a_step(case: Case, steps: int) -> dict[str, float]:
    """Shares of the time of `fit`, by PyTorch's profiler; what is outside its operators is Python's."""
    profiler = profile(activities=[ProfilerActivity.CPU])
    seconds = train_steps(case, steps, profiler)
    spent = dict.fromkeys([*PARTS, "other operators"], 0.0)
    for event in profiler.key_averages():
        found = (part for part, words in PARTS.items() if any(word in event.key.lower() for word in words))
        spent[next(found, "other operators")] += event.self_cpu_time_total / 1e6
    total = max(seconds, sum(spent.values()))
    return {part: value / total for part, value in spent.items()} | {"Python": 1 - sum(spent.values()) / total}


if __name__ == "__main__":
    record("share", measure)
