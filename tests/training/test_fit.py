"""Training keeps its promises: same seed same bits, resumed as unbroken, stops at what is not finite."""

import hashlib
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import nn

from narrows.corruption import GaussianNoise, Mixing, NoCorruption
from narrows.data import Dataset, load
from narrows.evaluation import evaluate
from narrows.models import PCA, Autoencoder, Convolutional, Dense, Gaussian, ParallelDecoders, ResidualDense
from narrows.objective import KLToPrior, Objective
from narrows.training import (
    Augmentation,
    Progress,
    StateFile,
    Training,
    as_images,
    choose_precision,
    fit,
    optimize,
    save_model,
)
from narrows.training.fit import PictureBatches, TaskBatches, generator
from narrows.training.interrupt import deferred_interrupt
from narrows.training.settings import Precision
from narrows.types import Architecture, Batch, Corruption, Images, Losses, Sources

TRAINING = Training(epochs=3, batch_size=64, precision="float32")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits").few(300, 100)


def trained(
    architecture: Architecture, data: Dataset, training: Training, state: StateFile | None = None
) -> Autoencoder:
    torch.manual_seed(training.seed)
    model = architecture.build(data.image_shape)
    assert isinstance(model, Autoencoder)
    fit(model, data, Objective(), corruption=GaussianNoise(0.1), training=training, state=state)
    return model


def digest(model: Autoencoder, folder: Path) -> str:
    save_model(folder, model, {})
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "architecture",
    [
        Dense((32,), 4),
        ResidualDense(4, width=32, hidden_width=32),
        Convolutional((4,)),
        Dense((32,), 4, bottleneck=Gaussian()),
    ],
    ids=lambda each: type(each).__name__,
)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_same_seed_gives_the_same_file_and_another_does_not(
    architecture: Architecture, precision: Precision, digits: Dataset, tmp_path: Path
) -> None:
    training = replace(TRAINING, precision=precision, augmentation=Augmentation(shift=1))
    first, second = (digest(trained(architecture, digits, training), tmp_path / name) for name in "ab")
    assert first == second
    assert digest(trained(architecture, digits, replace(training, seed=1)), tmp_path / "c") != first


@pytest.mark.parametrize(
    "training",
    [
        TRAINING,
        replace(TRAINING, optimizer="sgd", schedule="cosine", warmup=0.2, clip_norm=0.5),
        replace(TRAINING, optimizer="adamw", averaging=0.9),
        replace(TRAINING, selection="best"),
        replace(TRAINING, optimizer="muon"),
    ],
    ids=["adam", "sgd, cosine, clipped", "averaged", "best", "muon"],
)
@pytest.mark.parametrize("stop", [2, 5, 10], ids=lambda stop: f"stopped after step {stop}")
def test_a_resumed_training_ends_at_the_same_bits(
    training: Training, stop: int, digits: Dataset, tmp_path: Path
) -> None:
    architecture = Dense((32,), 4, bottleneck=Gaussian())  # draws from PyTorch's own generator too
    whole = digest(trained(architecture, digits, training), tmp_path / "whole")
    state = StateFile(tmp_path / "state.safetensors")

    def interrupt(progress: Progress) -> None:
        if progress.step == stop:
            os.kill(os.getpid(), signal.SIGINT)

    torch.manual_seed(0)
    model = architecture.build(digits.image_shape)
    with pytest.raises(KeyboardInterrupt):
        fit(
            model,
            digits,
            Objective(),
            corruption=GaussianNoise(0.1),
            training=training,
            state=state,
            on_progress=interrupt,
        )
    torch.manual_seed(99)  # whatever a new process starts with
    resumed = architecture.build(digits.image_shape)
    history = fit(resumed, digits, Objective(), corruption=GaussianNoise(0.1), training=training, state=state)
    assert digest(resumed, tmp_path / "resumed") == whole
    steps = [entry.step for entry in history if entry.term == "loss" and entry.split == "train"]
    assert steps == list(range(1, 16))
    assert [entry.epoch for entry in history if entry.term == "loss" and entry.split == "validation"] == [1, 2, 3]


def test_a_second_interrupt_strikes_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with deferred_interrupt() as asked:
        signal.raise_signal(signal.SIGTERM)
        assert asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


class Clock:
    """Time that passes where a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def perf_counter(self) -> float:
        return self.seconds


def test_a_state_is_written_every_30_seconds_and_validation_is_not_training_time(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, saved, save = Clock(), [], StateFile.save
    monkeypatch.setattr(sys.modules["narrows.training.state"], "time", clock)

    def slow_loss(module: nn.Module, batch: Batch) -> Losses:
        clock.seconds += 8
        return Objective()(module(batch.input, batch.hidden), batch)

    def slow_validation(_: nn.Module) -> dict[str, float]:
        clock.seconds += 1000
        return {"loss": 1.0}

    def noted(file: StateFile, tensors: dict[str, Any], facts: dict[str, Any]) -> None:
        saved.append(facts["step"])
        save(file, tensors, facts)

    monkeypatch.setattr(StateFile, "save", noted)
    model = Dense((), 2).build(digits.image_shape)
    training = replace(TRAINING, epochs=1, batch_size=30)
    batches = TaskBatches(PictureBatches(digits.train, training, torch.device("cpu")), NoCorruption())
    state = StateFile(tmp_path / "state.safetensors")
    history = optimize(model, batches, slow_loss, training, validation=slow_validation, state=state)
    assert saved == [4, 8, 10]  # after 32 and 64 seconds of steps; the last epoch's end took 1 000
    assert [entry.seconds for entry in history if entry.split == "validation"] == [80]
    with safe_open(state.path, framework="pt") as file:
        facts = json.loads(file.metadata()["facts"])
        names = set(file.keys())
    assert {"module/project.weight", "optimizer/0/exp_avg", "history/value", "random/cpu"} <= names
    assert (facts["step"], facts["seconds"], facts["best_loss"]) == (10, 80, None)


def test_a_state_of_another_model_is_refused(digits: Dataset, tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state.safetensors")
    state.save({"module": {"x": torch.zeros(1)}, "history": {}, "random": {}}, {"kinds": [], "best_loss": None})
    with pytest.raises(ValueError, match=r"to hold this training's state, found another's; delete it"):
        trained(Dense((8,), 2), digits, TRAINING, state)
    state.path.write_bytes(b"not a state")
    with pytest.raises(ValueError, match=r"expected a training state in .*state.safetensors.*delete it to start anew"):
        trained(Dense((8,), 2), digits, TRAINING, state)


def test_a_loss_that_is_not_finite_names_epoch_step_and_term_and_spares_the_weights(digits: Dataset) -> None:
    torch.manual_seed(0)
    model = Dense((16,), 4).build(digits.image_shape)
    seen: list[torch.Tensor] = []

    def remember(_: Progress) -> None:
        seen.append(model.get_parameter("project.weight").detach().clone())

    with pytest.raises(FloatingPointError, match=r"mse = (inf|nan) in epoch \d+, step \d+; lower the learning"):
        fit(
            model,
            digits,
            Objective(),
            training=Training(epochs=9, batch_size=64, optimizer="sgd", learning_rate=1e25, precision="float32"),
            on_progress=remember,
        )
    assert torch.equal(model.get_parameter("project.weight"), seen[-1])


def test_kl_without_a_gaussian_names_the_cure(digits: Dataset) -> None:
    model = Dense((16,), 4).build(digits.image_shape)
    with pytest.raises(ValueError, match="Gaussian"):
        fit(model, digits, Objective(penalties=(KLToPrior(1.0),)), training=TRAINING)


def test_pictures_of_another_shape_are_refused_with_both(digits: Dataset) -> None:
    with pytest.raises(ValueError, match=r"expected pictures of shape \(3, 5, 5\), found \(1, 8, 8\)"):
        fit(Dense((8,), 2).build((3, 5, 5)), digits, Objective(), training=TRAINING)


def test_best_keeps_the_epoch_with_the_lowest_validation_loss(digits: Dataset) -> None:
    torch.manual_seed(0)
    few = digits.few(3, 100)  # soon learnt by heart
    model = Dense((64,), 16).build(few.image_shape)
    training = Training(epochs=100, batch_size=3, learning_rate=0.02, selection="best", precision="float32")
    history = fit(model, few, Objective(), training=training)
    losses = [entry.value for entry in history if entry.split == "validation" and entry.term == "loss"]
    assert losses[-1] > min(losses)  # or the test shows nothing
    images = as_images(few.validation)
    with torch.no_grad():
        kept = (model(images).reconstruction - images).square().mean().item()
    assert kept == pytest.approx(min(losses), rel=1e-5)


def test_the_average_is_the_mean_of_the_weights_with_decaying_weight(digits: Dataset) -> None:
    weights: list[torch.Tensor] = []
    torch.manual_seed(0)
    model = Dense((8,), 2).build(digits.image_shape)

    def remember(_: Progress) -> None:
        weights.append(model.get_parameter("project.weight").detach().clone())

    fit(model, digits, Objective(), training=replace(TRAINING, averaging=0.8), on_progress=remember)
    expected = weights[0]
    for weight in weights[1:]:
        expected = 0.8 * expected + 0.2 * weight
    torch.testing.assert_close(model.get_parameter("project.weight"), expected)


def test_validation_judges_the_weights_that_would_be_kept(digits: Dataset) -> None:
    model = Dense((8,), 2).build(digits.image_shape)
    history = fit(model, digits, Objective(), training=replace(TRAINING, averaging=0.9, learning_rate=0.05))
    kept = evaluate(model, digits.validation).metrics["mse"]
    last = {entry.split: entry.value for entry in history if entry.term == "loss"}
    assert last["validation"] == pytest.approx(kept, rel=1e-5)


def test_the_test_split_is_not_read(digits: Dataset) -> None:
    unread = replace(digits, read_test=lambda: pytest.fail("the test split was read"))
    fit(Dense((), 2).build(digits.image_shape), unread, Objective(), training=replace(TRAINING, epochs=1))


@pytest.mark.parametrize(("has_units", "chosen"), [(True, torch.bfloat16), (False, torch.float32)])
def test_precision_is_bfloat16_where_the_processor_has_units_for_it(
    has_units: bool, chosen: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrows.training.settings.has_bfloat16_units", lambda: has_units)
    cpu = torch.device("cpu")
    assert choose_precision("auto", cpu) == chosen
    assert [choose_precision(asked, cpu) for asked in ("float32", "bfloat16")] == [torch.float32, torch.bfloat16]


def test_in_bfloat16_products_are_rounded_and_weights_and_validation_are_not(digits: Dataset) -> None:
    model = Dense((8,), 2).build(digits.image_shape)
    assert isinstance(model, Autoencoder)
    seen: dict[bool, set[torch.dtype]] = {True: set(), False: set()}
    model.project.register_forward_hook(lambda module, _, numbers: seen[module.training].add(numbers.dtype))
    fit(model, digits, Objective(), training=replace(TRAINING, epochs=1, precision="bfloat16"))
    assert seen == {True: {torch.bfloat16}, False: {torch.float32}}
    assert {each.dtype for each in model.parameters()} == {torch.float32}


def test_convolutions_are_given_channels_last(digits: Dataset) -> None:
    model = Convolutional((4, 6)).build(digits.image_shape)
    orders: list[bool] = []

    def note(_: nn.Module, given: tuple[torch.Tensor]) -> None:
        orders.append(given[0].is_contiguous(memory_format=torch.channels_last))

    wide = [each for each in model.modules() if isinstance(each, nn.Conv2d) and each.in_channels > 1]
    for each in wide:
        each.register_forward_pre_hook(note)
    fit(model, digits, Objective(), training=replace(TRAINING, epochs=1))
    assert orders
    assert all(orders)
    assert all(each.weight.is_contiguous(memory_format=torch.channels_last) for each in wide)


def test_a_model_in_closed_form_is_done_when_it_is_prepared(digits: Dataset) -> None:
    model = PCA(4).build(digits.image_shape)
    assert fit(model, digits, Objective()) == []
    assert model.get_parameter("project.weight").abs().sum() > 0


def test_streams_of_random_numbers_never_meet() -> None:
    keys = [(), (0,), (0, 0), (3,), (3, 0), (3, 0, 0), (3, 1), (1, 3), (0, 3)]
    assert len({generator(*key).initial_seed() for key in keys}) == len(keys)


def test_minutes_end_a_training(digits: Dataset) -> None:
    model = Dense((8,), 2).build(digits.image_shape)
    history = fit(model, digits, Objective(), training=Training(minutes=0.005, precision="float32"))
    assert history[-1].seconds == pytest.approx(0.3, abs=0.25)
    assert history[-1].split == "validation"


def test_a_final_fit_on_everything_validates_nothing(digits: Dataset) -> None:
    whole = digits.whole
    assert len(whole.train) == len(digits.train) + len(digits.validation)
    history = fit(Dense((8,), 2).build(whole.image_shape), whole, Objective(), training=TRAINING)
    assert {entry.split for entry in history} == {"train"}


def test_a_linear_autoencoder_trained_to_convergence_reaches_pca() -> None:
    """Baldi and Hornik 1989: its minimum is PCA's error, over the same subspace."""
    data = load("digits")
    pca = PCA(8).build(data.image_shape)
    fit(pca, data, Objective(), training=Training(epochs=0))
    torch.manual_seed(0)
    linear = Dense((), 8).build(data.image_shape)
    fit(
        linear,
        data,
        Objective(),
        training=Training(epochs=250, batch_size=128, learning_rate=0.02, schedule="cosine", precision="float32"),
    )
    images = as_images(data.train)
    with torch.no_grad():
        best, found = ((model(images).reconstruction - images).square().mean().item() for model in (pca, linear))
    assert best <= found <= 1.01 * best
    axes = torch.linalg.qr(linear.get_parameter("decoder.layers.0.weight").detach()).Q
    components = pca.get_parameter("project.weight")
    cosines = torch.linalg.svdvals(components @ axes)  # of the angles between the subspaces
    assert cosines.min() > 0.95  # the eighth and ninth variances are close, so the last direction turns late


def test_shifted_pictures_are_moved_whole_and_filled_with_black(generator: torch.Generator) -> None:
    images = torch.rand(2, 1, 8, 8, generator=generator) + 0.1
    shift = Augmentation(shift=1, share=1.0)
    for seed in range(20):
        moved = shift(images, torch.Generator().manual_seed(seed))
        assert moved.shape == images.shape
        padded = torch.nn.functional.pad(images, (1, 1, 1, 1))
        windows = [padded[..., y : y + 8, x : x + 8] for y in range(3) for x in range(3)]
        assert any(torch.equal(moved, window) for window in windows)


def test_whole_batches_are_augmented_before_the_corruption_and_the_rest_stays(digits: Dataset) -> None:
    training = replace(TRAINING, batch_size=10, shuffle=False, augmentation=Augmentation(shift=2, flip=True, share=0.3))
    batches = TaskBatches(PictureBatches(digits.train, training, torch.device("cpu")), GaussianNoise(0.01))
    flipped, moved = [], []
    for number, batch in enumerate(batches.epoch(0, 0)):
        images = as_images(digits.train)[10 * number : 10 * (number + 1)]
        windows = {
            (flip, down, right): nn.functional.pad(images, (2, 2, 2, 2))[..., down : down + 8, right : right + 8].flip(
                [-1] if flip else []
            )
            for flip in (False, True)
            for down in range(5)
            for right in range(5)
        }
        (place,) = [key for key, window in windows.items() if torch.equal(batch.target, window)]
        assert (batch.input - batch.target).abs().max() < 0.1  # the noise alone
        flipped.append(place[0])
        moved.append(place[1:] != (2, 2))
    assert len(flipped) == 30
    assert 8 <= sum(flipped) <= 22  # half; of 30 draws three standard deviations are 8.2
    assert abs(sum(moved) - 30 * 0.3 * 24 / 25) < 7.5  # a draw in 25 moves nowhere; three standard deviations are 7.4


def test_new_pairs_keep_every_picture_and_its_place_among_the_sources(generator: torch.Generator) -> None:
    sources = torch.rand(16, 3, 1, 2, 2, generator=generator)
    paired = Augmentation(new_pairs=True)(sources, generator)
    assert torch.equal(paired[:, 0], sources[:, 0])
    orders = []
    for place in (1, 2):
        same = (paired[:, place, None] == sources[None, :, place]).all((2, 3, 4))
        assert same.sum(0).tolist() == same.sum(1).tolist() == [1] * 16
        orders.append(same.int().argmax(1).tolist())
    assert orders[0] != list(range(16)) != orders[1] != orders[0]


class Noting:
    """A corruption that keeps what it was given and what it made of it."""

    def __init__(self, corruption: Corruption) -> None:
        self.corruption = corruption
        self.batches: list[Batch] = []

    def __call__(self, clean: Images | Sources, generator: torch.Generator) -> Batch:
        batch = self.corruption(clean, generator)
        self.batches.append(batch)
        return batch


def test_the_same_pictures_meet_another_noise_in_every_step(digits: Dataset) -> None:
    noting = Noting(GaussianNoise(0.1))
    half = len(digits.train) // 2
    training = replace(TRAINING, batch_size=half, shuffle=False)
    fit(Dense((), 2).build((1, 8, 8)), digits, Objective(), corruption=noting, training=training)
    steps = [batch for batch in noting.batches if len(batch.target) == half]
    assert len(steps) == 2 * training.epochs
    assert all(torch.equal(batch.target, steps[place % 2].target) for place, batch in enumerate(steps))
    noise = torch.stack([(batch.input - batch.target).flatten() for batch in steps])
    assert (torch.corrcoef(noise) - torch.eye(len(steps))).abs().max() < 0.1


def test_every_step_pairs_the_pictures_anew() -> None:
    pairs = load("digits+digits").few(40, 10)
    noting = Noting(Mixing())
    training = Training(epochs=3, batch_size=40, shuffle=False, augmentation=Augmentation(new_pairs=True))
    model = ParallelDecoders(Dense((), 2)).build((1, 8, 8))
    fit(model, pairs, Objective(), corruption=noting, training=training)
    targets = [batch.target for batch in noting.batches if len(batch.target) == 40]
    assert len({target[:, 1].numpy().tobytes() for target in targets}) == 3
    assert len({target[:, 0].numpy().tobytes() for target in targets}) == 1


def test_the_history_has_every_step_s_loss_and_every_epoch_s_of_validation(digits: Dataset) -> None:
    history = fit(Dense((), 2).build((1, 8, 8)), digits, Objective(), training=TRAINING)
    losses = [entry for entry in history if entry.term == "loss"]
    steps = TRAINING.epochs * -(-len(digits.train) // TRAINING.batch_size)
    assert [entry.step for entry in losses if entry.split == "train"] == list(range(1, steps + 1))
    assert [entry.epoch for entry in losses if entry.split == "validation"] == [1, 2, 3]


def test_what_has_no_sources_is_not_paired_anew(generator: torch.Generator) -> None:
    with pytest.raises(ValueError, match=r"expected sources .* to pair anew, found \(2, 3, 4, 4\)"):
        Augmentation(new_pairs=True)(torch.rand(2, 3, 4, 4), generator)


def test_watched_metrics_are_measured_after_every_epoch(digits: Dataset) -> None:
    model = Dense((16,), 4).build(digits.image_shape)
    history = fit(model, digits, Objective(), training=replace(TRAINING, epochs=2, watch=("psnr", "ssim")))
    found = {term: [entry.value for entry in history if entry.term == term] for term in ("psnr", "ssim", "mse")}
    assert [len(found[term]) for term in ("psnr", "ssim")] == [2, 2]
    metrics = evaluate(model, digits.validation).metrics
    assert found["psnr"][-1] == pytest.approx(metrics["psnr"], rel=1e-5)
    assert found["ssim"][-1] == pytest.approx(metrics["ssim"], rel=1e-5)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"epochs": -1}, "expected epochs to be at least 0, found -1"),
        ({"batch_size": 0}, "expected batch_size to be at least 1"),
        ({"betas": (0.9,)}, "expected two betas in \\[0, 1\\), found \\(0.9,\\)"),
        ({"watch": ("snr",)}, "expected watch to name metrics among .*, found 'snr'"),
        ({"optimizer": "adma"}, "expected optimizer to be one of adam, adamw, sgd, muon, found 'adma'"),
        ({"warmup": 1.0}, r"expected warmup, a share of the budget, in \[0, 1\)"),
        ({"averaging": 1.5}, "expected averaging, a decay, between 0 and 1"),
        ({"minutes": 0.0}, "expected minutes to be above 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    wrong: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(ValueError, match=said):
        Training(**wrong)


def test_principal_components_recover_chosen_variances() -> None:
    """Pictures made of three orthogonal patterns with known spread give them back (scikit-learn's own test's idea)."""
    from narrows.models import principal_components

    rng = np.random.default_rng(0)
    patterns = np.linalg.qr(rng.normal(size=(64, 3)))[0].T
    spreads = np.array([40.0, 20.0, 8.0])
    scores = np.linalg.qr(rng.normal(size=(4000, 3)))[0]
    scores = (scores - scores.mean(0)) / scores.std(0)
    pixels = 127.5 + (scores * spreads) @ patterns
    found = principal_components(np.rint(pixels).astype(np.uint8).reshape(-1, 1, 8, 8), 3)
    np.testing.assert_allclose(np.sqrt(found.explained_variance) * 255, spreads, rtol=0.02)
    np.testing.assert_allclose(np.abs((found.components @ patterns.T).diagonal()), 1, atol=0.02)
