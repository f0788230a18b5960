"""A run in use: one of its trained models, and what it was trained for."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from narrows import results
from narrows.apply.restore import restore
from narrows.data.array import channels_first
from narrows.models import Autoencoder, bypass_numbers
from narrows.training import choose_precision, load_model
from narrows.training.fit import is_convolutional, put_channels_last, to_unit
from narrows.training.settings import Precision, choose_device

DEVIATIONS = 6.0
"""Of unclipped noise by which a value may lie outside the range of clean pictures: beyond it are 2 in 1e9."""
ENCODED = 500
"""Pictures at once."""
CONVOLVED = 2**16
"""Pixels at once where there are convolutions: of 500 pictures of 32 x 32 in one go, the system took as long to clear
fresh memory for the features as the convolutions took."""


@dataclass(frozen=True)
class Run:
    """A run folder and one of its trained models, with the words of the command line.

    >>> Run.open("runs/denoiser").apply(noisy)  # doctest: +SKIP
    """

    record: results.Run
    """Everything that the folder holds: figures, findings, losses."""
    arm: dict[str, Any]
    """The model's arm, as experiment.json describes it."""
    seed: int
    model: Autoencoder

    @classmethod
    def open(cls, path: str | Path, *, device: str = "cpu") -> "Run":
        """The run at a path: its only trained model, or the one that RUN/ARM-SEED names.

        Raises:
            FileNotFoundError: there is no run, or no trained model in it.
            ValueError: it has several models and none was named, or no such device.
        """
        folder = Path(path)
        name = ""
        if not (folder / "experiment.json").is_file():
            above = folder.parent.parent if folder.parent.name == "models" else folder.parent
            if (above / "experiment.json").is_file():
                folder, name = above, folder.name
        record = results.open_run(folder)
        arm, seed = chosen(record, name)
        model = load_model(folder / "models" / results.slug(arm["name"], seed)).to(choose_device(device))
        put_channels_last(model)
        return cls(record, arm, seed, model)

    @property
    def task(self) -> str:
        """What the model was trained for: compression, denoising, inpainting or separation."""
        return str(self.arm["task"])

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the pictures that the model takes apart; none where it gives one back."""
        return self.record.source_names

    @property
    def value_range(self) -> tuple[float, float]:
        """The lowest and highest value that the model may be given."""
        low, high = self.record.experiment["value_range"]
        corruption = self.arm["description"]["corruption"]
        strength = 0.0 if corruption.get("clip") else corruption.get("sigma", 0.0)
        margin = DEVIATIONS * (max(strength) if isinstance(strength, list) else strength)
        return low - margin, high + margin

    @property
    def at_once(self) -> int:
        """How many pictures go through the model together."""
        pixels = math.prod(self.model.image_shape[1:])
        return min(ENCODED, max(1, CONVOLVED // pixels)) if is_convolutional(self.model) else ENCODED

    def apply(self, picture: NDArray[Any], hidden: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """A picture as the model gives it back: denoised, filled in, taken apart, or from its code.

        Args:
            picture: (height, width) or (height, width, channel), of any size; uint8, or floats of `value_range`, as
                noise leaves them.
            hidden: (height, width), true where a model that fills in is to do so.

        Returns:
            Floats clamped to [0, 1] in the picture's shape, the sources before it where the model takes apart.

        Raises:
            ValueError: values out of range, channels that do not fit, or a mask for a model that has not learnt one.
        """
        parts = self.parts(picture, hidden).clip(0, 1)
        found: NDArray[np.float32] = parts if self.sources else parts[0]
        return found

    def parts(self, picture: NDArray[Any], hidden: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """As `apply`, not clamped, and with an axis of sources in any case."""
        planes = self.values(picture)
        image = torch.from_numpy(planes[None] if planes.ndim == 2 else np.moveaxis(planes, -1, 0).copy())
        parts = restore(self.model, image, self.mask(hidden, planes.shape[:2])).numpy()
        return parts[:, 0] if planes.ndim == 2 else np.moveaxis(parts, 1, -1)

    def mask(self, hidden: NDArray[np.bool_] | None, size: tuple[int, ...]) -> torch.Tensor | None:
        """What is hidden, (1, height, width).

        Raises:
            ValueError: the model was not trained to fill in, or the mask has another size.
        """
        if hidden is None:
            return None
        if self.task != "inpainting":
            raise ValueError(
                f"expected no mask for a model that was trained for {self.task}, found one; train with --corrupt mask "
                "to fill in"
            )
        if hidden.shape != size:
            raise ValueError(f"expected a mask of the picture's size {size}, found {hidden.shape}; resize it")
        return torch.from_numpy(hidden[None].astype(bool))

    def encode(self, pictures: NDArray[Any], *, precision: Precision = "float32") -> NDArray[np.float32]:
        """The codes of pictures of the training size, (picture, code).

        Args:
            pictures: (n, h, w), (n, c, h, w) or (n, h, w, c); uint8, or floats of `value_range`.
            precision: of the matrix products.

        Raises:
            ValueError: another size, layout or range.
        """
        # bytes become floats part by part: all at once they would pass through memory, not through the cache
        values = pictures if pictures.dtype == np.uint8 else self.values(pictures)
        own, *size = self.model.image_shape
        known = values.ndim == 4 and values.shape[1] in (1, own) and list(values.shape[2:]) == size
        images = torch.from_numpy(np.ascontiguousarray(values if known else channels_first(values, None)))
        if images.shape[1] == 1:
            images = images.expand(-1, own, -1, -1)
        if tuple(images.shape[1:]) != self.model.image_shape:
            raise ValueError(
                f"expected pictures of {self.model.image_shape} as the model was trained on, found "
                f"{tuple(images.shape[1:])}; bring them to that size"
            )
        device = self.model.standardise.mean.device
        kind = choose_precision(precision, device)
        with torch.inference_mode(), torch.autocast(device.type, kind, enabled=kind != torch.float32):
            given = (
                to_unit(part, device) if part.dtype == torch.uint8 else part.to(device)
                for part in images.split(self.at_once)
            )
            codes = [self.model.encode(part).float().cpu() for part in given]
        found: NDArray[np.float32] = torch.cat(codes).numpy()
        return found

    def decode(self, codes: NDArray[Any]) -> NDArray[np.float32]:
        """Pictures of codes, (picture, channel, height, width) clamped to [0, 1], a source axis after the first.

        Raises:
            ValueError: the codes have another size, or more than the code reaches the decoder.
        """
        if around := bypass_numbers(self.model):
            raise ValueError(
                f"expected a model whose code is all that the decoder needs, found {self.arm['name']}, which sends "
                f"{around} numbers a picture around it; apply it to pictures instead"
            )
        device = self.model.standardise.mean.device
        with torch.inference_mode():
            parts = torch.from_numpy(np.asarray(codes, dtype=np.float32)).split(self.at_once)
            pictures = [self.model.decode(part.to(device)).float().clamp(0, 1).cpu() for part in parts]
        found: NDArray[np.float32] = torch.cat(pictures).numpy()
        return found

    def values(self, pictures: NDArray[Any]) -> NDArray[np.float32]:
        """Pixels as float32, 8 bits brought to [0, 1].

        Raises:
            ValueError: another type, or values outside the range that the model was trained on.
        """
        if pictures.dtype == np.uint8:
            return (pictures / np.float32(255)).astype(np.float32)
        if not np.issubdtype(pictures.dtype, np.floating):
            raise ValueError(f"expected uint8 or floats, found {pictures.dtype}; scale 16 bits to [0, 1]")
        (low, high), least, most = self.value_range, float(pictures.min()), float(pictures.max())
        if not low <= least <= most <= high:  # also false where a value is missing: nan compares as false
            raise ValueError(
                f"expected values from {low:.4g} to {high:.4g}, as {self.arm['name']} was trained on, found "
                f"{least:.4g} to {most:.4g}; divide 8 bits by 255, or train on such pictures"
            )
        return pictures.astype(np.float32)


def chosen(record: results.Run, name: str) -> tuple[dict[str, Any], int]:
    """The arm and seed that a folder's name means; the only trained one where none is named.

    Raises:
        FileNotFoundError: nothing is trained yet.
        ValueError: there are several, or none of this name.
    """
    arms = [(arm, seed) for arm in record.experiment["arms"] for seed in arm["seeds"]]
    there = {
        results.slug(arm["name"], seed): (arm, seed)
        for arm, seed in arms
        if (record.folder / "models" / results.slug(arm["name"], seed) / "model.json").is_file()
    }
    if not there:
        raise FileNotFoundError(f"expected a trained model in {record.folder}, found none; go on with --resume")
    trained = [found for found in there.values() if found[0]["role"] != "baseline"]
    if not name and len(trained) == 1:
        return trained[0]
    if name not in there:
        listed = ", ".join(str(record.folder / slug) for slug in there)
        raise ValueError(f"expected one model out of {listed}, found {name or 'none named'}; name one of them")
    return there[name]
