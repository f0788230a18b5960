"""Pictures and arrays that no autoencoder can learn from, or hardly: one sentence each, or it works."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from narrows.corruption import GaussianNoise
from narrows.data import Dataset, Pictures, from_array, label_budget, load
from narrows.data.splits import cut
from narrows.experiments.describe import describe_run
from narrows.experiments.experiment import Arm, Experiment
from narrows.jobs import Job, plan
from narrows.models import PCA, Dense, Residual, UNet
from narrows.objective import Objective
from narrows.report.sections.codes import _cloud
from narrows.training import StateFile, Training, fit
from narrows.training.processes import ALONE
from narrows.training.state import TrainingState

from ..cli.test_verbs import said
from ..data.layouts import random_bytes, write_gzip, write_picture


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("narrows.data.cache.cache_folder", lambda: tmp_path / "cache")
    return tmp_path


def floats(value: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    array = np.full((12, 8, 8), 0.5)
    array[3, 2, 1] = value
    return array


def arrays(path: Path) -> dict[str, Callable[[], object]]:
    """What writes each bad source into a folder, by its name there."""
    return {
        "empty": lambda: (path / "empty").mkdir(),
        "text": lambda: write_gzip(path / "text" / "a.txt.gz", b"a"),
        "one": lambda: write_picture(path / "one" / "a.png", 8, 8),
        "nan.npy": lambda: np.save(path / "nan.npy", floats(np.nan)),
        "inf.npy": lambda: np.save(path / "inf.npy", floats(np.inf)),
        "range.npy": lambda: np.save(path / "range.npy", floats(1.5)),
        "int16.npy": lambda: np.save(path / "int16.npy", np.zeros((12, 8, 8), np.int16)),
        "bool.npy": lambda: np.save(path / "bool.npy", np.zeros((12, 8, 8), bool)),
        "axes.npy": lambda: np.save(path / "axes.npy", random_bytes(8, 9, 12, 8)),
        "flat.npy": lambda: np.save(path / "flat.npy", random_bytes(12, 64)),
        "none.npy": lambda: np.save(path / "none.npy", random_bytes(0, 8, 8)),
        "labels.npz": lambda: np.savez(path / "labels.npz", images=random_bytes(12, 8, 8), labels=np.arange(11)),
        "whole.npy": lambda: np.save(path / "whole.npy", random_bytes(12, 8, 8)),
    }


@pytest.mark.parametrize(
    ("source", "sentence", "cure"),
    [
        ("empty", "expected pictures (.bmp,", "convert them or name the folder above them"),
        ("text", "found none among 1 files", "convert them or name the folder above them"),
        ("one", "expected at least 3 pictures to split into train, validation and test, found 1", "add some"),
        ("nan.npy", "expected floats in [0, 1], found missing values (nan)", "scale or mend them first"),
        ("inf.npy", "expected floats in [0, 1], found values from 0.5 to inf", "scale or mend them first"),
        ("range.npy", "expected floats in [0, 1], found values from 0.5 to 1.5", "scale or mend them first"),
        ("int16.npy", "expected uint8 or floats in [0, 1], found int16", "convert with images.astype(np.uint8)"),
        ("bool.npy", "expected uint8 or floats in [0, 1], found bool", "convert with images.astype(np.uint8)"),
        ("axes.npy", "found shape (8, 9, 12, 8), where neither can be", "give channel_axis='first' or 'last'"),
        ("flat.npy", "expected pictures of shape (n, h, w), (n, c, h, w) or (n, h, w, c), found (12, 64)", "reshape"),
        ("none.npy", "expected at least one picture of at least one pixel, found shape (0, 8, 8)", "; save some"),
        ("labels.npz", "expected one label a picture, 12 in all, found shape (11,)", "; give one for each"),
    ],
)
def test_what_cannot_be_trained_on_is_one_sentence_with_a_cure(
    source: str,
    sentence: str,
    cure: str,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arrays(here)[source]()
    with pytest.raises(ValueError, match="expected") as caught:
        load(here / source)
    code, text = said(["train", f"./{source}"], monkeypatch, capsys)
    assert code == 2
    for told in (str(caught.value), text):
        assert sentence in told
        assert cure in told
    assert not (here / "runs").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--code-size", "0"], "Invalid value for '--code-size'"),
        (["--code-size", "65"], "expected at most 10 components from 10 pictures of 64 pixels, found 65"),
        (["--set", "training.learning_rate=nan"], "expected learning_rate"),
        (["--set", "training.batch_size=0"], "expected batch_size to be at least 1, found 0"),
        (["--set", "training.clip_norm=much"], "expected clip_norm to be of type float | None, found 'much'"),
        (["--set", "training.clip_norm=-1.0"], "expected clip_norm to be above 0, found -1"),
        (["--set", "objective.reconstruction=bce"], "in [0, 1]"),
        (["--set", "data_used=all"], "expected data_used to be one of train, train and validation, found 'all'"),
        (["--set", "model.channels=[]"], "expected"),
    ],
)
def test_words_that_make_no_sense_on_these_pictures_are_refused_before_training(
    words: list[str], sentence: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays(here)["whole.npy"]()
    code, text = said(["train", "whole.npy", *words], monkeypatch, capsys)
    assert code == 2
    assert sentence in text
    assert not (here / "runs").exists()


BRIEF = Training(epochs=1, batch_size=4)


@pytest.mark.parametrize("shape", [(12, 1, 1, 1), (12, 1, 3, 1000), (3, 4, 8, 8)])
@pytest.mark.parametrize("model", [Dense((5,), 2), Residual(UNet((4, 6)))], ids=["dense", "U-Net"])
def test_pictures_of_odd_shapes_are_trained_on(shape: tuple[int, ...], model: Any) -> None:
    data = cut("drawn", Pictures(random_bytes(*shape)))
    network = model.build(data.image_shape)
    history = fit(network, data, Objective(), corruption=GaussianNoise(0.1), training=BRIEF)
    assert all(np.isfinite(entry.value) for entry in history)


def test_a_batch_larger_than_the_data_and_a_code_larger_than_the_picture_are_trained() -> None:
    data = from_array(random_bytes(12, 4, 5))
    history = fit(Dense((), 50).build((1, 4, 5)), data, Objective(), training=Training(epochs=2, batch_size=4096))
    assert [entry.step for entry in history if entry.term == "loss" and entry.split == "train"] == [1, 2]


def test_one_class_has_no_labels_and_a_share_keeps_every_class(here: Path) -> None:
    for number in range(10):
        write_picture(here / "photos" / "cat" / f"{number}.png", 4, 4, seed=number)
    assert load(here / "photos").train.labels is None
    labels = np.repeat([0, 1, 2], [50, 50, 1])
    assert np.bincount(labels[label_budget(labels, 1e-6, seed=0)]).tolist() == [1, 1, 1]


def test_classes_that_the_training_pictures_lack_are_named() -> None:
    with pytest.raises(ValueError, match="expected labelled pictures of every class, found none of class 1 among 2"):
        label_budget(np.array([0, 2]), 0.5, seed=0)


def test_pictures_in_two_splits_are_counted_for_the_doctor() -> None:
    images = random_bytes(30, 8, 8)
    images[15:] = images[:15]
    data = from_array(images)
    arm = Arm("compared, dense", Dense((), 2), BRIEF)
    described = describe_run(Experiment("x", "x", "x", "", 1.0, "x", (arm,)), data, seeds=1, read_test=True)
    both = {picture.tobytes() for picture in data.official_train.images} & {each.tobytes() for each in data.test.images}
    assert described["data"]["duplicates"]["train-test"] == len(both) > 0


def explode(data: Dataset, state: StateFile) -> str:
    """What a training says whose errors grow from step to step beyond all numbers."""
    training = Training(epochs=50, batch_size=4, learning_rate=1e3, optimizer="sgd")
    with pytest.raises(FloatingPointError) as caught:
        fit(Dense((5,), 2).build((1, 8, 8)), data, Objective(), training=training, state=state)
    return str(caught.value)


def test_a_learning_rate_that_explodes_stops_with_epoch_step_and_term_and_leaves_a_good_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the package's attribute of this name is the function, hence the table of modules
    monkeypatch.setattr(sys.modules["narrows.training.optimize"], "SAVE_SECONDS", 0.0)
    state = StateFile(tmp_path / "state.safetensors")
    said = explode(from_array(random_bytes(40, 8, 8)), state)
    assert said.startswith("expected finite losses, found mse = ")
    assert ", step " in said
    assert " in epoch " in said
    assert "lower the learning rate or set training.clip_norm" in said
    loaded = state.load()
    assert loaded is not None
    assert all(bool(tensor.isfinite().all()) for tensor in loaded[0]["module"].values())


def test_weights_that_are_not_finite_replace_no_state(tmp_path: Path) -> None:
    model = Dense((), 2).build((1, 4, 4))
    state = StateFile(tmp_path / "state.safetensors")
    stands = TrainingState(model, Training(), 1, None, ALONE)
    stands.save(state)
    before = state.path.read_bytes()
    model.get_parameter("project.bias").data.fill_(float("inf"))
    stands.save(state)
    assert state.path.read_bytes() == before


def test_a_learning_rate_that_explodes_is_one_sentence_and_the_baselines_stand(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays(here)["whole.npy"]()
    words = ["--model", "convolutional", "--code-size", "2", "--epochs", "3", "--out", "run"]
    code, text = said(
        ["train", "whole.npy", *words, "--set", "training.learning_rate=1e30", "--set", "training.clip_norm=none"],
        monkeypatch,
        capsys,
    )
    assert code == 2
    assert "expected finite losses, found" in text


def test_a_closed_form_of_a_single_pixel_is_no_network_to_wrap() -> None:
    with pytest.raises(ValueError, match="found one that standardises them"):
        Residual(PCA(1)).build((1, 1, 1))


def test_codes_without_a_second_direction_are_drawn_on_a_line() -> None:
    cloud = _cloud((), {"projection": np.array([[1.0], [2.0]], np.float32), "labels": np.array([0, 1])})
    assert cloud.points.tolist() == [[1, 0], [2, 0]]


def test_a_job_on_a_handful_of_pictures_has_a_plan() -> None:
    data = from_array(random_bytes(3, 1, 8, 8))
    (arm,) = plan(Job("x"), data, epochs=1).arms
    assert arm.training.batch_size == 1
