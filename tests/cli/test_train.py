"""narrows train: words to a run folder, and what is said before it begins."""

import re
import sys
from pathlib import Path

import pytest

from narrows.cli import main
from narrows.cli.pictures import duration
from narrows.results import open_run

from ..data.layouts import write_picture


def narrows(arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What stands on standard error, on one line."""
    monkeypatch.setattr(sys, "argv", ["narrows", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr()
    assert stopped.value.code in (0, 2), said.err
    return re.sub(r"\s+", " ", said.err)


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
    said = narrows(
        ["train", "photos", "--out", "run", "--corrupt", "noise:25/255", "--epochs", "2"], monkeypatch, capsys
    )
    assert "pictures 27 for training and validation, 8 x 8, 3 channels, 1 left out as unreadable" in said
    assert 'task denoising, {"type": "PhotographNoise", "sigma": 0.098' in said
    assert re.search(r"network Residual, \d+ weights", said)
    assert re.search(r"training 2 epochs in batches of 3, about \d+ s and \d+ MB of memory beside the program", said)
    run = open_run(here / "run")
    assert run.arms() == ["mean picture", "input", "improved, Residual"]
    assert run.environment["finished"]
    assert run.experiment["arms"][-1]["task"] == "denoising"
    assert (here / "run" / "report.html").is_file()
    assert "found a run in run; go on with --resume" in narrows(
        ["train", "photos", "--out", "run"], monkeypatch, capsys
    )
    # a run goes on with the epochs that it has, however fast the machine is today
    narrows(["train", "photos", "--out", "run", "--corrupt", "noise:25/255", "--resume"], monkeypatch, capsys)


def test_a_mistake_is_told_before_anything_is_read(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "expected a task for a U-Net" in narrows(["train", "photos", "--model", "unet"], monkeypatch, capsys)
    assert "expected a size as 64" in narrows(["train", "photos", "--size", "big"], monkeypatch, capsys)
    assert "found 'photos'" in narrows(["train", "photos"], monkeypatch, capsys)
    assert not (here / "runs").exists()


def test_durations_are_told_in_a_unit_that_fits() -> None:
    assert [duration(seconds) for seconds in (0.4, 89.0, 90.0, 600.0, 7200.0)] == [
        "0 s",
        "89 s",
        "2 min",
        "10 min",
        "2.0 h",
    ]
