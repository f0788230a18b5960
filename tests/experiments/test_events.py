"""--log tensorboard: what TensorBoard itself reads back, and what is said where it is missing."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from narrows.data import Pictures, load
from narrows.experiments.events import LARGEST_SPRITE, Events, thumbnails, word
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.models import Dense
from narrows.training import Progress, Training

from ..data.layouts import random_bytes

ARM = Arm("improved, dense", Dense((), 4), Training(epochs=2, batch_size=500))
EXPERIMENT = Experiment("x", "X", "X?", "", 0.1, "digits", (ARM,), examples=(0, 1, 2))


def read(folder: Path) -> Any:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(folder))
    found.Reload()
    return found


def points(found: Any, tag: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in found.Scalars(tag)]


def test_tensorboard_reads_back_what_the_run_s_own_files_hold(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    run = run_experiment(EXPERIMENT, RunSettings(tmp_path / "run", log="tensorboard"), Nobody())
    folder = tmp_path / "run" / "tensorboard" / "improved-dense-0"
    found = read(folder)
    for split in ("train", "validation"):
        for term in ("loss", "mse"):
            kept = [(row.step, row.value) for row in run.history if (row.split, row.term) == (split, term)]
            # events are float32
            np.testing.assert_allclose(points(found, f"{split}/{term}"), kept, rtol=1e-6)
    assert len(points(found, "train/loss")) == 6
    assert {"pictures/input", "pictures/reconstruction", "pictures/target"} <= set(found.Tags()["images"])
    (shown,) = found.Images("pictures/target")
    assert (shown.height, shown.step) == (8, 6)

    # what the projector reads
    codes = run.arrays("improved, dense", 0, "codes")["codes"]
    rows = np.loadtxt(folder / "00006" / "codes" / "tensors.tsv", delimiter="\t", dtype=np.float32)
    np.testing.assert_allclose(rows, codes, rtol=1e-6)
    names = (folder / "00006" / "codes" / "metadata.tsv").read_text().splitlines()
    labels = load("digits").test.labels
    assert labels is not None
    assert names == [str(label) for label in labels]
    config = (folder / "projector_config.pbtxt").read_text()
    assert 'image_path: "00006/codes/sprite.png"' in config
    assert config.count("single_image_dim: 8") == 2
    sprite = np.asarray(Image.open(folder / "00006" / "codes" / "sprite.png"))
    assert sprite.shape == (14 * 8, 14 * 8, 3)  # 180 pictures in rows of 14
    np.testing.assert_array_equal(sprite[8:16, 16:24, 0], load("digits").test.images[16, 0])
    assert (tmp_path / "run" / "tensorboard" / "pca-code-4-0" / "00000" / "codes" / "tensors.tsv").is_file()
    assert (tmp_path / "run" / "history.csv").is_file()
    assert "log" not in json.loads((tmp_path / "run" / "experiment.json").read_text())


def test_steps_that_are_taken_again_are_taken_back(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    for first, last, value in ((1, 5, 1.0), (4, 6, 2.0)):
        events = Events(tmp_path)
        for step in range(first, last + 1):
            events.told("arm", Progress(0.0, 0, step, {"loss": value}))
        events.close()
    expected = [(1, 1.0), (2, 1.0), (3, 1.0), (4, 2.0), (5, 2.0), (6, 2.0)]
    assert points(read(tmp_path / "arm"), "train/loss") == expected


def test_codes_can_be_written_again_without_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tensorboard")
    pictures = Pictures(random_bytes(5, 3, 9, 4))
    arrays: dict[str, dict[str, Any]] = {
        "reconstruction": {},
        "codes": {"codes": np.ones((5, 2), np.float32), "labels": np.arange(5)},
    }
    for _ in range(2):
        events = Events(tmp_path)
        events.finish("arm", [], arrays, pictures, ("a\tb", "c\nd"))
        events.close()
    assert capsys.readouterr().out == ""
    assert (tmp_path / "arm" / "00000" / "codes" / "metadata.tsv").read_text().splitlines() == [
        "a b", "c d", "2", "3", "4",
    ]  # fmt: skip
    events = Events(tmp_path)
    events.finish("long", [], {"reconstruction": {}, "codes": {"codes": np.ones((5, 5000))}}, pictures, ())
    events.close()
    assert not (tmp_path / "long" / "00000").exists()


@pytest.mark.parametrize(
    ("shape", "side"), [((3, 1, 8, 8), 8), ((7, 3, 90, 40), 64), ((30, 1, 64, 64), 42), ((4, 2, 3, 20, 30), 40)]
)
def test_thumbnails_are_squares_that_fit_into_a_sprite(
    shape: tuple[int, ...], side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LARGEST_SPRITE == 8192
    monkeypatch.setattr("narrows.experiments.events.LARGEST_SPRITE", 256)
    found = thumbnails(np.full(shape, 255, np.uint8))
    assert found.shape == (shape[0], 3, side, side)
    assert np.ceil(np.sqrt(shape[0])) * side <= 256
    height, width = (2 * shape[-2] if len(shape) == 5 else shape[-2]), shape[-1]
    longest = max(height, width)
    assert int(found[0, 0].sum()) == (height * side // longest) * (width * side // longest)
    assert word(("cat",), 0) == "cat"


def test_without_tensorboard_it_is_said_what_to_install_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    settings = RunSettings(tmp_path / "run", log="tensorboard")
    with pytest.raises(ImportError, match=r"found none; 'pip install narrows\[tensorboard\]', or leave --log out"):
        run_experiment(EXPERIMENT, settings, Nobody())
    assert not (tmp_path / "run").exists()
    run_experiment(
        replace(EXPERIMENT, arms=(replace(ARM, training=Training(epochs=0)),)), replace(settings, log=""), Nobody()
    )
