"""Exported files: every architecture computes what the model does, and its file says how to use it."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jaxtyping import config
from PIL import Image
from torch import Tensor, nn

from narrows.apply import Run
from narrows.cli import main
from narrows.corruption import GaussianNoise
from narrows.export import Exported, export_model, export_run
from narrows.export import files as module
from narrows.export.files import TOLERANCE
from narrows.export.parts import Part
from narrows.models import ARCHITECTURES, BOTTLENECKS, Autoencoder, Dense, Residual, UNet, bypass_numbers, inpainting
from narrows.results import slug, write_arrays
from narrows.types import ImageShape

from .apply.small import ARM, built, write_run
from .contracts import CODECS
from .test_documents import ROOT, blocks
from .test_jobs_pages import here  # noqa: F401  a fixture

PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
ALIKE = {
    "Dense, ReLU on code and output", "Dense, sigmoid", "Dense, tanh", "Dense, linear",
    "Dense, unit columns, tied at the start", "Dense, TopK", "Dense, balanced", "ResidualDense",
    "ResidualDense, corrected", "Convolutional, Gaussian", "Convolutional, upsampling", "Convolutional, unpooling",
    "ParallelDecoders", "MixtureComplement", "Residual, Dense",
}  # fmt: skip
"""Made of operations that another one has too."""
NAMES = [name for name in CODECS if name not in ALIKE]
SHAPE = (3, 8, 11)


@pytest.fixture(scope="module", autouse=True)
def one_table() -> Iterator[None]:
    """PyTorch reads its table of operations anew for every file, which takes longer than all else."""
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    with module.quiet():
        table = ONNXRegistry.from_torchlib()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", lambda *_, **__: table)
        yield


@pytest.fixture(autouse=True)
def _unchecked() -> Iterator[None]:
    """A size that may be any is no whole number, as the check of shapes wants them."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


def pictures(count: int, shape: ImageShape) -> Tensor:
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(count))


def masks(count: int, shape: ImageShape) -> Tensor:
    hidden = torch.zeros(count, 1, *shape[1:], dtype=torch.bool)
    hidden[:, :, :4, :4] = True
    return hidden


def session(path: Path) -> Any:
    import onnxruntime  # type: ignore[import-untyped]  # not always installed

    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def computed(path: Path, *inputs: Tensor) -> Tensor:
    opened = session(path)
    named = {each.name: tensor.numpy() for each, tensor in zip(opened.get_inputs(), inputs, strict=True)}
    return torch.from_numpy(opened.run(None, named)[0])


def test_every_architecture_and_bottleneck_is_exported() -> None:
    text = repr([CODECS[name] for name in NAMES])
    assert [name for name in (*ARCHITECTURES, *BOTTLENECKS) if f"{name}(" not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_onnx_runtime_computes_what_the_model_does(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inpainting, "STEPS", 2)  # a further one adds the same operations again, and 10 s
    model = built(CODECS[name], SHAPE)
    hidden = masks(3, SHAPE) if name in ("MaskedTransformer", "InpaintingUNet") else None
    done = export_model(model, tmp_path / "m.onnx", pictures(3, SHAPE), hidden=hidden)
    parts = ["whole", "encoder"] if bypass_numbers(model) else ["whole", "encoder", "decoder"]
    assert [each.part for each in done] == parts
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(Path(each.path).name for each in done)
    assert not any(str(ROOT).encode() in path.read_bytes() for path in tmp_path.iterdir())
    if hidden is None and model.takes_any_size and len(model.code_shape) > 1:
        images = pictures(5, (3, 3 * model.multiple, 2 * model.multiple))
    else:
        images = pictures(5, SHAPE)
    given = (images,) if hidden is None else (images, masks(5, SHAPE).flip(-1))
    with torch.no_grad():
        expected = model(*given).reconstruction
        torch.testing.assert_close(computed(tmp_path / "m.onnx", *given), expected, atol=TOLERANCE, rtol=0)
        if hidden is not None:
            filled = session(tmp_path / "m.onnx").run(
                None, {"images": images.masked_fill(given[-1], 9.0).numpy(), "hidden": given[-1].numpy()}
            )
            torch.testing.assert_close(torch.from_numpy(filled[0]), expected, atol=TOLERANCE, rtol=0)
        one = pictures(1, SHAPE)
        codes = model.encode(one)
        torch.testing.assert_close(computed(tmp_path / "m-encoder.onnx", one), codes, atol=TOLERANCE, rtol=0)
        if "decoder" in parts:
            found = computed(tmp_path / "m-decoder.onnx", codes)
            torch.testing.assert_close(found, model(one).reconstruction, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(
    "name", ["Dense, balanced TopK", "Convolutional, unpooling, odd sizes dropped", "MaskedTransformer"]
)
def test_pytorch_runs_its_own_file_without_narrows(name: str, tmp_path: Path) -> None:
    model = built(CODECS[name], (3, 9, 13))
    hidden = masks(3, (3, 9, 13)) if name == "MaskedTransformer" else None
    export_model(model, tmp_path / "m.pt2", pictures(3, (3, 9, 13)), hidden=hidden, facts={"name": "made up"})
    images = pictures(5, (3, 9, 13))
    given = (images,) if hidden is None else (images, masks(5, (3, 9, 13)))
    torch.save(given, tmp_path / "given.pt")
    program = (
        "import sys, json, torch; sys.modules['narrows'] = None; extra = {'narrows.json': ''}\n"
        "program = torch.export.load('m.pt2', extra_files=extra).module()\n"
        "torch.save(program(*torch.load('given.pt')), 'found.pt')\n"
        "sys.stdout.write(extra['narrows.json'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == "made up"
    torch.testing.assert_close(torch.load(tmp_path / "found.pt"), model(*given).reconstruction, atol=1e-5, rtol=0)


def run_of(folder: Path) -> Run:
    write_run(folder, Residual(UNet((4, 6))), (1, 9, 8), task="denoising", corruption=GaussianNoise(0.1))
    images = pictures(4, (1, 9, 8)).numpy()
    write_arrays(folder / "arrays" / slug(ARM, 0) / "reconstruction.npz", {"input": images, "worst_input": images[:1]})
    return Run.open(folder)


def test_a_run_s_file_says_what_goes_in_and_what_comes_out(tmp_path: Path) -> None:
    whole, encoder = export_run(run_of(tmp_path / "run"), tmp_path / "m.onnx")
    assert whole == Exported(str(tmp_path / "m.onnx"), "whole", whole.largest_difference, 5)
    assert encoder.path == str(tmp_path / "m-encoder.onnx")
    facts = session(tmp_path / "m.onnx").get_modelmeta().custom_metadata_map
    assert (facts["name"], facts["arm"], facts["seed"], facts["task"]) == ("x", ARM, "0", "denoising")
    images = json.loads(facts["inputs"])["images"]
    assert images["axes"] == ["batch", "channel", "height", "width"]
    assert images["shape"] == ["any", 1, "multiple of 2", "multiple of 2"]
    assert images["range"] == pytest.approx([-0.6, 1.6])
    assert json.loads(facts["outputs"])["reconstruction"]["range"] == [0, 1]
    assert session(tmp_path / "m.onnx").get_inputs()[0].shape == ["batch", 1, "2*height", "2*width"]


def test_a_file_that_computes_something_else_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = module.program_file

    def wrong(part: Part, said: Mapping[str, str]) -> tuple[bytes, Tensor]:
        content, found = right(part, said)
        return content, found + (2e-4 if part.name == "decoder" else 0)

    monkeypatch.setattr(module, "program_file", wrong)
    with pytest.raises(
        ValueError, match=r"expected the decoder to compute the same to 0.0001 once exported, found 0.0002"
    ):
        export_model(built(Dense((), 3), SHAPE), tmp_path / "m.pt2", pictures(3, SHAPE))
    assert list(tmp_path.iterdir()) == []


class Branching(nn.Module):
    """What no graph can hold: what is computed hangs on the pictures."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Tensor, hidden: Tensor | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        features, bypass = self.inner(images, hidden)
        return (features if images.mean() > 0.5 else -features), bypass


def test_what_cannot_be_exported_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model: Autoencoder = built(Dense((), 3), SHAPE)
    model.encoder = Branching(model.encoder)
    with pytest.raises(ValueError, match="expected a network that can be exported, found a whole that cannot: "):
        export_model(model, tmp_path / "m.pt2", pictures(3, SHAPE))
    with pytest.raises(ValueError, match=r"expected pictures to compare on in .*arrays, found none"):
        export_run(Run.open(write_run(tmp_path / "run", Dense((), 3), (1, 8, 8))), tmp_path / "m.pt2")
    with pytest.raises(ValueError, match=r"\.onnx.*\.pt2"):
        export_model(built(Dense((), 3), SHAPE), tmp_path / "m.txt", pictures(3, SHAPE))
    (tmp_path / "m-encoder.pt2").touch()
    with pytest.raises(FileExistsError, match=r"m-encoder\.pt2"):
        export_model(built(Dense((), 3), SHAPE), tmp_path / "m.pt2", pictures(3, SHAPE))

    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(module, "import_module", absent)
    with pytest.raises(ImportError, match=r"found no onnx; 'pip install narrows\[onnx\]', or write .pt2"):
        export_model(model, tmp_path / "m.onnx", pictures(3, SHAPE))


def test_the_page_s_denoiser_needs_no_narrows(
    here: Path,  # noqa: F811  the fixture
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    commands = [shlex.split(line) for block in blocks(PAGE) for line in block.splitlines()]
    for words in (*commands, shlex.split("narrows apply runs/denoiser noisy --out applied")):
        monkeypatch.setattr(sys, "argv", [*words, *(["--quick"] if words[1] == "train" else [])])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == 0, capsys.readouterr().err
    (code,) = blocks(PAGE, "python")
    alone = f"import sys\nsys.modules['narrows'] = sys.modules['torch'] = None\n{code}"
    done = subprocess.run([sys.executable, "-c", alone], cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found, expected = (np.asarray(Image.open(here / name), dtype=int) for name in ("clean.png", "applied/0.png"))
    assert found.shape == (12, 12, 3)
    assert np.abs(found - expected).max() <= 1
