"""A trained model applied: pictures a second, beside the same network in plain PyTorch and in ONNX Runtime.

All begin with uint8 pictures in memory, end with float32 NumPy arrays, and take as many pictures at once: for codes as
many as Narrows does, one photograph for `apply`.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from networks import COLOUR, CONVOLUTIONAL, DENSE, GREY, build, plain, random_pictures
from numpy.typing import NDArray
from torch import Tensor, nn
from turns import Figures, How, in_turns, record, seconds_of

from narrows.apply import Run
from narrows.export import export_model
from narrows.files import write_json
from narrows.models import Autoencoder, UNet
from narrows.results import slug
from narrows.training import save_model
from narrows.training.settings import has_bfloat16_units

ARM = "improved, benchmark"
PHOTO = (3, 256, 256)
CLOSE = 1e-3
"""Largest difference between what the float32 ways compute."""


def measure(how: How) -> dict[str, Any]:
    """Codes of two networks, and photographs through a U-Net."""
    return {
        "encode, dense": encode(build(DENSE, GREY, 0), how.count(20_000, 1000), how),
        "encode, convolutional": encode(build(CONVOLUTIONAL, COLOUR, 0), how.count(2_000, 20), how),
        "apply, U-Net, 256 x 256": apply(how.count(20, 2), how),
    }


def encode(model: Autoencoder, count: int, how: How) -> dict[str, Any]:
    """Codes of pictures."""
    images = random_pictures(model.image_shape, count)
    run = run_of(model, how.scratch / "encode")
    network, session = plain(model.eval()), onnx_session(model, how.scratch / f"{model.code_size}.onnx", "encoder")
    parts = [images[start : start + run.at_once] for start in range(0, count, run.at_once)]
    every = {
        "Narrows": lambda: run.encode(images),
        "PyTorch": lambda: np.concatenate([eager(network.encoder, part) for part in parts]),
        "ONNX Runtime": lambda: np.concatenate([session(part) for part in parts]),
    }
    if has_bfloat16_units():
        every["Narrows in bfloat16"] = lambda: run.encode(images, precision="bfloat16")
    return compared(every, count, how) | {"at_once": run.at_once}


def apply(count: int, how: How) -> dict[str, Any]:
    """Photographs one by one, whole."""
    torch.manual_seed(0)
    model = UNet().build(PHOTO).eval()
    images = random_pictures(PHOTO, count)
    run = run_of(model, how.scratch / "apply")
    session = onnx_session(model, how.scratch / "unet.onnx", "whole")

    class Whole(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            found: Tensor = model(images).reconstruction.clamp(0, 1)
            return found

    network = Whole()
    every = {
        "Narrows": lambda: np.stack([np.moveaxis(run.apply(np.moveaxis(image, 0, -1)), -1, 0) for image in images]),
        "PyTorch": lambda: np.concatenate([eager(network, image[None]) for image in images]),
        "ONNX Runtime": lambda: np.concatenate([session(image[None]).clip(0, 1) for image in images]),
    }
    return compared(every, count, how) | {"at_once": 1}


def compared(every: dict[str, Callable[[], NDArray[np.float32]]], count: int, how: How) -> dict[str, Any]:
    """Pictures a second of every way, once all float32 ones have been seen to compute the same.

    Raises:
        ValueError: they do not.
    """
    expected = every["PyTorch"]()
    for name, way in every.items():
        difference = float(np.abs(way() - expected).max())
        if "bfloat16" not in name and not difference <= CLOSE:
            raise ValueError(f"expected {name} to compute what PyTorch does, found a difference of {difference:.2g}")

    def timed(way: Callable[[], NDArray[np.float32]]) -> Callable[[int], Figures]:
        return lambda _: {"rate": count / seconds_of(way)}

    rounds = in_turns({name: timed(way) for name, way in every.items()}, how.count(7, 1))
    return {"pictures": count, "rounds": rounds}


def eager(network: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pictures through layers in plain PyTorch."""
    with torch.inference_mode():
        found: NDArray[np.float32] = network(torch.from_numpy(images).float() / 255).numpy()
    return found


def onnx_session(model: Autoencoder, path: Path, part: str) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """A part of the model in ONNX Runtime with its own settings."""
    images = torch.from_numpy(random_pictures(model.image_shape, 4)).float() / 255
    files = {written.part: written.path for written in export_model(model, path, images)}
    session = import_module("onnxruntime").InferenceSession(files[part], providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = session.run(None, {name: images.astype(np.float32) / np.float32(255)})[0]
        return found

    return run


def run_of(model: Autoencoder, folder: Path) -> Run:
    """A run folder that holds this model, opened as the verbs do."""
    arm = {"name": ARM, "role": "improved", "task": "compression", "seeds": [0], "description": {"corruption": {}}}
    folder = folder / str(model.code_size)
    save_model(folder / "models" / slug(ARM, 0), model, {})
    write_json(folder / "experiment.json", {"name": "x", "value_range": [0, 1], "data": {}, "arms": [arm]})
    return Run.open(folder)


if __name__ == "__main__":
    record("applying", measure)
