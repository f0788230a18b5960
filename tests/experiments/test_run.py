"""Going on with a run: what is there stays, what is missing comes, and another question is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.run import RunSettings, run_experiment
from narrows.models import Dense
from narrows.results import slug
from narrows.training import Training

from .test_catalogue import Nobody

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
