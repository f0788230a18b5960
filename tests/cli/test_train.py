"""narrows train: words to a run folder, and what is said before it begins."""

import re
from pathlib import Path

import numpy as np
import pytest

from narrows.cli.pictures import duration, run_name
from narrows.cli.verbs import USER_ERROR
from narrows.results import open_run

from ..data.layouts import write_picture
from .test_verbs import said


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("narrows.data.cache.cache_folder", lambda: tmp_path / "cache")
    return tmp_path


def test_a_folder_of_photographs_is_trained_on_and_said_what_it_costs(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(30):
        write_picture(here / "photos" / f"{number}.png", 8, 8 + number % 2, seed=number)
    (here / "photos" / "broken.jpg").touch()
    words = ["train", "photos", "--out", "run", "--corrupt", "noise:25/255"]
    code, text = said([*words, "--epochs", "2"], monkeypatch, capsys)
    assert code == 0, text
    assert "pictures 27 for training and validation, 8 x 8, 3 channels, 1 left out as unreadable" in text
    assert 'task denoising, {"type": "PhotographNoise", "sigma": 0.098' in text
    assert re.search(r"network Residual, \d+ weights", text)
    assert re.search(r"training 2 epochs in batches of 3, about \d+ s and \d+ MB of memory beside the program", text)
    run = open_run(here / "run")
    assert run.arms() == ["mean picture", "input", "improved, Residual"]
    assert run.environment["finished"]
    assert run.experiment["arms"][-1]["task"] == "denoising"
    assert "broken.jpg" in (here / "run" / "report.html").read_text(encoding="utf-8")
    code, text = said(words, monkeypatch, capsys)
    assert code == USER_ERROR
    assert "found a run in run; go on with --resume" in text
    # a run goes on with the epochs that it has, however fast the machine is today
    code, text = said([*words, "--resume"], monkeypatch, capsys)
    assert code == 0, text
    assert "training 2 epochs in batches of 3" in text
    assert open_run(here / "run").experiment["arms"] == run.experiment["arms"]


def test_a_job_leaves_the_test_split_unread_and_trains_with_every_seed_where_asked(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("narrows.data.Dataset.test", property(lambda _: pytest.fail("the test split was read")))
    monkeypatch.setattr("narrows.experiments.run.write_report", lambda folder: folder)
    np.save(here / "few.npy", np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8))
    words = ["train", "few.npy", "--out", "run", "--epochs", "1", "--code-size", "2", "--model", "dense"]
    code, text = said([*words, "--no-test", "--seeds", "2"], monkeypatch, capsys)
    assert code == 0, text
    run = open_run(here / "run")
    assert {row.split for row in run.results} == {"train", "validation"}
    assert set(run.values(run.arms()[-1], "mse", split="validation")) == {0, 1}


def test_a_mistake_is_told_before_anything_is_read(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, sentence in (
        (["--model", "unet"], "expected a task for a U-Net"),
        (["--size", "big"], "expected a size as 64"),
        (["--minutes", "0"], "expected minutes above 0, found 0"),
        ([], "found 'photos'"),
    ):
        code, text = said(["train", "photos", *arguments], monkeypatch, capsys)
        assert code == USER_ERROR
        assert sentence in text
    assert not (here / "runs").exists()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("digits", "digits"),
        (".", "photos"),
        ("..", "deep"),
        ("../photos/", "photos"),
        ("faces/../marks", "marks"),
        ("k1/faces+./marks", "faces-marks"),
        (".+..", "photos-deep"),
        ("../one+two", "one+two"),
        ("/", "train"),
    ],
)
def test_a_run_is_called_after_its_data_and_lies_below_the_folder_of_runs(
    data: str, name: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("photos", "one+two"):
        (here / "deep" / folder).mkdir(parents=True)
    monkeypatch.chdir(here / "deep" / "photos")
    assert run_name(data) == name


def test_durations_are_told_in_a_unit_that_fits() -> None:
    assert [duration(seconds) for seconds in (0.4, 89.0, 90.0, 600.0, 7200.0)] == [
        "0 s",
        "89 s",
        "2 min",
        "10 min",
        "2.0 h",
    ]
