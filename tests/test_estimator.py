"""The scikit-learn transformer: scikit-learn's own checks, PCA as a reference, and what a pipeline asks."""

import os
import pickle
import pickletools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA as Reference
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from narrows import PCA, AutoencoderTransformer, Convolutional, Dense, GaussianNoise, Training, UNet
from narrows.data import CATALOGUE, is_present

from .data.layouts import random_bytes
from .test_documents import ROOT, blocks, rows

DIGITS, LABELS = load_digits(return_X_y=True)
BRIEF = Training(epochs=2, batch_size=64)
SMALL = Dense((16,), 4)
TEXT = (ROOT / "docs" / "estimator.md").read_text(encoding="utf-8")
PAGE = blocks(TEXT, "python")
ROOT_OF_DATA = Path(os.environ["NARROWS_DATA"]) if os.environ.get("NARROWS_DATA") else None


def small(**settings: Any) -> AutoencoderTransformer:
    built: AutoencoderTransformer = AutoencoderTransformer(architecture=SMALL, training=BRIEF).set_params(**settings)
    return built


def test_it_passes_every_check_of_scikit_learn() -> None:
    # in a process of its own, since the suite's check of types refuses what scikit-learn hands over to be stored
    program = (
        "import sys; from sklearn.utils.estimator_checks import check_estimator; import narrows\n"
        "brief = narrows.Training(epochs=3, batch_size=64)  # what is checked is no error\n"
        "done = check_estimator(narrows.AutoencoderTransformer(training=brief), on_skip=None)\n"
        "sys.stdout.write(f\"{len(done)} {sorted({each['status'] for each in done})}\")\n"
        "sys.stdout.write(' '.join(each['check_name'] for each in done if each['status'] == 'skipped'))"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 40
    assert done.stdout.endswith("['passed', 'skipped']check_array_api_input")  # wants a switch of SciPy's


def test_with_pca_inside_it_is_scikit_learn_s_pca() -> None:
    ours = AutoencoderTransformer(6, architecture=PCA(2)).fit(DIGITS)
    reference = Reference(6).fit(DIGITS)
    low, high = ours.value_range_
    assert (low, high) == (0, 16)
    codes, expected = ours.transform(DIGITS) * (high - low), reference.transform(DIGITS)
    signs = np.sign((codes * expected).sum(0))
    np.testing.assert_allclose(codes * signs, expected, atol=0.05)
    np.testing.assert_allclose(ours.inverse_transform(codes / 16), reference.inverse_transform(expected), atol=0.05)
    assert ours.score(DIGITS) == pytest.approx(reference.explained_variance_ratio_.sum(), abs=1e-4)


def test_it_stands_in_a_pipeline_and_is_searched_over() -> None:
    pipeline = make_pipeline(small(), LogisticRegression(max_iter=500))
    grid = {"autoencodertransformer__n_components": [1, 12]}
    found = GridSearchCV(pipeline, grid, cv=2).fit(DIGITS[:600], LABELS[:600])
    assert found.best_params_ == {"autoencodertransformer__n_components": 12}
    assert found.best_estimator_[0].model_.code_size == 12


def test_without_labels_it_is_searched_by_what_its_reconstructions_explain() -> None:
    slow = small(architecture=PCA(1))
    found = GridSearchCV(slow, {"n_components": [1, 4, 16]}, cv=2).fit(DIGITS[:400])
    assert found.best_params_ == {"n_components": 16}
    assert 0 < found.best_score_ < 1


def test_networks_and_trainings_are_searched_over_too() -> None:
    grid = {"architecture": [PCA(1), SMALL], "training": [BRIEF, Training(epochs=1)]}
    found = GridSearchCV(small(n_components=8), grid, cv=2).fit(DIGITS[:200])
    assert [found.cv_results_["params"][place]["architecture"] for place in (0, 2)] == [PCA(1), SMALL]
    assert found.best_params_["architecture"] == PCA(1)  # two epochs are too few for the other


def test_it_is_trained_on_values_rounded_to_8_bits_of_their_range_and_all_at_once() -> None:
    off = DIGITS[:100] + 0.3 * 16 / 255 * (DIGITS[:100] % 16 > 0)  # by less than half a level, the range as it was
    assert np.abs(off - DIGITS[:100]).max() > 0.01
    rounded, given = (small().fit(values) for values in (off, np.rint(off * 255 / 16) * 16 / 255))
    assert np.array_equal(rounded.transform(DIGITS), given.transform(DIGITS))
    assert not np.array_equal(rounded.transform(off[:1]), rounded.transform(DIGITS[:1]))
    assert not hasattr(rounded, "partial_fit")


def test_columns_have_names() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(DIGITS[:80], columns=[f"pixel {place}" for place in range(64)])
    fitted = small().set_output(transform="pandas").fit(frame)
    names = [f"autoencodertransformer{place}" for place in range(4)]
    assert fitted.get_feature_names_out().tolist() == names
    assert fitted.transform(frame).columns.tolist() == names
    assert fitted.feature_names_in_[0] == "pixel 0"


def test_a_copy_has_the_settings_and_not_the_weights() -> None:
    fitted = small(n_components=3, corruption=GaussianNoise(0.1)).fit(DIGITS[:100])
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    assert not hasattr(again, "model_")


def test_it_comes_back_from_a_pickle_that_holds_a_checkpoint_and_no_module() -> None:
    fitted = small().fit(DIGITS[:200])
    content = pickle.dumps(fitted)
    named = {str(argument) for code, argument, _ in pickletools.genops(content) if code.name.endswith("UNICODE")}
    assert {"model.safetensors", "model.json"} <= named
    assert not {name for name in named if name.startswith("torch")}
    back = pickle.loads(content)
    assert np.array_equal(back.transform(DIGITS), fitted.transform(DIGITS))
    assert back.history_ == fitted.history_
    assert pickle.loads(pickle.dumps(small())).get_params() == small().get_params()


def test_codes_do_not_hang_on_the_unit_of_the_input() -> None:
    one = small().fit(DIGITS[:300])
    other = small().fit(DIGITS[:300] * 100 - 50)
    np.testing.assert_allclose(other.transform(DIGITS * 100 - 50), one.transform(DIGITS), atol=1e-5)
    codes = one.transform(DIGITS[:5])
    np.testing.assert_allclose(other.inverse_transform(codes), one.inverse_transform(codes) * 100 - 50, atol=1e-3)
    assert other.value_range_ == (-50, 1550)


def test_outside_the_range_nothing_is_clamped() -> None:
    fitted = AutoencoderTransformer(3, architecture=PCA(3)).fit(DIGITS)
    shifted = fitted.transform(DIGITS[:1] * 3) - fitted.transform(DIGITS[:1] * 2)
    np.testing.assert_allclose(shifted, fitted.transform(DIGITS[:1] * 2) - fitted.transform(DIGITS[:1]), atol=1e-6)


def test_pictures_come_in_any_layout_and_go_back_in_it() -> None:
    colour = random_bytes(40, 3, 6, 9)
    network = Convolutional((4,), code_size=5)
    channels_first = small(architecture=network).fit(colour)
    channels_last = small(architecture=network).fit(np.moveaxis(colour, 1, -1))
    codes = channels_first.transform(colour)
    assert np.array_equal(codes, channels_last.transform(np.moveaxis(colour, 1, -1)))
    pictures = channels_first.inverse_transform(codes)
    assert pictures.shape == colour.shape
    assert np.array_equal(np.moveaxis(pictures, 1, -1), channels_last.inverse_transform(codes))
    assert small().fit(colour[:, 0]).inverse_transform(codes[:, :4]).shape == (40, 6, 9)
    rows = small(architecture=network, image_shape=(3, 6, 9)).fit(colour.reshape(40, -1))
    assert np.array_equal(rows.transform(colour), codes)
    assert rows.inverse_transform(codes).shape == (40, 162)


def test_precision_is_the_input_s() -> None:
    fitted = small().fit(DIGITS[:100])
    for kind, found in ((np.float32, np.float32), (np.float64, np.float64), (np.int64, np.float64)):
        codes = fitted.transform(DIGITS.astype(kind))
        assert codes.dtype == found
        np.testing.assert_allclose(codes, fitted.transform(DIGITS), atol=1e-5)
    assert next(fitted.model_.parameters()).dtype == torch.float32


def test_the_same_seed_gives_the_same_model_and_leaves_pytorch_s_generator_alone() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    one, two, other = (small(random_state=seed).fit(DIGITS[:100]).transform(DIGITS) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(one, two)
    assert not np.allclose(one, other)
    assert np.isfinite(small(random_state=np.random.RandomState(0)).fit(DIGITS[:100]).transform(DIGITS)).all()


def test_training_lowers_the_loss_of_every_step() -> None:
    losses = [entry.value for entry in AutoencoderTransformer(8).fit(DIGITS[:300]).history_ if entry.term == "loss"]
    assert len(losses) == 60 * 5
    assert losses[-1] < losses[0] / 4


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"architecture": UNet((4, 6)), "n_components": 3}, "expected n_components=None for UNet.*found 3"),
        ({"n_components": "many"}, "expected n_components to be a whole number or None, found 'many'"),
        ({"training": Training(selection="best")}, "expected training.selection 'last', as nothing is held out"),
        ({"image_shape": (1, 8, 9)}, r"expected an image_shape .* of 64 numbers, as a row has, found \(1, 8, 9\)"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_fit(settings: dict[str, Any], sentence: str) -> None:
    asked = small().set_params(**settings)
    with pytest.raises(ValueError, match=sentence):
        asked.fit(DIGITS[:50])


def test_what_does_not_fit_the_model_is_refused() -> None:
    fitted = small().fit(random_bytes(20, 6, 8))
    with pytest.raises(ValueError, match=r"expected pictures of \(1, 6, 8\) as in fit, found \(1, 8, 6\); resize"):
        fitted.transform(random_bytes(20, 8, 6))
    with pytest.raises(ValueError, match="expected codes of 4 numbers, found 3"):
        fitted.inverse_transform(np.zeros((2, 3)))
    skipping = small(architecture=UNet((4, 6))).fit(random_bytes(20, 6, 8))
    with pytest.raises(ValueError, match="numbers a picture that reach it around the code"):
        skipping.inverse_transform(skipping.transform(random_bytes(2, 6, 8)))
    assert skipping.score(random_bytes(9, 6, 8)) < 1


def test_the_page_s_code_gives_the_page_s_figures() -> None:
    there = ROOT_OF_DATA is not None and is_present(CATALOGUE["mnist"], ROOT_OF_DATA)
    names: dict[str, Any] = {}
    for code in PAGE if there else PAGE[:1]:
        exec(compile(code, "estimator.md", "exec"), names)
    found = {("digits", name): figures for name, figures in names["figures"].items()}
    found |= {("MNIST", name): figures for name, figures in names.get("mnist_figures", {}).items()}
    told = {tuple(cells[0].split(", ")): cells[1:] for cells in rows(TEXT)}
    for (data, name), figures in found.items():
        accuracy, explained = told[data, {"pca": "PCA(30)", "autoencoder": "AutoencoderTransformer(30)"}[name]]
        assert figures["accuracy"] == pytest.approx(float(accuracy), abs=0.015)
        assert figures["explained"] == pytest.approx(float(explained), abs=0.005)
