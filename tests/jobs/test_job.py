import inspect
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest
import typer

import narrows
from narrows.cli import app
from narrows.data import Dataset, from_array, load
from narrows.experiments.experiment import Arm
from narrows.jobs import Job, choose_size, plan
from narrows.jobs.job import usual_code_size
from narrows.jobs.outlook import affordable
from narrows.jobs.trial import Trial
from narrows.models import (
    Convolutional,
    InpaintingUNet,
    MaskedTransformer,
    MixtureComplement,
    ParallelDecoders,
    RefinedPCA,
    Residual,
    ResidualDense,
    UNet,
)
from narrows.training.fit import LARGE, at_once
from narrows.types import Architecture

from ..data.layouts import random_bytes, write_picture


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrows.data.cache.cache_folder", lambda: tmp_path / "cache")


def photographs(count: int = 40, side: int = 32) -> Dataset:
    return from_array(random_bytes(count, 3, side, side))


def arm(job: Job, data: Dataset) -> Arm:
    (found,) = plan(job, data, epochs=7).arms
    return found


@pytest.mark.parametrize(
    ("job", "model", "task", "loss"),
    [
        (Job("x"), RefinedPCA(16), "compression", "mse"),
        (Job("x", code_size=5), RefinedPCA(5), "compression", "mse"),
        (Job("x", model="dense"), ResidualDense(16, num_corrections=1), "compression", "mse"),
        (
            Job("x", model="convolutional"),
            Convolutional((32, 64), 16, output_activation="linear"),
            "compression",
            "mse",
        ),
        (Job("x", "noise:0.1"), Residual(UNet((32, 64, 128))), "denoising", "mse"),
        (Job("x", "noise:0.1", "dense", 9), ResidualDense(9), "denoising", "mse"),
        (Job("x", "mask:0.5"), InpaintingUNet((32, 64, 128)), "inpainting", "mae"),
        (Job("x", "patches:0.5", "unet"), InpaintingUNet((32, 64, 128)), "inpainting", "mse"),
        (Job("x", model="masked"), MaskedTransformer(4), "inpainting", "mse"),
    ],
)
def test_every_job_has_its_network_and_what_is_asked_is_kept(
    job: Job, model: Architecture, task: str, loss: str
) -> None:
    found = arm(job, photographs())
    assert (found.model, found.task, found.objective.reconstruction) == (model, task, loss)
    assert found.training.epochs == 7
    assert found.role == "improved"


def test_many_small_pictures_get_a_network_that_finds_its_own_code() -> None:
    many = from_array(np.zeros((7000, 28, 28), np.uint8))
    assert arm(Job("x"), many).model == ResidualDense(32, num_corrections=1)
    assert arm(Job("x"), many.few(1000, 10)).model == RefinedPCA(32)
    assert arm(Job("x", minutes=0.5), many).training.minutes == 0.5
    assert arm(Job("x", epochs=3), many).training.epochs == 3


@pytest.mark.parametrize(
    ("count", "shape", "kind"),
    [
        (6250, (1, 28, 28), ResidualDense),  # of which 5 000 are trained on
        (6249, (1, 28, 28), RefinedPCA),
        (6250, (3, 32, 32), ResidualDense),
        (6250, (3, 33, 32), RefinedPCA),
    ],
)
def test_many_is_5_000_and_small_is_32_x_32_in_colour(count: int, shape: tuple[int, int, int], kind: type) -> None:
    assert type(arm(Job("x"), from_array(np.zeros((count, *shape), np.uint8))).model) is kind


def test_epochs_are_what_ten_minutes_take_within_bounds() -> None:
    data = photographs(700)  # 560 to train on
    found = arm(Job("x"), data)
    assert found.training.batch_size == 70
    assert [affordable(found, data, Trial(seconds, 0)) for seconds in (1.0, 100.0, 0.0)] == [600 // 8, 3, 200]


def test_a_code_has_a_24th_of_the_picture_s_numbers_and_fits_the_data() -> None:
    assert [usual_code_size(photographs(700, side)) for side in (8, 32, 64)] == [8, 128, 256]
    assert usual_code_size(photographs(20)) == 8


def test_two_of_a_kind_are_exchangeable_and_others_are_told_apart_by_the_mixture(tmp_path: Path) -> None:
    for number in range(20):
        write_picture(tmp_path / "faces" / f"{number}.png", 8, 8, seed=number)
        write_picture(tmp_path / "marks" / f"{number}.png", 8, 8, seed=number, grey=True)
    one = Job(str(tmp_path / "faces"), "mix")
    same = arm(one, load(one.source))
    assert same.model == ParallelDecoders(UNet((16, 32, 64)), 2)
    assert same.objective.exchangeable
    assert same.training.augmentation.new_pairs
    two = Job(f"{tmp_path / 'faces'}+{tmp_path / 'marks'}", "mix")
    assert choose_size(two) == (8, 8)
    other = arm(two, load(two.source))
    assert other.model == MixtureComplement(UNet((16, 32, 64)), grey=True, decoded=1)
    assert other.training.augmentation.new_pairs


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"corrupt": "mask:0.5", "model": "masked"}, "expected patches to hide"),
        ({"corrupt": "noise:0.1", "model": "masked"}, "expected the model masked to fill in patches, found noise"),
        ({"model": "unet"}, "expected a task for a U-Net"),
        ({"epochs": 1, "minutes": 1.0}, "expected epochs or minutes, found both"),
        ({"code_size": 0}, "expected a code size of at least 1, found 0"),
        ({"corrupt": "noise:0.1", "code_size": 8}, "expected no code size for denoising, .* found 8"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Job("x", **words)  # type: ignore[arg-type]  # wrong on purpose


def test_an_unknown_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # the library's own sentence, as a user meets it
    with pytest.raises(ValueError, match="expected a model among dense, convolutional, unet, masked, found 'gan'"):
        Job("x", model="gan")  # type: ignore[arg-type]  # wrong on purpose


def test_pictures_keep_one_small_size_and_others_become_squares(tmp_path: Path) -> None:
    for number in range(5):
        write_picture(tmp_path / "alike" / f"{number}.png", 20, 30, seed=number)
        write_picture(tmp_path / "large" / f"{number}.png", 300, 200, seed=number)
        write_picture(tmp_path / "mixed" / f"{number}.png", 40 + number, 90, seed=number)
        write_picture(tmp_path / "most" / f"{number}.png", 64, 60, seed=number)
        write_picture(tmp_path / "more" / f"{number}.png", 65, 60, seed=number)
    (tmp_path / "mixed" / "broken.png").touch()
    alike, large, mixed = (str(tmp_path / name) for name in ("alike", "large", "mixed"))
    assert choose_size(Job(alike)) == (20, 30)
    assert [choose_size(Job(large, corrupt)) for corrupt in ("", "noise:0.1", "mask")] == [
        (64, 64),
        (128, 128),
        (64, 64),
    ]
    assert choose_size(Job(mixed)) == (42, 42)
    assert choose_size(Job(mixed, size=(7, 8))) == (7, 8)
    assert choose_size(Job(str(tmp_path / "most"))) == (64, 60)
    assert choose_size(Job(str(tmp_path / "more"))) == (60, 60)
    assert choose_size(Job("mnist")) is choose_size(Job(str(tmp_path / "array.npy"))) is None
    assert [Job(large, corrupt).crop for corrupt in ("", "noise:0.1", "mask", "mix")] == [False, True, True, False]


def test_python_has_the_words_of_the_command_line(tmp_path: Path) -> None:
    for number in range(20):
        write_picture(tmp_path / "photos" / f"{number}.png", 9, 9, seed=number)
    words = set(inspect.signature(narrows.train).parameters)
    command: Any = typer.main.get_command(app)
    options = {parameter.name for parameter in command.commands["train"].params}
    assert words - options == set()
    run = narrows.train(tmp_path / "photos", tmp_path / "run", code_size=3, size=8, epochs=1)
    assert run.encode(random_bytes(2, 3, 8, 8)).shape == (2, 3)
    # of the training pictures' mean, whatever the mean of those that are judged
    assert run.record.values("mean picture", "explained_variance", split="test")[0] == pytest.approx(0, abs=1e-6)
    assert run.record.arms() == ["mean picture", "PCA, code 3", "improved, RefinedPCA, code 3"]
    with pytest.raises(FileExistsError, match="found a run in"):
        narrows.train(tmp_path / "photos", tmp_path / "run")


def test_large_pictures_pass_a_model_fewer_at_a_time() -> None:
    assert at_once(photographs(side=64).train, 500) == 500
    assert at_once(photographs(side=128).train, 500) == LARGE // (3 * 128 * 128) == 42
