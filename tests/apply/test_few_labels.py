"""narrows probe: accuracies by other means, what is kept and shown, and what is refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.preprocessing import StandardScaler
from typer.testing import CliRunner

from narrows.apply import Run, probe
from narrows.apply.few_labels import LINEAR
from narrows.cli import app
from narrows.data import Dataset, Pictures, from_array, label_budget, load
from narrows.diagnostics import diagnose
from narrows.experiments.folder import Ledger
from narrows.models import PCA, Residual, UNet
from narrows.results import ADDED, PROBED, PROBED_MAJORITY, PROBED_PIXELS, Result, open_run, read_rows, write_rows

from ..report.small import page_of, section
from .small import ARM, write_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.open(write_run(tmp_path / "run", PCA(6), (1, 8, 8)))


def by_scikit_learn(
    run: Run, share: float, *, pixels: bool
) -> tuple[float, np.ndarray[tuple[int, int], np.dtype[np.int64]]]:
    digits = load("digits")
    features, labels = {}, {}
    for name, part in {"train": digits.train, "validation": digits.validation, "test": digits.test}.items():
        assert part.labels is not None
        labels[name] = part.labels
        features[name] = part.images.reshape(len(part), -1) / 255 if pixels else run.encode(part.images)
    scaler = StandardScaler().fit(features["train"].astype(np.float64))
    features = {name: scaler.transform(each.astype(np.float64)) for name, each in features.items()}
    chosen = label_budget(labels["train"], share, seed=0)
    best, answer = -1.0, np.zeros(0)
    for linear in LINEAR:
        strength = 1 / (linear.weight_decay * len(chosen))
        fitted = LogisticRegression(C=strength, max_iter=2000).fit(features["train"][chosen], labels["train"][chosen])
        if (score := fitted.score(features["validation"], labels["validation"])) > best:
            best, answer = score, fitted.predict(features["test"])
    return float((answer == labels["test"]).mean()), confusion_matrix(labels["test"], answer)


def test_accuracies_and_mistakes_are_those_of_scikit_learn(run: Run) -> None:
    found = probe(run, "digits", (0.1, 1.0))
    assert found.num_labels == (142, 1437)
    assert found.num_judged == 180
    for place, share in enumerate(found.shares):
        accuracy, mistakes = by_scikit_learn(run, share, pixels=False)
        # L-BFGS stops a little before the minimum: a picture or two on the border may fall to the other side
        assert found.codes[place] == pytest.approx(accuracy, abs=2.1 / 180)
        assert np.abs(found.confusion[place] - mistakes).sum() <= 8
        assert found.pixels[place] == pytest.approx(by_scikit_learn(run, share, pixels=True)[0], abs=2.1 / 180)
    truth = load("digits").test.labels
    assert truth is not None
    assert found.largest_class[1] in set((np.bincount(truth) / len(truth)).tolist())
    assert found.codes[1] < found.pixels[1]


def test_what_is_found_is_kept_beside_the_run_s_own_and_shown(run: Run) -> None:
    folder = run.record.folder
    rows = read_rows(folder / "results.csv", Result)
    write_rows(folder / "results.csv", Result, [row._replace(split="validation") for row in rows])
    weights = {path: path.read_bytes() for path in folder.rglob("*.safetensors")}
    found = probe(run, "digits", (0.1, 1.0))
    assert {path: path.read_bytes() for path in folder.rglob("*.safetensors")} == weights
    again = open_run(folder)
    assert again.values(ARM, "accuracy", split="test", evaluation=PROBED, condition="data=digits labels=0.1") == {
        0: found.codes[0]
    }
    kept = [row for row in again.results if row.evaluation in ADDED]
    assert {row.evaluation for row in kept} == {PROBED, PROBED_PIXELS, PROBED_MAJORITY}
    assert {row.split for row in kept} == {"train", "validation", "test"}
    assert again.arms() == ["improved, small"]
    assert again.judged_split == "validation"
    assert not Ledger(folder, "x").has("another", 0)
    write_rows(folder / "results.csv", Result, kept)
    assert not Ledger(folder, "x").has(ARM, 0)
    write_rows(folder / "results.csv", Result, again.results)
    arrays = again.arrays(ARM, 0, PROBED)
    assert arrays["roc"].shape == (2, 101)
    assert (arrays["confusion"] == found.confusion).all()
    page = found.report.read_text(encoding="utf-8")
    assert "Classified with few labels" in page
    assert "so the codes are behind them" in page
    assert "Confusion of improved, small" in page
    assert (folder / "figures" / "probed-on-digits-accuracy-over-labels.svg").is_file()

    # of the same data replaced, of others beside
    assert len(open_run(folder).results) == len(again.results)
    probe(run, "digits", (1.0,))
    digits = load("digits").train
    assert digits.labels is not None
    probe(run, from_array(digits.images, digits.labels, name="few digits"), (1.0,))
    conditions = {row.condition for row in open_run(folder).results if row.evaluation == PROBED}
    assert conditions == {"data=digits labels=1.0", "data=few-digits labels=1.0"}
    page = found.report.read_text(encoding="utf-8")
    assert "On digits, with all labels" in page
    assert "On few-digits, with all labels" in page
    assert open_run(folder).arrays(ARM, 0, PROBED)["data"] == "few digits"


def stripes(count: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Bright above or below; the classes in turn."""
    labels = np.arange(count) % 2
    images = np.random.default_rng(seed).integers(0, 40, (count, 8, 8), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4 * label : 4 * label + 4] += 200
    return images, labels


def test_a_folder_of_class_folders_is_probed_with_a_progress_and_told_by_the_doctor(run: Run, tmp_path: Path) -> None:
    images, labels = stripes(60)
    shuffled = np.random.default_rng(1).permutation(labels)
    for name, classes in (("told", labels), ("hidden", shuffled)):
        for place, (image, label) in enumerate(zip(images, classes, strict=True)):
            (tmp_path / name / ("above", "below")[label]).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(tmp_path / name / ("above", "below")[label] / f"{place}.png")
    seen: list[tuple[str, int, int]] = []
    found = probe(run, tmp_path / "told", on_progress=lambda *each: seen.append(each))
    # 1 % of 24 training pictures a class leaves none
    assert found.shares == (0.1, 1.0)
    assert found.num_labels == (4, 48)
    assert found.class_names == ("above", "below")
    assert found.pixels[1] == 1.0
    assert found.largest_class == (0.5, 0.5)
    assert [each for each in seen if each[0] == "classifiers"][-1] == ("classifiers", 22, 22)
    faults = {finding.name for finding in diagnose(open_run(run.record.folder))}
    assert "accuracy at chance" not in faults
    probe(run, tmp_path / "hidden", (1.0,))
    faults = {finding.name for finding in diagnose(open_run(run.record.folder))}
    assert faults & {"accuracy at chance", "classifier predicts one class"}


def test_an_array_file_with_labels_is_probed_as_well(run: Run, tmp_path: Path) -> None:
    images, labels = stripes(60)
    np.savez(tmp_path / "sorted.npz", images=images, labels=labels)
    found = probe(run, tmp_path / "sorted.npz", (1.0,))
    assert found.pixels == (1.0,)
    assert found.num_labels == (48,)


@pytest.mark.parametrize(
    ("codes", "told"), [(0.98, "ahead of them"), (0.91, "as good"), (0.89, "as good"), (0.8, "behind them")]
)
def test_the_report_says_whether_codes_are_ahead_by_more_than_chance(run: Run, codes: float, told: str) -> None:
    """Of 200 pictures; the difference from 0.9 of two independent shares has a standard deviation of 0.02 to 0.035."""
    folder = run.record.folder
    for evaluation, value in ((PROBED, codes), (PROBED_PIXELS, 0.9)):
        row = Result("x", ARM, 0, evaluation, "data=mine labels=1.0", "test", "accuracy", value, 200)
        write_rows(folder / "results.csv", Result, [*read_rows(folder / "results.csv", Result), row])
    assert section(page_of(folder), "probed").lead.endswith(f"so the codes are {told}.")


def labelled(labels: list[int]) -> Dataset:
    return from_array(np.zeros((len(labels), 8, 8), np.uint8), np.array(labels), name="mine")


def test_what_cannot_be_probed_is_refused_with_the_cure(run: Run, tmp_path: Path) -> None:
    plain = from_array(np.zeros((30, 8, 8), np.uint8), name="mine")
    with pytest.raises(ValueError, match=r"expected labelled pictures, found none with a label in mine; sort them"):
        probe(run, plain)
    with pytest.raises(ValueError, match=r"expected at least 2 classes in mine, found 1; add another"):
        probe(run, labelled([0] * 30))
    with pytest.raises(ValueError, match=r"every class for test, found none of class 1 among the 3 of mine"):
        probe(run, labelled([0] * 27 + [1] * 3))
    with pytest.raises(ValueError, match=r"found 0.01 of the 16 training pictures of class 0; take at least 0.062"):
        probe(run, labelled([0] * 20 + [1] * 40), (0.01, 1.0))
    with pytest.raises(ValueError, match=r"a share is above 0 and at most 1.0"):
        probe(run, "digits", (10.0,))
    large = from_array(np.zeros((30, 9, 8), np.uint8), np.arange(30) % 2)
    with pytest.raises(ValueError, match=r"expected pictures of 8 x 8 .*, found 9 x 8; load them with size=\(8, 8\)"):
        probe(run, large)
    wide = Run.open(write_run(tmp_path / "wide", Residual(UNet((4, 300))), (1, 16, 16), task="denoising"))
    with pytest.raises(
        ValueError, match=r"expected a code of at most 16384 numbers .*, found 19200 of improved, small"
    ):
        probe(wide, "digits")


def test_the_verb_says_all_of_it_as_json_and_as_a_table(run: Run) -> None:
    words = ["probe", str(run.record.folder), "digits", "--shares", "1,0.1"]
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["shares"] == [0.1, 1.0]
    assert told["num_labels"] == [142, 1437]
    assert set(told["accuracy"]) == {"codes", "raw_pixels", "largest_class"}
    assert np.array(told["confusion"]).sum(axis=(1, 2)).tolist() == [180, 180]
    done = CliRunner().invoke(app, words)
    assert re.search(rf"codes\s+{told['accuracy']['codes'][0]:.4f}\s", done.stdout)
    assert "180 test pictures" in done.stdout
    done = CliRunner().invoke(app, [*words[:3], "--shares", "some"])
    assert "found 'some'; for example 0.01,0.1,1" in str(done.exception)


def test_a_run_of_several_models_asks_which(tmp_path: Path) -> None:
    folder = write_run(tmp_path, PCA(3), (1, 8, 8), seeds=(0, 1))
    done = CliRunner().invoke(app, ["probe", str(folder), "digits"])
    assert re.search(r"expected one model out of .*improved-small-1.*name one of them", str(done.exception))
    words = ["probe", str(folder / "improved-small-1"), "digits", "--shares", "0.1"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert {row.seed for row in open_run(folder).results if row.evaluation == PROBED} == {1}


def test_grey_models_take_colour(run: Run) -> None:
    digits = load("digits")
    colour = Pictures(np.repeat(digits.official_train.images, 3, axis=1), digits.official_train.labels)
    data = Dataset("coloured", colour, digits.validation_index, lambda: digits.test)
    assert probe(run, data, (0.1,)).codes == probe(run, digits, (0.1,)).codes
