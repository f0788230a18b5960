"""Searches with Optuna: one study of several processes, and trials that go on."""

import json
import signal
from pathlib import Path
from typing import Any

import optuna
import pytest

import narrows
from narrows.sweeps import Sweep, search
from narrows.sweeps.axes import Choices, Range
from narrows.sweeps.search import LEFT_OUT, ask, counted, open_study, study_state, suggested
from narrows.sweeps.training import train_point

from .small import KILLED, SETTINGS, STEPS, TINY, start, write_little

RATE = "training.learning_rate=1e-4:1e-1"

TOGETHER = """
import sys, time
import narrows.sweeps.search as search
import narrows.experiments.run as run
run.write_report = lambda folder: (folder / "report.html").write_text("drawn")
train = search.train_point
def wait_for_the_other(sweeping, name, settings, called):
    import optuna
    study = optuna.load_study(study_name="sweep of quickstart", storage="sqlite:///shared.db")
    deadline = time.monotonic() + 60
    while len(study.get_trials()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    return train(sweeping, name, settings, called)
search.train_point = wait_for_the_other
sys.argv = ["narrows", "sweep", *{words!r}]
from narrows.cli import main
main()
"""
"""A search that begins its first trial once another process has one too."""


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrows.experiments.run.write_report", write_little)


def tiny(out: Path, *search: str, **words: Any) -> Sweep:
    return narrows.sweep("quickstart", out, search=search, settings=SETTINGS, **words)


def test_two_processes_share_one_study_and_both_tell_of_all_its_points(tmp_path: Path) -> None:
    words = [*TINY, "--search", RATE, "--trials", "4", "--storage", "sqlite:///shared.db", "--json"]
    both = [start("-c", TOGETHER.format(words=[*words, "--out", out]), here=tmp_path) for out in ("first", "second")]
    said = [process.communicate(timeout=180) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    trained = [{path.name for path in (tmp_path / out / "points").iterdir()} for out in ("first", "second")]
    assert trained[0]
    assert trained[1]
    assert trained[0] | trained[1] == {f"trial-{number}" for number in range(4)}
    assert not trained[0] & trained[1]
    told = [json.loads(out) for out, _ in said]
    whole = max(told, key=lambda one: len(one["points"]))
    assert len(whole["points"]) == 4
    assert len({point["settings"]["training.learning_rate"] for point in whole["points"]}) == 4
    assert [len(one["points"]) + one["missing"] for one in told] == [4, 4]
    # a third comer trains nothing, and has the whole in its report
    again = start("-m", "narrows", "sweep", *words, "--out", "third", here=tmp_path)
    out, errors = again.communicate(timeout=120)
    assert json.loads(out)["points"] == whole["points"], errors
    assert not (tmp_path / "third" / "points").exists()


def test_a_killed_search_goes_on_with_the_trial_that_it_was_in(tmp_path: Path) -> None:
    searched = (RATE, "model.code_size=2:8", "training.optimizer=adam,adamw")
    options = [word for axis in searched for word in ("--search", axis)]
    words = [*TINY, *options, "--trials", "3", "--out", "broken"]
    stopped = start("-c", KILLED.format(step=STEPS + 20, words=words), here=tmp_path)
    stopped.communicate(timeout=300)
    assert stopped.returncode == -signal.SIGKILL
    rows = (tmp_path / "broken" / "points" / "trial-0" / "results.csv").read_bytes()
    state = tmp_path / "broken" / "points" / "trial-1" / "models" / "compared-trial-1-0" / "state.safetensors"
    assert state.is_file()
    broken = tiny(tmp_path / "broken", *searched, trials=3)
    assert (tmp_path / "broken" / "points" / "trial-0" / "results.csv").read_bytes() == rows
    assert not state.exists()
    whole = tiny(tmp_path / "whole", *searched, trials=3)  # drawn by their numbers, the trials are the same
    assert [(point.name, point.settings, point.errors) for point in broken.points] == [
        (point.name, point.settings, point.errors) for point in whole.points
    ]
    more = tiny(tmp_path / "whole", *searched, trials=4)
    assert set(whole.points) < set(more.points)
    assert len(more.points) == 4


def study_in(folder: Path, storage: str = "") -> "optuna.Study":
    return open_study(storage, folder, "test", {"experiment": "x"})


def test_of_two_that_ask_for_the_last_trial_one_gives_its_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_in(tmp_path)
    first = ask(study, 1)
    assert first is not None
    answers: list[list[optuna.trial.FrozenTrial]] = [[]]  # as it was before the first had asked

    def stale(study: "optuna.Study") -> list[optuna.trial.FrozenTrial]:
        return answers.pop() if answers else counted(study)

    monkeypatch.setattr(search, "counted", stale)
    assert ask(study, 1) is None
    assert [trial.number for trial in counted(study)] == [0]
    assert f"{LEFT_OUT} 1" in study.user_attrs
    third = ask(study, 2)
    assert third is not None
    assert third.number == 2
    assert study_state(study, 2).total == 2


def test_values_are_drawn_within_their_ranges_by_the_number_of_the_trial(tmp_path: Path) -> None:
    axes = (
        Range("a", 1e-4, 1e-1, whole=False),
        Range("b", 2.0, 9.0, whole=True),
        Choices("c", ("x", "y")),
    )
    drawn = []
    for folder in ("one", "two"):
        study = study_in(tmp_path / folder)
        trials = [ask(study, 30) for _ in range(30)]
        drawn.append([tuple(suggested(trial, axis) for axis in axes) for trial in trials if trial is not None])
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 30
    assert all(1e-4 <= a <= 1e-1 and b in range(2, 10) and c in ("x", "y") for a, b, c in drawn[0])
    assert sum(a < 1e-2 for a, _, _ in drawn[0]) > 10  # a tenth of the range, two thirds of its logarithms


def test_a_combination_that_is_refused_is_a_failed_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = train_point

    def picky(sweeping: Any, name: str, settings: Any, called: str) -> Any:
        if name == "trial-0":
            raise ValueError("expected other values together")
        return train(sweeping, name, settings, called)

    monkeypatch.setattr(search, "train_point", picky)
    found = tiny(tmp_path / "sweep", "model.code_size=2:8", trials=2)
    assert [point.failure for point in found.points] == ["", "expected other values together"]


def test_a_study_of_another_sweep_and_a_bad_address_are_refused(tmp_path: Path) -> None:
    study_in(tmp_path, str(tmp_path / "shared.journal"))
    with pytest.raises(ValueError, match=r"expected the same sweep as in the study 'test'.*found others in experiment"):
        open_study(str(tmp_path / "shared.journal"), tmp_path, "test", {"experiment": "y"})
    with pytest.raises(ValueError, match="expected a storage that Optuna can open") as refused:
        study_in(tmp_path, "nothing://user:secret@host/base")
    assert "secret" not in str(refused.value)


def test_without_optuna_a_search_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"pip install narrows\[sweep\]"):
        tiny(tmp_path / "sweep", RATE, trials=2)
    assert not (tmp_path / "sweep").exists()
