"""A trained model on disk: weights as safetensors, description as JSON; loading cannot run code."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from narrows.descriptions import describe, restore
from narrows.files import write_atomic, write_json
from narrows.models import ARCHITECTURES, BOTTLENECKS, Autoencoder

FORMAT = 1


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
        content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        architecture = restore(content["architecture"], {**ARCHITECTURES, **BOTTLENECKS})
        channel, height, width = content["image_shape"]
        model = architecture.build((channel, height, width))
        model.load_state_dict(safetensors.torch.load((folder / "model.safetensors").read_bytes()))
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, RecursionError, SafetensorError) as error:
        raise ValueError(f"expected a trained model in {folder}, found {error}; train it anew") from error
    assert isinstance(model, Autoencoder)
    return model.eval()


def parameter_count(model: torch.nn.Module) -> int:
    """Numbers in a model's weights, whether trained or set in closed form."""
    return sum(parameter.numel() for parameter in model.parameters())
