"""A stop at any write of a run costs nothing, and what tells so can tell otherwise."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from torture.folder import broken_files, differences, phase, whole_files
from torture.kill import stopped_at_each_write
from torture.process import set_save_seconds

from narrows.apply import Run as UsedRun
from narrows.cli import main
from narrows.cli.stopping import going_on
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.files import write_atomic, write_json
from narrows.models import Dense
from narrows.report import write_report
from narrows.results import open_run
from narrows.training import Training

ARM = Arm("improved, dense", Dense((), 4), Training(epochs=1, batch_size=1024))
EXPERIMENT = Experiment("x", "X", "X?", "", 0.1, "digits", (ARM,))


def draw_little(folder: Path) -> None:
    """In place of a report, whose drawing takes most of a small run's time; the full count draws it."""
    write_atomic(folder / "report.html", b"<html></html>")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("narrows.experiments.run.write_report", draw_little)
    set_save_seconds(0.0)
    yield
    set_save_seconds(30.0)


@pytest.mark.parametrize(("seeds", "replaced", "least"), [(1, False, 20), (2, False, 10), (1, True, 20)])
def test_a_run_goes_on_from_a_stop_at_any_write(seeds: int, replaced: bool, least: int, tmp_path: Path) -> None:
    stops, failures = stopped_at_each_write(EXPERIMENT, tmp_path, seeds, replaced=replaced)
    assert failures == []
    assert stops >= least


def test_every_kind_of_broken_file_and_every_difference_is_told(tmp_path: Path) -> None:
    whole, other = tmp_path / "whole", tmp_path / "other"
    for folder in (whole, other):
        run_experiment(EXPERIMENT, RunSettings(folder), Nobody())
    assert broken_files(whole) == []
    assert differences(whole, other) == []
    assert phase(whole) == "reporting"
    kinds = {path.suffix: path for path in whole_files(other) if path.stat().st_size > 20 and path.name != "model.json"}
    assert set(kinds) == {".json", ".csv", ".npz", ".safetensors"}
    for path in kinds.values():
        path.write_bytes(path.read_bytes()[: path.stat().st_size - 10])
    (other / "report.html").write_text("<html>")
    assert len(broken_files(other)) == len(kinds) + 1
    run_experiment(EXPERIMENT, RunSettings(other, overwrite=True), Nobody())
    (other / "more.txt").touch()
    results = other / "results.csv"
    results.write_text(results.read_text(encoding="utf-8").replace(",0,checks,", ",1,checks,"))
    assert differences(whole, other) == ["files that only one has: more.txt", "results.csv"]


@pytest.fixture
def _answering() -> Iterator[None]:
    """Python answers Ctrl-C, which a shell has programs in the background ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_answering")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_says_how_to_go_on_whatever_is_being_done(
    number: signal.Signals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    for known, options in ((False, ""), (True, "--resume ")):
        if known:
            write_json(tmp_path / "experiment.json", {})
        with pytest.raises(typer.Exit) as ended, going_on(tmp_path, "--resume"):
            os.kill(os.getpid(), number)
        assert ended.value.exit_code == 130
        assert f"the same command with {options}--out {tmp_path} goes on from here" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_run_to_which_seeds_are_added_is_not_finished_before_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_experiment(EXPERIMENT, RunSettings(tmp_path), Nobody())

    def struck(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("narrows.experiments.folder.write_rows", struck)  # just behind the new description
    with pytest.raises(KeyboardInterrupt):
        run_experiment(EXPERIMENT, RunSettings(tmp_path, seeds=2, resume=True), Nobody())
    run = open_run(tmp_path)
    assert run.experiment["seeds"] == 2
    assert not run.finished


def test_a_run_that_is_not_finished_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    description = run_experiment(EXPERIMENT, RunSettings(tmp_path / "whole"), Nobody()).experiment
    folder = tmp_path / "partial"
    write_json(folder / "experiment.json", description)
    for state in ({}, {"format": 1, "finished": False}):
        if state:
            write_json(folder / "environment.json", state)
        monkeypatch.setattr(sys, "argv", ["narrows", "doctor", str(folder)])
        with pytest.raises(SystemExit):
            main()
        told = " ".join(capsys.readouterr().err.split())
        assert told.startswith(f"narrows: {folder} is not finished, and what is missing was not looked at;")
        assert "This run is not finished" in write_report(folder).read_text(encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="found none; go on with --resume"):
        UsedRun.open(folder)
