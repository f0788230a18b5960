"""Going on with a run: what is there stays, what is missing comes, and another question is refused."""

import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from narrows.corruption import GaussianNoise, PixelMask
from narrows.data import load
from narrows.experiments.baselines import with_baselines
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.folder import Ledger, default_folder
from narrows.experiments.measure import baseline_models
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.experiments.settings import change_experiment
from narrows.files import read_json, write_json
from narrows.models import Dense, UNet
from narrows.results import EVALUATED, Result, slug, write_rows
from narrows.training import Training

from ..data.layouts import write_picture

ARM = Arm("improved, dense", Dense((), 4), Training(epochs=1))
EXPERIMENT = Experiment("x", "X", "X?", "", 0.1, "digits", (ARM,))


def test_seeds_are_added_to_a_run_and_those_that_are_there_stay(tmp_path: Path) -> None:
    settings = RunSettings(tmp_path / "run")
    first = run_experiment(EXPERIMENT, settings, Nobody())
    weights = first.folder / "models" / slug(ARM.name, 0) / "model.safetensors"
    written, rows = weights.stat().st_mtime_ns, list(first.results)
    more = run_experiment(EXPERIMENT, replace(settings, seeds=3, resume=True), Nobody())
    assert weights.stat().st_mtime_ns == written
    assert {row.seed for row in more.results if row.arm == ARM.name} == {0, 1, 2}
    assert [row for row in more.results if row.seed == 0] == rows
    assert more.experiment["seeds"] == 3
    assert more.experiment["arms"][-1]["seeds"] == [0, 1, 2]


def test_what_was_evaluated_meanwhile_does_not_stand_for_an_arm_s_figures(tmp_path: Path) -> None:
    """A run that stopped between an arm's model and its rows, and whose model was then judged on other pictures."""
    settings = RunSettings(tmp_path / "run")
    whole = run_experiment(EXPERIMENT, settings, Nobody())
    evaluated = Result("x", ARM.name, 0, EVALUATED, "data=scans", "test", "mse", 0.1, 9)
    others = [row for row in whole.results if row.arm != ARM.name]
    write_rows(tmp_path / "run" / "results.csv", Result, [*others, evaluated])
    again = run_experiment(EXPERIMENT, replace(settings, resume=True), Nobody())
    assert again.values(ARM.name, "mse", split="test") == whole.values(ARM.name, "mse", split="test")
    assert evaluated in again.results


def test_without_a_folder_a_run_gets_a_new_one_below_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_folder("x", again=False) == Path("runs/x")
    Path("runs/x").mkdir(parents=True)
    assert default_folder("x", again=False) == Path("runs/x-2")
    assert default_folder("x", again=True) == Path("runs/x")


@pytest.mark.parametrize(
    ("asked", "seeds", "named"),
    [
        (EXPERIMENT, 1, "seeds"),
        (replace(EXPERIMENT, arms=(replace(ARM, training=Training(epochs=2)),)), 2, "arms"),
        (replace(EXPERIMENT, question="Why?"), 2, "question"),
    ],
)
def test_another_question_or_fewer_seeds_are_refused(asked: Experiment, seeds: int, named: str, tmp_path: Path) -> None:
    settings = RunSettings(tmp_path / "run", seeds=2)
    run_experiment(EXPERIMENT, settings, Nobody())
    with pytest.raises(ValueError, match=f"found others in {named}; repeat"):
        run_experiment(asked, replace(settings, seeds=seeds, resume=True), Nobody())


def test_what_an_earlier_version_did_not_write_has_its_default(tmp_path: Path) -> None:
    settings = RunSettings(tmp_path / "run")
    first = run_experiment(EXPERIMENT, settings, Nobody())
    earlier = deepcopy(first.experiment)
    for arm in earlier["arms"]:
        del arm["encoder"], arm["pretraining"]
        del arm["description"]["training"]["betas"], arm["description"]["training"]["watch"]
    write_json(tmp_path / "run" / "experiment.json", earlier)
    other = replace(EXPERIMENT, arms=(replace(ARM, training=Training(epochs=1, betas=(0.5, 0.999))),))
    with pytest.raises(ValueError, match="found others in arms; repeat"):
        run_experiment(other, replace(settings, resume=True), Nobody())
    again = run_experiment(EXPERIMENT, replace(settings, resume=True), Nobody())
    assert again.results == first.results
    assert again.experiment == first.experiment


def test_a_run_s_folder_holds_what_the_design_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there: list[bool] = []
    add = Ledger.add

    def watched(ledger: Ledger, name: str, seed: int, *rest: Any) -> None:
        there.append(ledger.state(name, seed).path.is_file())
        add(ledger, name, seed, *rest)

    monkeypatch.setattr(sys.modules["narrows.training.optimize"], "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(Ledger, "add", watched)
    run_experiment(EXPERIMENT, RunSettings(tmp_path), Nobody())
    assert there == [False, False, True]  # mean picture, PCA and what is trained: its state stays until its rows stand
    named = {"experiment.json", "environment.json", "results.csv", "history.csv", "findings.json", "reported.csv"}
    assert {path.name for path in tmp_path.iterdir()} == named | {"report.html", "figures", "arrays", "models"}
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".svg", ".png"}
    arrays = {path.stem for path in (tmp_path / "arrays" / "pca-code-4-0").iterdir()}
    assert arrays == {"reconstruction", "codes", "filters", "components"}
    assert {path.name for path in (tmp_path / "models" / slug(ARM.name, 0)).iterdir()} == {
        "model.json",
        "model.safetensors",
    }
    model = read_json(tmp_path / "models" / slug(ARM.name, 0) / "model.json")
    facts = {"format", "narrows", "architecture", "image_shape", "value_range", "data", "fingerprint", "seed"}
    assert set(model) == facts
    assert (model["format"], model["value_range"], model["data"], model["seed"]) == (1, [0, 1], "digits", 0)
    place = read_json(tmp_path / "environment.json")
    assert {"format", "torch", "processor", "threads", "device", "command", "git", "seconds", "finished"} <= set(place)


def test_every_run_has_the_baselines_of_its_tasks() -> None:
    tasks = (
        replace(ARM, task="denoising", corruption=GaussianNoise(0.1)),
        replace(ARM, name="improved, six", model=Dense((), 6)),
        replace(ARM, name="improved, net", model=UNet((4, 6)), task="inpainting", corruption=PixelMask(0.5)),
    )
    data = load("digits").few(20, 10)
    names = [list(baseline_models(replace(EXPERIMENT, arms=arms), data)) for arms in ((ARM,), tasks[:1], tasks)]
    fills = ["mean fill", "linear interpolation", "biharmonic interpolation"]
    assert names == [["mean picture"], ["mean picture", "input"], ["mean picture", "input", *fills]]
    arms = with_baselines(replace(EXPERIMENT, arms=tasks), data, "float32")
    assert [arm.name for arm in arms if arm.role == "baseline"] == ["PCA, code 4", "PCA, code 6"]


def test_a_run_is_not_replaced_before_the_data_are_read(tmp_path: Path) -> None:
    write_json(tmp_path / "run" / "experiment.json", {"name": "an earlier run"})
    settings = RunSettings(tmp_path / "run", overwrite=True)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        run_experiment(replace(EXPERIMENT, data=str(tmp_path / "nowhere")), settings, Nobody())
    assert read_json(tmp_path / "run" / "experiment.json") == {"name": "an earlier run"}


class Counting(Nobody):
    def __init__(self) -> None:
        self.counts: list[tuple[str, int, int]] = []

    def counted(self, label: str, done: int, total: int) -> None:
        self.counts.append((label, done, total))


def test_a_folder_trains_and_its_run_names_what_was_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrows.data.cache.cache_folder", lambda: tmp_path / "cache")
    for number in range(30):
        write_picture(tmp_path / "photos" / f"{number}.png", 9 + number, 12, seed=number)
    (tmp_path / "photos" / "empty.jpg").touch()
    (tmp_path / "photos" / "letter.png").write_text("Dear <all>")
    watcher = Counting()
    asked = change_experiment(EXPERIMENT, [f"data={tmp_path / 'photos'}", "size=8"])
    run = run_experiment(asked, RunSettings(tmp_path / "run"), watcher)
    assert run.experiment["data"]["image_shape"] == [3, 8, 8]
    assert [name for name, _ in run.experiment["data"]["unreadable"]] == ["empty.jpg", "letter.png"]
    assert watcher.counts[-1] == ("decoding pictures", 30, 30)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "2 files of the folder could not be read and were left out." in page
    assert "the file is empty" in page
    assert "Dear &lt;all&gt;" in page
