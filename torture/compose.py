"""Any architecture, bottleneck, corruption, objective and training, drawn at random: trained, or refused beforehand.

    python -m torture.compose [--count 10000]

What is drawn is described, built and rehearsed on pictures of 8 x 8 or 17 x 23 with 1, 3 or 4 channels. Each of these
may refuse with a sentence. What none refuses is trained for a few steps, saved, loaded, and has to give back what it
gave before, bit for bit. A failure is printed with its seed and its description, so that it can be repeated.
"""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import UnionType
from typing import Any, ClassVar, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import numpy as np
import torch

from narrows.corruption import CORRUPTIONS, Mixing
from narrows.data import Dataset, Pictures
from narrows.descriptions import describe, fits, restore
from narrows.experiments.describe import TYPES
from narrows.metrics import PER_IMAGE
from narrows.models import ARCHITECTURES, BOTTLENECKS, Autoencoder, Dense, PatchFeatures, ResNet18
from narrows.models.bottleneck import Bottleneck
from narrows.objective import PENALTIES, RECONSTRUCTION_LOSSES, Objective
from narrows.training import Augmentation, Progress, Training, fit, load_model, save_model
from narrows.training.fit import as_images, generator, put_channels_last
from narrows.training.rehearsal import rehearse
from narrows.types import Architecture, Corruption, Penalty
from torture.record import Row, asked_count, tell, write_record

SHAPES = tuple((channel, *size) for channel in (1, 3, 4) for size in ((8, 8), (17, 23)))
PICTURES, HELD_OUT = 8, 2
DEEPEST = 3
"""Architectures inside one another, the outermost included."""
SENSELESS = 0.02
"""Chance of each field to be drawn from what makes no sense."""
LIKELY = 0.9
"""Chance that what was drawn is replaced where it is already seen not to fit."""
RARE: dict[type, float] = {ResNet18: 0.01, PatchFeatures: 0.2}
"""Share of the draws that are kept of architectures of which one takes as long as many others."""
CHOICES: dict[str, tuple[Any, ...]] = {
    "reconstruction": tuple(RECONSTRUCTION_LOSSES),
    "watch": tuple(PER_IMAGE),
    "source_names": ("a", "b", "c"),
    "weights": ("",),
    "epochs": (1, 1, 1, 2),
    "minutes": (None,),
    "batch_size": (1, 3, 4, 256),
    "learning_rate": (1e-3, 1e-2, 0.0),
    "patch_size": (1, 2, 3, 4, 5, 8),
    "width": (4, 8, 12),
    "decoder_width": (4, 8, 12),
    "heads": (1, 2, 4),
    "widths": ((), (5,), (7, 4)),
    "betas": ((0.9, 0.999), (0.0, 0.0)),
    "bottleneck": (),
}
"""What fields of a name are drawn from where their type says too little."""


TRAINED = "trained, saved, loaded and alike"


class Composed(NamedTuple):
    """What was drawn, before anything is known of whether it fits."""

    architecture: Architecture
    corruption: Corruption
    objective: Objective
    training: Training


def outcome(seed: int) -> str:
    """What came of one composition: refused (with where), trained, or stopped as its losses were not finite.

    Raises:
        AssertionError: what was loaded gives other pictures, or what was described comes back as something else.
        Exception: whatever a part raises that should have refused before training.
    """
    draw = random.Random(seed)
    try:
        composed, shape, sources = compose(draw)
    except ValueError as error:
        return refused("when described", error)
    torch.manual_seed(seed)
    data = pictures(seed, shape, sources, exchangeable=draw.random() < 0.5)
    try:
        model = composed.architecture.build(shape)
        assert isinstance(model, Autoencoder)
        rehearse(model, data.train, composed.objective, composed.corruption, composed.training)
    except ValueError as error:
        return refused("when built on its pictures", error)
    steps: list[Progress] = []
    try:
        model = composed.architecture.build(shape)
        assert isinstance(model, Autoencoder)
        fit(
            model,
            data,
            composed.objective,
            corruption=composed.corruption,
            training=composed.training,
            on_progress=steps.append,
        )
    except ValueError as error:
        if steps:
            raise
        return refused("when set from its pictures", error)
    except FloatingPointError:
        return "stopped as its losses were not finite"
    check_same(model, data, composed)
    return TRAINED


def refused(where: str, error: ValueError) -> str:
    """A refusal, which must be a sentence of the library's own."""
    assert "expect" in str(error), f"refused {where} without saying what was expected: {error!r}"
    return f"refused {where}"


def check_same(model: Autoencoder, data: Dataset, composed: Composed) -> None:
    """The model from disk, and descriptions from JSON, are what they were."""
    for part in composed:
        assert restore(json.loads(json.dumps(describe(part))), TYPES) == part, part
    batch = composed.corruption(as_images(data.train), generator(0))
    with TemporaryDirectory() as folder, torch.no_grad():
        save_model(Path(folder), model, {})
        loaded = load_model(Path(folder))
        assert loaded.architecture == model.architecture
        put_channels_last(loaded)  # as training put the other: another order of sums gives other last bits
        before, after = (each.eval()(batch.input, batch.hidden).reconstruction for each in (model, loaded))
    assert torch.equal(before, after) or before.isnan().any(), "the loaded model gives other pictures"
    assert before.shape == batch.target.shape, (before.shape, batch.target.shape)


def pictures(seed: int, shape: tuple[int, int, int], sources: int, *, exchangeable: bool) -> Dataset:
    """A few pictures of noise, or of sources."""
    axes = shape if sources == 1 else (sources, *shape)
    images = np.random.default_rng(seed).integers(0, 256, (PICTURES + HELD_OUT, *axes), dtype=np.uint8)
    names = tuple("abc"[:sources]) if sources > 1 else ()
    whole = Pictures(images, source_names=names, exchangeable=exchangeable and sources > 1)
    return Dataset("drawn", whole, np.arange(PICTURES, PICTURES + HELD_OUT), lambda: whole)


def compose(draw: random.Random) -> tuple[Composed, tuple[int, int, int], int]:
    """Everything of a training, the shape of its pictures and how many sources; mostly of parts that may fit."""
    architecture = drawn(Architecture, draw)
    sources = getattr(architecture, "num_sources", 1) if draw.random() < LIKELY else draw.randint(1, 3)
    corruption = drawn(Corruption, draw)
    while isinstance(corruption, Mixing) != (sources > 1) and draw.random() < LIKELY:
        corruption = drawn(Corruption, draw)
    composed = Composed(architecture, corruption, instance(Objective, draw), instance(Training, draw))
    return composed, draw.choice(SHAPES), min(sources, 3)


TABLES: dict[Any, Mapping[str, type]] = {
    Architecture: ARCHITECTURES,
    Bottleneck: BOTTLENECKS,
    Corruption: CORRUPTIONS,
    Penalty: PENALTIES,
}
"""What may stand where a protocol is asked for."""


def drawn(kind: Any, draw: random.Random, depth: int = 1) -> Any:
    """A description of a kind, out of its table."""
    while True:
        chosen = draw.choice(list(TABLES[kind].values()))
        wraps = "architecture" in get_type_hints(chosen)
        if draw.random() < RARE.get(chosen, 1.0) and not (wraps and depth == DEEPEST):
            return instance(chosen, draw, depth)


def instance(kind: type, draw: random.Random, depth: int = 1) -> Any:
    """A dataclass with some of its fields drawn and the others left at their defaults; one that refuses seldom stays.

    Raises:
        ValueError: it refuses what was drawn.
    """
    while True:
        try:
            return attempt(kind, draw, depth)
        except ValueError as error:
            if draw.random() > LIKELY or "expect" not in str(error):
                raise


def attempt(kind: type, draw: random.Random, depth: int) -> Any:
    """The dataclass, or its refusal."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if get_origin(hint) is not ClassVar}
    defaults = {name for name in hints if hasattr(kind, name) or name in ("patches", "augmentation")}
    chances = {name: SELDOM.get(name, 0.4) for name in sorted(defaults) if name not in SMALLER.get(kind, ())}
    kept = {name for name, chance in chances.items() if draw.random() < chance}
    return kind(**{name: value(name, hint, draw, depth) for name, hint in hints.items() if name not in kept})


SELDOM = {"exchangeable": 0.95, "source_names": 0.95, "new_pairs": 0.95, "normalised_patches": 0.9, "penalties": 0.7}
"""Chance of a field to keep its default where nearly all other values fit few pictures."""
SMALLER: dict[type, tuple[str, ...]] = {
    **dict.fromkeys(ARCHITECTURES.values(), ("channels", "width", "hidden_width", "decoder_width")),
    ARCHITECTURES["PatchFeatures"]: ("patches",),
    ARCHITECTURES["MaskedTransformer"]: ("width", "depth", "decoder_width", "decoder_depth"),
    ARCHITECTURES["ResNet18"]: (),
    Training: ("epochs",),
}
"""Fields that are always drawn: their defaults are for larger pictures than these."""


def value(name: str, hint: Any, draw: random.Random, depth: int) -> Any:  # noqa: C901  a case a type
    """A value for a field: of its name's choices, or of its type."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint in TABLES:
        return drawn(hint, draw, depth + 1)
    if hint in (Dense, Augmentation):
        return instance(hint, draw)
    if draw.random() < SENSELESS and hint in (int, float) and name != "epochs":
        return draw.choice((-1, 0, 100) if hint is int else (-1.0, float("nan"), float("inf"), 1e30))
    if origin is tuple and inside[1:] == (...,):
        several = draw.choice((0, 1, 2, 2, 3)) if name != "watch" else draw.choice((0, 0, 1))
        chosen = CHOICES.get(name)
        if name == "widths":
            return draw.choice(CHOICES["widths"])
        return tuple(draw.choice(chosen) if chosen else value("", inside[0], draw, depth) for _ in range(several))
    if known := [choice for choice in CHOICES.get(name, ()) if fits(choice, hint)]:
        return draw.choice(known)
    if origin is Literal:
        return draw.choice(inside)
    if origin in (Union, UnionType):
        return value("", draw.choice(inside), draw, depth)
    if origin is tuple:
        return tuple(sorted(value("", each, draw, depth) for each in inside))
    if hint is type(None):
        return None
    return {
        int: lambda: draw.randint(1, 6),
        float: lambda: draw.choice((0.0, 0.1, 0.3, 0.5, 0.9, 1.0)),
        bool: lambda: draw.random() < 0.3,
        str: lambda: draw.choice("abc"),
    }[hint]()


def run(seeds: range) -> tuple[Counter[str], list[str]]:
    """The outcomes of the compositions of these seeds, and what went wrong in which."""
    outcomes: Counter[str] = Counter()
    failures = []
    for done, seed in enumerate(seeds, start=1):
        try:
            outcomes[outcome(seed)] += 1
        except Exception as error:  # whatever it is, it is what is looked for
            failures.append(f"seed {seed}: {type(error).__name__}: {error}\n{described(seed)}")
            sys.stderr.write(f"\n{failures[-1]}\n")
        tell("compositions", done, len(seeds))
    return outcomes, failures


def described(seed: int) -> str:
    """The composition of a seed as JSON; where it is refused as it is described, how."""
    try:
        parts, shape, sources = compose(random.Random(seed))
    except ValueError as error:
        return str(error)
    return json.dumps({"shape": shape, "sources": sources, "parts": [describe(part) for part in parts]})


def main() -> None:
    """Draw, try and record."""
    count, started = asked_count(__doc__, 10_000), time.perf_counter()
    torch.set_num_threads(1)
    outcomes, failures = run(range(count))
    note = ", ".join(f"{number} {what}" for what, number in outcomes.most_common())
    rows = [Row("architecture, bottleneck, corruption, objective and training, drawn", count, len(failures), note)]
    promise = (
        "Whatever the descriptions allow either trains, is saved and gives back the same once loaded, or is refused "
        "with a sentence before it is trained."
    )
    write_record("compose", promise, rows, time.perf_counter() - started)


if __name__ == "__main__":
    main()
