"""A run as TensorBoard shows it: curves while an arm trains, then its pictures and codes. CSV and JSON stay the record.

RUN/tensorboard/ARM-SEED/   events, and the projector's codes with a sprite of their pictures
"""

import math
import shutil
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from narrows.data import Pictures
from narrows.report.raster import mosaic, photograph
from narrows.results import class_name
from narrows.training import History, Progress

LARGEST_SPRITE = 8192
"""Pixels a side of the picture that TensorBoard's projector takes its thumbnails from."""
THUMBNAIL = 64
"""Pixels a side of one of them, at most."""
LONGEST_CODE = 4096
"""Numbers of a code that the projector is given: a U-Net's tens of thousands a picture are text of 100 MB."""
FLUSH_SECONDS = 10
"""How long a curve waits at most to be seen."""

ArraysByEvaluation = Mapping[str, Mapping[str, NDArray[Any]]]


def writer_package() -> Any:
    """PyTorch's module that writes events.

    Raises:
        ImportError: tensorboard is not installed.
    """
    try:
        return import_module("torch.utils.tensorboard")
    except ImportError as error:
        raise ImportError(
            "expected tensorboard for --log tensorboard, found none; 'pip install narrows[tensorboard]', or leave "
            "--log out: results.csv and history.csv are always written"
        ) from error


class Events:
    """The events of one arm after another, each in a folder of its own.

    Raises:
        ImportError: tensorboard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = writer_package()
        self.writer: Any = None

    def told(self, name: str, progress: Progress) -> None:
        """The terms of a step; where a training goes on, later steps that were written before are taken back."""
        if self.writer is None:
            self.writer = self._open(name, purge_step=progress.step)
        for term, value in progress.losses.items():
            self.writer.add_scalar(f"train/{term}", value, progress.step)

    def finish(
        self, name: str, history: History, arrays: ArraysByEvaluation, pictures: Pictures, class_names: Sequence[str]
    ) -> None:
        """What is known when an arm is trained.

        Args:
            name: of the arm's folder.
            history: whose values of validation are written; those of training stand already.
            arrays: `reconstruction` and `codes`, as the run keeps them.
            pictures: the judged split, of whose first pictures the codes are.
            class_names: by label; numbers where there are none.
        """
        last = history[-1].step if history else 0
        writer = self.writer = self.writer or self._open(name, purge_step=None)
        for entry in history:
            if entry.split == "validation":
                writer.add_scalar(f"validation/{entry.term}", entry.value, entry.step)
        for kind in ("input", "reconstruction", "target"):
            if kind in arrays["reconstruction"]:
                shown = [photograph(image) for image in arrays["reconstruction"][kind]]
                writer.add_image(f"pictures/{kind}", mosaic(shown, len(shown)), last, dataformats="HWC")
        self._add_codes(name, arrays["codes"], pictures, class_names, last)

    def close(self) -> None:
        """Write what waits to be written."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def _open(self, name: str, purge_step: int | None) -> Any:
        return self.package.SummaryWriter(str(self.folder / name), purge_step=purge_step, flush_secs=FLUSH_SECONDS)

    def _add_codes(
        self, name: str, found: Mapping[str, NDArray[Any]], pictures: Pictures, class_names: Sequence[str], step: int
    ) -> None:
        codes = found["codes"]
        if codes.shape[1] > LONGEST_CODE:
            return
        labels = found.get("labels")
        # PyTorch prints a warning where the folder is there, which would stand amid --json
        shutil.rmtree(self.folder / name / f"{step:05}", ignore_errors=True)
        self.writer.add_embedding(
            torch.from_numpy(codes),
            metadata=None if labels is None else [word(class_names, int(label)) for label in labels],
            label_img=thumbnails(pictures.images[: len(codes)]),
            global_step=step,
            tag="codes",
        )


def word(class_names: Sequence[str], label: int) -> str:
    """A class's name on one line without tabs, which part the projector's columns; its number where it has none."""
    return " ".join(class_name(class_names, label).split())


def thumbnails(images: NDArray[np.uint8]) -> Tensor:
    """Pictures as squares (picture, 3, side, side) in [0, 1], so small that a square of all fits into a sprite.

    PyTorch lays them out in rows of the root of their number, and only squares always fit into what it makes for them.
    Sources stand below one another; what is not square is padded with black.
    """
    columns = math.ceil(math.sqrt(len(images)))
    pixels = [photograph(image / np.float32(255)) for image in images]
    longest = max(pixels[0].shape[:2])
    side = min(longest, THUMBNAIL, LARGEST_SPRITE // columns)
    found = np.zeros((len(pixels), side, side, 3), dtype=np.uint8)
    for square, each in zip(found, pixels, strict=True):
        height, width = (max(1, size * side // longest) for size in each.shape[:2])
        small = np.asarray(Image.fromarray(each).resize((width, height), Image.Resampling.BOX))
        top, left = (side - height) // 2, (side - width) // 2
        square[top : top + height, left : left + width] = small
    return torch.from_numpy(found).movedim(-1, 1).float() / 255
