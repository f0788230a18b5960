"""A trained model as files that other programs run: ONNX, or PyTorch's own exported programs."""

import copy
import io
import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from narrows.apply import Run
from narrows.apply.files import check_new
from narrows.export.parts import Part, captured, parts_of
from narrows.files import write_atomic
from narrows.models import Autoencoder
from narrows.types import Images, Mask

TOLERANCE = 1e-4
"""By which a number that a file computes may differ from the model's, where pictures go from 0 to 1."""
SUFFIXES = (".onnx", ".pt2")
PACKAGES = ("onnx", "onnxscript", "onnxruntime")


class Exported(NamedTuple):
    """One file."""

    path: str
    part: str
    """whole, encoder or decoder."""
    largest_difference: float
    """Between what the file and the model compute of the pictures that were compared."""
    num_pictures: int


def export_run(run: Run, out: str | Path) -> tuple[Exported, ...]:
    """Write a run's model as `export_model` does, compared on the pictures that the run kept for its report.

    Raises:
        FileExistsError, ImportError, ValueError: as `export_model`, or the run kept no pictures.
    """
    kept = run.record.arrays(run.arm["name"], run.seed, "reconstruction")
    groups = [prefix for prefix in ("", "worst_") if f"{prefix}input" in kept]
    if not groups:
        raise ValueError(
            f"expected pictures to compare on in {run.record.folder / 'arrays'}, found none; train the run anew"
        )
    images, *masks = (
        torch.from_numpy(np.concatenate([kept[f"{prefix}{name}"] for prefix in groups]))
        for name in ("input", "hidden")
        if f"{groups[0]}{name}" in kept
    )
    facts = {"name": run.record.experiment["name"], "arm": run.arm["name"], "seed": run.seed, "task": run.task}
    facts |= {"sources": list(run.sources)} if run.sources else {}
    hidden = masks[0] if masks and run.task == "inpainting" else None
    return export_model(run.model, out, images, hidden=hidden, value_range=run.value_range, facts=facts)


def export_model(
    model: Autoencoder,
    out: str | Path,
    images: Images,
    *,
    hidden: Mask | None = None,
    value_range: tuple[float, float] = (0.0, 1.0),
    facts: Mapping[str, Any] | None = None,
) -> tuple[Exported, ...]:
    """Write a model as ONNX files or exported programs, once each has computed what the model computes.

    `out` is the whole, from pictures to reconstructions; beside it stand `-encoder` and, where nothing bypasses the
    code, `-decoder`. The batch may have any size; height and width of the whole may be any multiples of the network's
    own where it is convolutional and fills nothing in. Files say in their metadata what goes in and comes out.

    Args:
        model: trained; it stays as it is.
        out: a file that ends in .onnx or .pt2.
        images: real pictures of the model's shape, on which files and model are compared, to `TOLERANCE`.
        hidden: masks of these pictures, for a model that fills in; the whole then takes masks too.
        value_range: of the pictures that the model may be given, for the metadata.
        facts: plain values kept in the metadata, such as the name of the data.

    Raises:
        FileExistsError: one of the files is there.
        ImportError: ONNX is asked for and a package for it is not installed.
        ValueError: another ending, a model that cannot be exported, or a file that computes something else; then
            nothing is written.
    """
    out = Path(out)
    if out.suffix.lower() == ".onnx":
        check_packages()
    model = copy.deepcopy(model).cpu().eval()
    names = {"whole": out} | {name: out.with_stem(f"{out.stem}-{name}") for name in ("encoder", "decoder")}
    parts = list(parts_of(model, images, hidden))
    for part in parts:
        check_new(names[part.name], SUFFIXES)
    written: dict[Path, bytes] = {}
    done = []
    for part in parts:
        path = names[part.name]
        with torch.no_grad():
            expected = part.network(*part.inputs.values())
        said = {"narrows": version("narrows"), **(facts or {}), "part": part.name, "compared_pictures": len(images)}
        said |= described(part, value_range, expected)
        make = onnx_file if out.suffix.lower() == ".onnx" else program_file
        written[path], found = make(part, {name: as_text(value) for name, value in said.items()})
        difference = largest_difference(expected, found)
        if not difference <= TOLERANCE:  # also where it is nan
            raise ValueError(
                f"expected the {part.name} to compute the same to {TOLERANCE} once exported, found {difference:.2g} "
                f"between file and model on {len(images)} pictures; nothing was written"
            )
        done.append(Exported(str(path), part.name, difference, len(images)))
    for path, content in written.items():
        write_atomic(path, content)
    return tuple(done)


def onnx_file(part: Part, said: Mapping[str, str]) -> tuple[bytes, Tensor]:
    """The content of an ONNX file, and what ONNX Runtime makes of the part's inputs with it."""
    onnx, runtime = import_module("onnx"), import_module("onnxruntime")
    with quiet():
        program = torch.onnx.export(
            captured(part),
            tuple(part.inputs.values()),
            dynamo=True,
            verbose=False,
            dynamic_shapes=part.sizes,
            input_names=list(part.inputs),
            output_names=[part.output],
        )
    assert program is not None
    proto = program.model_proto
    onnx.helper.set_model_props(proto, dict(said))
    content = proto.SerializeToString()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    given = {name: tensor.numpy() for name, tensor in part.inputs.items()}
    return content, torch.from_numpy(session.run(None, given)[0])


def program_file(part: Part, said: Mapping[str, str]) -> tuple[bytes, Tensor]:
    """The content of a file of `torch.export`, and what it makes of the part's inputs once it is read back."""
    buffer = io.BytesIO()
    with quiet():
        torch.export.save(captured(part), buffer, extra_files={"narrows.json": json.dumps(said)})
        buffer.seek(0)
        again = torch.export.load(buffer).module()
    with torch.no_grad():
        found: Tensor = again(*part.inputs.values())
    return buffer.getvalue(), found


def described(part: Part, value_range: tuple[float, float], expected: Tensor) -> dict[str, Any]:
    """What goes into a part and what comes out of it."""
    what: dict[str, dict[str, Any]] = {
        "images": {"range": list(value_range), "meaning": "pixels, 0 is black and 1 is white"},
        "hidden": {"meaning": "true where a pixel is to be filled in"},
        "codes": {"meaning": "one row of numbers a picture"},
        "reconstruction": {"range": [0.0, 1.0], "meaning": "pixels; clamp them to the range"},
    }
    multiple = next(module.multiple for module in part.network.modules() if isinstance(module, Autoencoder))
    any_size = len(part.sizes[0]) > 1

    def one(name: str, tensor: Tensor) -> dict[str, Any]:
        shape: list[Any] = ["any", *tensor.shape[1:]]
        if any_size and tensor.ndim > 2:
            shape[-2:] = [f"multiple of {multiple}"] * 2
        source = ["source"] if tensor.ndim == 5 else []
        axes = ["batch", "code"] if tensor.ndim == 2 else ["batch", *source, "channel", "height", "width"]
        return {"axes": axes, "shape": shape, "type": str(tensor.dtype).removeprefix("torch."), **what[name]}

    inputs = {name: one(name, tensor) for name, tensor in part.inputs.items()}
    return {"inputs": inputs, "outputs": {part.output: one(part.output, expected)}}


def largest_difference(expected: Tensor, found: Tensor) -> float:
    """The largest absolute difference; infinite between tensors of different shapes."""
    return float((expected - found).abs().max()) if expected.shape == found.shape else float("inf")


def as_text(value: Any) -> str:
    """A value of the metadata, which holds text alone: words as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def check_packages(needed: Sequence[str] = PACKAGES) -> None:
    """Refuse to begin without the optional packages for ONNX.

    Raises:
        ImportError: one of them is not installed.
    """
    for name in needed:
        try:
            import_module(name)
        except ImportError as error:
            raise ImportError(
                f"expected {', '.join(PACKAGES)} to write ONNX, found no {name}; 'pip install narrows[onnx]', or write "
                ".pt2"
            ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Exporters speak of packages that are not needed, and of their own next version."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
