"""Studies in a run: what they may learn from, and what the page then shows."""

from dataclasses import replace
from pathlib import Path

import pytest

from narrows.corruption import Binarise
from narrows.data import load
from narrows.evaluation import EvidenceLowerBound, FineTuned, LinearProbe, PriorSamples
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.models import Dense, Gaussian
from narrows.objective import KLToPrior, Objective
from narrows.results import Run
from narrows.training import Training

VARIATIONAL = Arm(
    "improved, variational",
    Dense((32,), 4, output_activation="sigmoid", bottleneck=Gaussian()),
    Training(epochs=1),
    Objective("bce", (KLToPrior(1.0),), reduction="sum"),
    Binarise(),
)
WHOLE = replace(VARIATIONAL, name="compared, on train and validation", data_used="train and validation")
EXPERIMENT = Experiment(
    "variational",
    "Variational",
    "What does a code of a distribution tell?",
    "",
    0.1,
    "digits",
    (VARIATIONAL, WHOLE),
    studies=(LinearProbe((100, None)), FineTuned((100,), Training(epochs=1)), EvidenceLowerBound(), PriorSamples(4)),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_experiment(EXPERIMENT, RunSettings(tmp_path_factory.mktemp("runs") / "run"), Nobody())


def test_a_probe_learns_from_the_pictures_that_its_arm_learnt_from(run: Run) -> None:
    digits = load("digits")
    labels = {arm: run.arrays(arm, 0, "linear_probe").get("num_labels") for arm in run.arms()}
    assert labels.pop("mean picture") is None
    assert {arm: found.tolist() for arm, found in labels.items() if found is not None} == {
        "PCA, code 4": [100, len(digits.train)],
        VARIATIONAL.name: [100, len(digits.train)],
        WHOLE.name: [100, len(digits.train) + len(digits.validation)],
    }


def test_only_encoders_that_were_trained_are_fine_tuned(run: Run) -> None:
    tuned = {(row.arm, row.condition, row.split) for row in run.results if row.evaluation == "fine_tuned"}
    assert tuned == {(arm, "labels=100", "test") for arm in (VARIATIONAL.name, WHOLE.name)}


def test_only_variational_arms_have_a_bound_and_samples(run: Run) -> None:
    bounded = {row.arm for row in run.results if row.evaluation == "bound"}
    assert bounded == {VARIATIONAL.name, WHOLE.name}
    assert {arm for arm in run.arms() if run.arrays(arm, 0, "prior_samples")} == bounded
    assert {row.split for row in run.results if row.evaluation in ("bound", "linear_probe")} == {"test"}


def test_the_page_has_their_sections(run: Run) -> None:
    page = (Path(run.folder) / "report.html").read_text(encoding="utf-8")
    for title in ("Rate and distortion", "Drawn from the prior", "What the codes tell of the classes"):
        assert f"{title}</h2>" in page


@pytest.mark.parametrize(("read_test", "expected"), [(True, {"validation", "test"}), (False, {"validation"})])
def test_studies_judge_the_splits_that_a_report_states_figures_of(
    tmp_path: Path, read_test: bool, expected: set[str]
) -> None:
    experiment = replace(EXPERIMENT, arms=(VARIATIONAL,), studies=(LinearProbe((100,)),), also_studied=("validation",))
    run = run_experiment(experiment, RunSettings(tmp_path / "run", read_test=read_test), Nobody())
    assert {row.split for row in run.results if row.evaluation == "linear_probe"} == expected
    digits = load("digits")
    sizes = {"validation": len(digits.validation), "test": len(digits.test)}
    assert {(row.split, row.n) for row in run.results if row.evaluation == "linear_probe"} == {
        (split, sizes[split]) for split in expected
    }
