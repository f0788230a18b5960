"""Grids on embedded digits: what goes on, what stays, what fails, and what is refused."""

import csv
import html
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

import narrows
from narrows.diagnostics import diagnose
from narrows.experiments.session import Nobody
from narrows.results import open_run, slug
from narrows.sweeps import Sweep
from narrows.training import Progress

from .small import KILLED, SETTINGS, STEPS, TINY, start, write_little


def tiny(out: Path, *over: str, **words: Any) -> Sweep:
    return narrows.sweep("quickstart", out, over=over, **{"settings": SETTINGS, **words})


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrows.experiments.run.write_report", write_little)


def models(folder: Path) -> dict[str, bytes]:
    """Weights of every trained model by their path."""
    found = folder.glob("points/*/models/compared-*/model.safetensors")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_every_point_is_an_ordinary_run_judged_on_validation_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrows.data.Dataset.test", property(lambda _: pytest.fail("the test split was read")))
    found = tiny(tmp_path / "sweep", "model.code_size=2,4", "training.seed=0,1")
    assert {point.name for point in found.points} == {"code_size=2", "code_size=4"}
    for point in found.points:
        run = open_run(tmp_path / "sweep" / "points" / point.name)
        assert run.environment["finished"]
        arm = f"compared, code_size {point.code_numbers}"
        assert tuple(run.values(arm, "squared_error", split="validation").values()) == point.errors
        assert len(point.errors) == 2
        pca = run.mean(f"PCA, code {point.code_numbers}", "squared_error", split="validation", evaluation="clamped")
        assert point.pca_error == pca
        assert diagnose(run) == run.findings
        assert (run.folder / "report.html").is_file()
        assert narrows.Run.open(run.folder / slug(arm, 0)).model.code_size == point.code_numbers
    assert found.best == min(found.points, key=lambda point: point.error.mean)
    assert found.judge.startswith("narrows run quickstart --set 'arms=compared*' --set model.widths=16")
    assert f"--set model.code_size={found.points[0].code_numbers} --seeds 2 --out" in found.judge
    page = (tmp_path / "sweep" / "report.html").read_text()
    assert 'href="points/code_size%3D2/report.html"' in page
    assert found.judge in html.unescape(page)
    with (tmp_path / "sweep" / "points.csv").open(newline="") as file:
        assert [line["point"] for line in csv.DictReader(file)] == [point.name for point in found.points]


@pytest.mark.usefixtures("quickly")
def test_more_values_and_more_seeds_are_added_to_what_is_there(tmp_path: Path) -> None:
    tiny(tmp_path / "sweep", "model.code_size=2,4", "training.seed=0,1")
    before = models(tmp_path / "sweep")
    more = tiny(tmp_path / "sweep", "model.code_size=3", seeds=3)
    after = models(tmp_path / "sweep")
    assert {name: after[name] for name in before} == before
    assert [len(point.errors) for point in more.points] == [3, 3, 3]
    assert {point.code_numbers for point in more.points} == {2, 3, 4}


class Steps(Nobody):
    def __init__(self) -> None:
        self.steps: list[int] = []

    def progress(self, progress: Progress) -> None:
        self.steps.append(progress.step)


@pytest.mark.usefixtures("quickly")
def test_a_killed_sweep_goes_on_from_the_step_where_it_was_and_keeps_what_was_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = ("model.code_size=2,3,4",)
    words = [*TINY, "--over", over[0], "--out", "broken"]
    stopped = start("-c", KILLED.format(step=STEPS + 20, words=words), here=tmp_path)
    stopped.communicate(timeout=300)
    assert stopped.returncode == -signal.SIGKILL
    assert (tmp_path / "broken" / "points" / "code_size=3" / "models" / "compared-code-size-3-0").is_dir()
    first = tmp_path / "broken" / "points" / "code_size=2"
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in first.rglob("*") if path.is_file()}
    assert len(before) > 5
    steps = Steps()
    monkeypatch.setattr("narrows.sweeps.sweeping.Nobody", lambda: steps)
    broken = tiny(tmp_path / "broken", *over)
    assert steps.steps == [*range(21, STEPS + 1), *range(1, STEPS + 1)]
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in before} == before
    whole = tiny(tmp_path / "whole", *over)
    assert models(tmp_path / "broken") == models(tmp_path / "whole")
    assert [(point.name, point.errors) for point in broken.points] == [
        (point.name, point.errors) for point in whole.points
    ]
    assert (tmp_path / "broken" / "report.html").is_file()


@pytest.mark.usefixtures("quickly")
def test_a_point_that_diverges_ends_no_sweep_and_is_not_tried_again(tmp_path: Path) -> None:
    settings = (*SETTINGS, "training.optimizer=sgd", "model.output_activation=linear")
    over = "training.learning_rate=0.001,1e30"
    found = tiny(tmp_path / "sweep", over, settings=settings)
    good, failed = found.points
    assert (good.values["training.learning_rate"], good.failure) == ("0.001", "")
    assert "expected finite losses, found" in failed.failure
    page = (tmp_path / "sweep" / "report.html").read_text()
    assert "Failed" in page
    assert "expected finite losses, found" in page
    again = tiny(tmp_path / "sweep", over, settings=settings)
    assert again.points[1] == failed
    # once its folder is deleted it is
    folder = tmp_path / "sweep" / "points" / failed.name
    shutil.rmtree(folder)
    assert tiny(tmp_path / "sweep", over, settings=settings).points[1] == failed
    assert (folder / "results.csv").is_file()


@pytest.mark.usefixtures("quickly")
def test_a_point_that_its_pictures_refuse_ends_no_sweep(tmp_path: Path) -> None:
    np.save(tmp_path / "few.npy", np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8))
    found = narrows.sweep(tmp_path / "few.npy", tmp_path / "sweep", over=["model.code_size=2,40"], epochs=1)
    assert [point.code_numbers for point in found.points] == [2, 0]
    assert "expected at most 16 components from 16 pictures" in found.points[1].failure


@pytest.mark.usefixtures("quickly")
def test_a_point_that_another_process_has_is_left_to_it(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "sweep" / "locks" / "code_size=2.lock")
    (tmp_path / "sweep" / "locks").mkdir(parents=True)
    with lock:
        found = tiny(tmp_path / "sweep", "model.code_size=2,3")
    assert ([point.name for point in found.points], found.num_missing) == (["code_size=3"], 1)
    assert "1 of 2 points had not been finished" in (tmp_path / "sweep" / "report.html").read_text()
    assert not (tmp_path / "sweep" / "points" / "code_size=2").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"settings": ()}, r"expected one arm that is trained, found compared, .*; improved, .*arms="),
        ({"over": ["model.code_sizes=2,3"]}, r"found 'code_sizes'; did you mean 'code_size'\?"),
        ({"over": ["training.epochs=2,many"]}, "expected epochs to be of type int"),
        ({"over": ["training.epochs=1,0"]}, "expected one arm that is trained, found none"),
        ({"over": ["model.code_size=2,3"], "epochs": 5}, "found the experiment quickstart; change it with --set"),
        ({"over": ["model.code_size=2,3"], "trials": 5}, "expected --search with --trials"),
        ({"over": ["model.code_size=2,3"], "storage": "sqlite:///x"}, "expected --search with --trials"),
        ({"search": ["model.code_size=2:3"]}, "expected --search with --trials"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_before_anything_is_there(words: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    known = {"over": ["model.code_size=2,3"]} if "settings" in words else {"settings": SETTINGS}
    with pytest.raises(ValueError, match=sentence):
        narrows.sweep("quickstart", tmp_path / "sweep", **{**known, **words})
    assert not (tmp_path / "sweep").exists()


@pytest.mark.usefixtures("quickly")
def test_another_sweep_or_other_files_are_left_alone(tmp_path: Path) -> None:
    tiny(tmp_path / "sweep", "model.code_size=2")
    before = models(tmp_path / "sweep")
    for over, settings, named in (
        ("training.batch_size=64", SETTINGS, "paths"),
        ("model.code_size=2", (*SETTINGS, "training.epochs=3"), "arm"),
    ):
        with pytest.raises(ValueError, match=f"expected the same sweep as in .*, found others in {named}"):
            tiny(tmp_path / "sweep", over, settings=settings)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("mine")
    with pytest.raises(FileExistsError, match="found something else in"):
        tiny(tmp_path / "mine", "model.code_size=2")
    assert models(tmp_path / "sweep") == before
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


@pytest.mark.usefixtures("quickly")
def test_a_job_keeps_the_epochs_that_were_chosen_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrows.sweeps.subject.affordable", lambda *_: 2)
    words: dict[str, Any] = {"model": "convolutional", "settings": ["model.channels=2"], "over": ["model.code_size=2"]}
    first = narrows.sweep("digits", tmp_path / "sweep", **words)
    assert "--model convolutional --epochs 2 --set model.channels=2 --set model.code_size=2" in first.judge
    monkeypatch.setattr("narrows.sweeps.subject.affordable", lambda *_: 7)
    again = narrows.sweep("digits", tmp_path / "sweep", **words)
    assert again == first
