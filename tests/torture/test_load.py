"""Many files, epochs and runs, in small: all are there, and nothing grows."""

import json
from pathlib import Path

import pytest
from torture.load import held, scatter
from typer.testing import CliRunner

from narrows.cli import app
from narrows.comparison.listing import list_runs
from narrows.data import load
from narrows.data.folder import read_folder
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.files import write_json
from narrows.models import Dense
from narrows.objective import Objective
from narrows.training import Progress, StateFile, Training, fit

from .test_kill import ARM, EXPERIMENT, quickly  # noqa: F401  states are written often, reports are short


@pytest.mark.parametrize("folders", [1, 50])
def test_every_one_of_many_files_is_read(folders: int, tmp_path: Path) -> None:
    scatter(tmp_path / "photos", 600, folders)
    found = read_folder(tmp_path / "photos", cache=tmp_path / "cache")
    numbers = [int(Path(name).stem) for name in found.files]
    assert sorted(numbers) == list(range(600))
    assert found.pictures.images[:, 0, 2, 2].tolist() == [number % 256 for number in numbers]
    assert len(found.class_names) == (folders if folders > 1 else 0)


def test_a_long_training_keeps_no_file_open(tmp_path: Path) -> None:
    digits = load("digits").few(16, 8)
    files: list[int] = []

    def note(_: Progress) -> None:
        files.append(held()[1])

    fit(
        Dense((), 2).build(digits.image_shape),
        digits,
        Objective(),
        training=Training(epochs=30, batch_size=16),
        state=StateFile(tmp_path / "state.safetensors"),
        on_progress=note,
    )
    assert len(set(files[1:])) == 1


def test_runs_are_listed_with_how_far_they_are(tmp_path: Path) -> None:
    run = run_experiment(EXPERIMENT, RunSettings(tmp_path / "whole"), Nobody())
    partial = tmp_path / "partial"
    partial.mkdir()
    write_json(partial / "experiment.json", run.experiment)
    for name, text in (("damaged", "{"), ("strange", "[]"), ("deep", "[" * 100_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "experiment.json").write_text(text)
    (tmp_path / "no run").mkdir()
    listed = {each.run: each[1:] for each in list_runs(tmp_path)}
    assert list(listed) == ["damaged", "deep", "partial", "strange", "whole"]
    assert {listed[name] for name in ("damaged", "deep", "strange")} == {("", "cannot be read", "", None)}
    assert listed["partial"] == ("x", "not finished", "", None)
    assert listed["whole"] == ("x", "finished", ARM.name, run.mean(ARM.name, "squared_error"))
    told = CliRunner().invoke(app, ["list", "--runs", str(tmp_path), "--json"])
    states = [row["state"] for row in json.loads(told.stdout)["runs"]]
    assert states == ["cannot be read", "cannot be read", "not finished", "cannot be read", "finished"]
    table = CliRunner().invoke(app, ["list", "--runs", str(tmp_path)]).stdout
    assert f"{run.mean(ARM.name, 'squared_error'):.4g}" in table
