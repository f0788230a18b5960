"""A trained model on disk: weights as safetensors, description as JSON; loading cannot run code."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from narrows.descriptions import describe, restore
from narrows.files import read_json, write_atomic, write_json
from narrows.models import ARCHITECTURES, BOTTLENECKS, Autoencoder

FORMAT = 1
DAMAGED = (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError, AttributeError, SafetensorError)
"""What networks raise that are built of a description without sense."""
LEAST = 1000
"""Whole numbers of a description up to which no question is asked: not all are sizes."""


def save_model(folder: Path, model: Autoencoder, facts: dict[str, Any]) -> None:
    """Write model.safetensors and model.json, each by atomic rename.

    Args:
        folder: made if it is not there.
        model: its architecture, shape and weights are kept, and what standardises its input with them.
        facts: plain values kept beside it, such as the data's fingerprint.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    write_atomic(folder / "model.safetensors", safetensors.torch.save(tensors))
    write_json(
        folder / "model.json",
        {
            "format": FORMAT,
            "narrows": version("narrows"),
            "architecture": describe(model.architecture),
            "image_shape": list(model.image_shape),
            "value_range": [0.0, 1.0],
            **facts,
        },
    )


def load_model(folder: Path) -> Autoencoder:
    """The model that `save_model` wrote, ready to evaluate, on the CPU.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: description and weights are damaged, or of another version.
    """
    for name in ("model.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"expected a trained model with {name} in {folder}, found none; train one first")
    try:
        content = read_json(folder / "model.json")
        weights = safetensors.torch.load((folder / "model.safetensors").read_bytes())
        check_sizes_of(content["architecture"], sum(tensor.numel() for tensor in weights.values()))
        architecture = restore(content["architecture"], {**ARCHITECTURES, **BOTTLENECKS})
        channel, height, width = content["image_shape"]
        with torch.device("meta"):  # a network without numbers: a wrong description must not fill the memory
            planned = architecture.build((channel, height, width)).state_dict()
        found = {name: tensor.shape for name, tensor in weights.items()}
        if found != {name: tensor.shape for name, tensor in planned.items()}:
            raise ValueError("weights of another network than model.json describes")
        model = architecture.build((channel, height, width))
        model.load_state_dict(weights)
    except DAMAGED as error:
        raise ValueError(f"expected a trained model in {folder}, found {error}; train it anew") from error
    assert isinstance(model, Autoencoder)
    return model.eval()


def check_sizes_of(content: Any, most: int) -> None:
    """Refuse a description of which a size cannot be: every unit and block has a number in the weights.

    Raises:
        ValueError: a whole number in the architecture is larger than `most`.
    """
    inside = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    for item in inside:
        check_sizes_of(item, most)
    if type(content) is int and content > max(most, LEAST):
        raise ValueError(f"a size of {content} beside {most} weights")


def parameter_count(model: torch.nn.Module) -> int:
    """Numbers in a model's weights, whether trained or set in closed form."""
    return sum(parameter.numel() for parameter in model.parameters())
