"""Arms that take another's model, and arms that are trained on another set: what they run, measure and refuse."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from narrows.data import Dataset, Pictures, from_array, load
from narrows.evaluation import Beside, LabelEfficiency, Linear, Majority, NearestNeighbours
from narrows.evaluation.features import Features, Kind, encoded
from narrows.experiments.experiment import Arm, Experiment, in_order
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.experiments.settings import change_experiment
from narrows.models import PCA, Autoencoder, Dense
from narrows.results import Run, slug
from narrows.training import Training, load_model

SHARES = (0.1, 1.0)
FIRST = Arm("improved, net", Dense((16,), 4), Training(epochs=1), studies=(LabelEfficiency((Linear(),), SHARES),))
SECOND = replace(
    FIRST, name="compared, neighbours", encoder=FIRST.name, studies=(LabelEfficiency((NearestNeighbours(1),), SHARES),)
)
CLOSED = Arm("compared, PCA codes", PCA(4), Training(epochs=0), studies=(LabelEfficiency((Linear(),), SHARES),))
MAJORITY = replace(
    CLOSED, name="compared, majority", encoder=CLOSED.name, studies=(LabelEfficiency((Majority(),), SHARES),)
)
EXPERIMENT = Experiment("few", "Few labels", "How few?", "", 0.1, "digits", (FIRST, SECOND, CLOSED, MAJORITY))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    settings = RunSettings(tmp_path_factory.mktemp("runs") / "run", seeds=2)
    return run_experiment(EXPERIMENT, settings, Nobody())


def accuracy(run: Run, arm: str, condition: str, split: str = "test") -> dict[int, float]:
    return run.values(arm, "accuracy", split=split, evaluation="label_efficiency", condition=condition)


def test_an_arm_of_another_s_encoder_judges_that_model_of_its_own_seed(run: Run) -> None:
    digits = load("digits")
    for seed in range(2):
        model = load_model(run.folder / "models" / slug(FIRST.name, seed))
        learnt = Beside(digits.train, lambda _: digits.test, digits.validation, seed=seed)
        (study,) = SECOND.studies
        expected = {
            each.condition: each.value
            for each in study(model, digits.test, learnt).figures
            if each.metric == "accuracy"
        }
        for condition, value in expected.items():
            assert accuracy(run, SECOND.name, condition)[seed] == value


def test_it_trains_and_measures_nothing_else(run: Run) -> None:
    assert {row.evaluation for row in run.results if row.arm == SECOND.name} == {"label_efficiency"}
    assert not [row for row in run.history if row.arm == SECOND.name]
    assert not (run.folder / "models" / slug(SECOND.name, 0)).exists()
    (entry,) = (arm for arm in run.experiment["arms"] if arm["name"] == SECOND.name)
    assert entry["encoder"] == FIRST.name


def test_the_page_shows_every_share_and_each_classifier(run: Run) -> None:
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    for said in (
        "What the codes tell of the classes</h2>",
        "Each classifier by itself</h2>",
        f"Confusion of {MAJORITY.name}",
        "ROC curves with labels=0.1",
        "10\u202f% of the labels",
    ):
        assert said in page


def test_figures_of_train_and_validation_stand_beside_those_of_test(run: Run) -> None:
    digits = load("digits")
    found = {
        (row.split, row.n)
        for row in run.results
        if (row.arm, row.evaluation, row.condition) == (FIRST.name, "label_efficiency", "labels=1.0")
    }
    assert found == {("train", len(digits.train)), ("validation", 180), ("test", 180)}


def test_what_draws_labels_runs_with_every_seed_though_nothing_is_trained(run: Run) -> None:
    assert len(accuracy(run, CLOSED.name, "labels=0.1")) == 2
    first, second = (run.arrays(CLOSED.name, seed, "label_efficiency")["roc"] for seed in range(2))
    assert (first[0] != second[0]).any()
    assert (first[-1] == second[-1]).all()
    assert accuracy(run, CLOSED.name, "labels=1.0")[0] == accuracy(run, CLOSED.name, "labels=1.0")[1]
    assert list(accuracy(run, MAJORITY.name, "labels=1.0")) == [0, 1]


def test_arms_of_one_encoder_come_seed_by_seed() -> None:
    alone = Arm("compared, alone", PCA(3), Training(epochs=0))
    order = [(arm.name, seed) for arm, seed in in_order((FIRST, SECOND, alone, CLOSED), 2)]
    assert order == [
        *((arm.name, seed) for seed in range(2) for arm in (FIRST, SECOND)),
        (alone.name, 0),
        (CLOSED.name, 0),
        (CLOSED.name, 1),
    ]


def test_its_features_are_made_once_for_all_of_them(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def watched(model: Autoencoder, kind: Kind, pictures: tuple[Pictures, ...]) -> tuple[Features, ...]:
        made.append(kind)
        return encoded(model, kind, pictures)

    monkeypatch.setattr("narrows.evaluation.features.encoded", watched)
    folder = tmp_path_factory.mktemp("runs") / "run"
    run_experiment(replace(EXPERIMENT, arms=(FIRST, SECOND)), RunSettings(folder, seeds=2), Nobody())
    assert made == ["code", "code"]


def test_an_encoder_that_does_not_stand_before_is_refused() -> None:
    message = "expected an arm 'improved, net' with a model of its own before 'compared, neighbours'"
    with pytest.raises(ValueError, match=message):
        replace(EXPERIMENT, arms=(SECOND, FIRST))
    with pytest.raises(ValueError, match="found none; keep both"):
        change_experiment(EXPERIMENT, ["arms=compared, neighbours"])
    chained = replace(MAJORITY, name="compared, chained", encoder=SECOND.name)
    with pytest.raises(ValueError, match="expected an arm 'compared, neighbours' with a model of its own"):
        replace(EXPERIMENT, arms=(FIRST, SECOND, chained))


def test_weights_are_fitted_to_the_other_set_at_the_size_of_the_own(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = load("digits")
    negatives = from_array(255 - digits.official_train.images, name="negatives")
    asked: list[tuple[str, object]] = []

    def read(name: str, *_: object, **settings: object) -> Dataset:
        asked.append((name, settings.get("size")))
        return {"digits": digits, "negatives": negatives}[name]

    monkeypatch.setattr("narrows.experiments.run.load", read)
    arm = Arm(
        "compared, transfer",
        PCA(4),
        Training(epochs=0),
        pretraining="negatives",
        studies=(LabelEfficiency(shares=SHARES),),
    )
    folder = tmp_path_factory.mktemp("runs") / "run"
    run = run_experiment(replace(EXPERIMENT, arms=(arm,)), RunSettings(folder), Nobody())
    assert asked == [("digits", None), ("negatives", (8, 8))]
    model = load_model(folder / "models" / slug(arm.name, 0))
    assert isinstance(model, Autoencoder)
    with torch.no_grad():
        mean = torch.from_numpy(negatives.train.images.mean(0) / 255).float()[None]
        torch.testing.assert_close(model.decode(torch.zeros(1, 4)), mean)
    assert run.arrays(arm.name, 0, "label_efficiency")["num_labels"].tolist() == [142, 1437]


def test_a_setting_of_an_encoder_reaches_the_arms_that_take_it_and_theirs_are_refused() -> None:
    changed = change_experiment(EXPERIMENT, [f"{FIRST.name}:training.epochs=9"])
    assert [arm.training.epochs for arm in changed.arms[:2]] == [9, 9]
    assert changed.arms[2:] == EXPERIMENT.arms[2:]
    with pytest.raises(ValueError, match=f"found '{SECOND.name}'; set '{FIRST.name}'"):
        change_experiment(EXPERIMENT, [f"{SECOND.name}:training.epochs=9"])


def test_what_is_chosen_on_validation_is_not_trained_on_it() -> None:
    with pytest.raises(ValueError, match="leave it at 'train'"):
        change_experiment(EXPERIMENT, ["data_used=train and validation"])


def test_figures_of_other_splits_stand_once_where_two_splits_judge(tmp_path: Path) -> None:
    both = replace(EXPERIMENT, arms=(FIRST,), also_studied=("validation",))
    run = run_experiment(both, RunSettings(tmp_path / "run"), Nobody())
    places = [row[:-2] for row in run.results if row.evaluation == "label_efficiency"]
    assert len(places) == len(set(places))
    assert {row.split for row in run.results if row.evaluation == "label_efficiency"} == {"train", "validation", "test"}
