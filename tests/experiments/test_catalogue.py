"""Every experiment of the catalogue: it runs from pictures to report, and its arms are what their names say."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from narrows.corruption import CORRUPTIONS
from narrows.data import Dataset, Pictures, from_array, pair
from narrows.experiments.experiment import ROLES, Arm, Experiment
from narrows.experiments.folder import reported_rows
from narrows.experiments.index import EXPERIMENTS, load_experiment
from narrows.experiments.run import judge, run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.experiments.settings import change_experiment
from narrows.models import Autoencoder, Dense
from narrows.models.pca import ClosedForm
from narrows.report.building import build_page
from narrows.results import Reported, Run, open_run, read_rows, slug, write_rows
from narrows.training import parameter_count

REPORTED = read_rows(Path(__file__).parents[2] / "src" / "narrows" / "experiments" / "reported.csv", Reported)


@pytest.fixture(params=EXPERIMENTS)
def experiment(request: pytest.FixtureRequest) -> Experiment:
    return load_experiment(request.param)


@pytest.fixture(scope="module")
def enlarged() -> Dataset:
    """Scikit-learn's digits at 16 x 16, for experiments whose data are not there: 28 x 28 takes twice as long."""
    images, labels = load_digits(return_X_y=True)
    large = images.reshape(-1, 1, 8, 8).repeat(2, 2).repeat(2, 3) * 255 / 16
    return from_array(large.astype(np.uint8), labels)


def stand_in(experiment: Experiment, enlarged: Dataset) -> Dataset:
    """The digits in place of an experiment's data, paired up where it takes pictures apart."""
    few, sets = enlarged.few(400, 25), experiment.data.split("+")
    if len(sets) == 1:
        return few
    alike = len(set(sets)) == 1
    names = tuple(f"{name}-{place}" for place, name in enumerate(sets, start=1)) if alike else tuple(sets)

    def pairs(digits: Pictures) -> Pictures:
        return pair(*[digits] * len(sets), names=names, seed=0, exchangeable=alike)

    return replace(few, official_train=pairs(few.official_train), read_test=lambda: pairs(few.test))


@pytest.mark.filterwarnings("error")
def test_it_runs_from_pictures_to_report_and_its_losses_fall(
    experiment: Experiment, enlarged: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = stand_in(experiment, enlarged)
    if experiment.data != "digits":
        monkeypatch.setattr("narrows.experiments.run.load", lambda *_, **__: data)
    settings = RunSettings(folder=tmp_path / "run", quick=True)
    run = run_experiment(experiment, settings, Nobody())
    assert run.environment["finished"]
    assert experiment.title in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    for arm in experiment.arms:
        if arm.encoder:
            studied = {row.evaluation for row in run.results if row.arm == arm.name}
            assert studied == {study.name for study in arm.studies}
            continue
        assert run.values(arm.name, "mse", split="test")
        assert (tmp_path / "run" / "models" / slug(arm.name, 0) / "model.safetensors").is_file()
        steps = [row.value for row in run.history if (row.arm, row.term, row.split) == (arm.name, "loss", "train")]
        # what starts from a closed form has little left to learn of so few pictures
        assert arm.closed_form or isinstance(arm.model, ClosedForm) or steps[-1] < steps[0]


def test_three_digits_are_taken_apart_by_the_settings_that_the_page_names(
    enlarged: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ["data=mnist+mnist+mnist", "model.num_sources=3"]
    experiment = load_experiment("separation_exchangeable")
    assert all(setting in experiment.text for setting in settings)
    three = change_experiment(experiment, settings)
    data = stand_in(three, enlarged).few(100, 25)
    monkeypatch.setattr("narrows.experiments.run.load", lambda *_, **__: data)
    run = run_experiment(three, RunSettings(folder=tmp_path / "run", quick=True), Nobody())
    for arm in three.arms:
        for place in (1, 2, 3):
            assert run.values(arm.name, "mse", split="test", condition=f"source=mnist-{place}")


@pytest.fixture(scope="module")
def changed(enlarged: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run in which nothing stands that any experiment asks about."""
    folder = tmp_path_factory.mktemp("changed") / "run"
    alone = replace(load_experiment("quickstart"), arms=(Arm("compared, alone", Dense((), 3)),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("narrows.experiments.run.load", lambda *_, **__: enlarged.few(100, 50))
        return run_experiment(alone, RunSettings(folder=folder, quick=True), Nobody())


def test_what_a_changed_run_cannot_judge_is_called_untested(
    experiment: Experiment, changed: Run, tmp_path: Path
) -> None:
    folder = shutil.copytree(changed.folder, tmp_path / "run")
    write_rows(folder / "reported.csv", Reported, reported_rows(experiment.name, ""))
    judge(folder, experiment)  # asks the doctor too, who looks at what is reported of arms that are not there
    run = open_run(folder)
    assert {conclusion.verdict for conclusion in run.conclusions} <= {"not tested"}
    assert [part.anchor for part in build_page(run).sections if part.anchor == "conclusions"] == (
        ["conclusions"] if run.conclusions else []
    )


def test_its_entry_in_the_index_says_the_same(experiment: Experiment) -> None:
    entry = EXPERIMENTS[experiment.name]
    assert (entry.data, entry.minutes) == (experiment.data, experiment.minutes)


def test_arms_have_names_of_their_own_that_begin_with_their_role(experiment: Experiment) -> None:
    names = [arm.name for arm in experiment.arms]
    assert len({slug(name, 0) for name in names}) == len(names)
    assert all(name.split(",")[0] in ROLES for name in names)
    assert all(type(arm.corruption).__name__ in CORRUPTIONS for arm in experiment.arms)


def test_every_figure_that_a_report_states_has_its_arm(experiment: Experiment) -> None:
    names = {arm.name for arm in experiment.arms} | set(experiment.baselines)
    stated = {row.arm for row in REPORTED if row.experiment == experiment.name}
    assert stated <= names


def test_report_001_s_network_has_the_parameters_that_it_lists() -> None:
    arms = {arm.name: arm for arm in load_experiment("pca_vs_autoencoder").arms}
    model = arms["as reported, 784-512-256-128-30, batch 32"].model.build((1, 28, 28))
    assert isinstance(model, Autoencoder)
    assert parameter_count(model) == 808_494


def test_other_data_that_are_missing_are_said_before_anything_is_trained(tmp_path: Path) -> None:
    asked = replace(load_experiment("hidden_size"), data="digits")
    assert asked.other_data == ("fashion_mnist",)
    folder = tmp_path / "run"
    with pytest.raises(FileNotFoundError, match="data download fashion_mnist"):
        run_experiment(asked, RunSettings(folder=folder, data_root=tmp_path / "nowhere"), Nobody())
    assert not folder.exists()


def test_a_final_fit_uses_validation_pictures_only_where_the_test_is_read(
    enlarged: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrows.experiments.run.load", lambda *_, **__: enlarged.few(400, 100))
    asked = load_experiment("pca_vs_autoencoder")
    whole = next(arm for arm in asked.arms if arm.data_used == "train and validation" and not arm.closed_form)
    one = replace(asked, arms=(whole,))
    tested = run_experiment(one, RunSettings(folder=tmp_path / "tested", quick=True), Nobody())
    tuned = run_experiment(one, RunSettings(folder=tmp_path / "tuned", quick=True, read_test=False), Nobody())
    assert not tested.values(whole.name, "mse", split="validation")
    assert tuned.values(whole.name, "mse", split="validation")
    assert tuned.experiment["arms"][-1]["data_used"] == "train"


def test_a_reported_figure_on_the_run_s_own_split_stands_without_a_condition() -> None:
    found = {split: {row.condition for row in reported_rows("bottleneck", split)} for split in ("80-10-10", "")}
    assert found == {"80-10-10": {"", "splits=70-20-10"}, "": {"", "splits=80-10-10", "splits=70-20-10"}}
