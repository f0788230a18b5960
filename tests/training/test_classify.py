"""A classifier starts at the uniform guess, learns what its encoder has to learn, and refuses what has no classes."""

import hashlib
import math
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from narrows.data import Dataset, Pictures, load
from narrows.models import PCA, Autoencoder, Convolutional, Dense, prepare
from narrows.training import (
    Augmentation,
    Classifier,
    History,
    Progress,
    StateFile,
    Training,
    as_images,
    fit_classifier,
    score,
)
from narrows.types import Architecture

TRAINING = Training(epochs=3, batch_size=64, learning_rate=3e-3, precision="float32")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits").few(300, 100)


def built(architecture: Architecture, data: Dataset, num_classes: int = 10) -> Classifier:
    torch.manual_seed(0)
    model = architecture.build(data.image_shape)
    assert isinstance(model, Autoencoder)
    return Classifier(model, num_classes)


def digest(classifier: Classifier) -> str:
    tensors = classifier.state_dict().values()
    return hashlib.sha256(b"".join(tensor.contiguous().numpy().tobytes() for tensor in tensors)).hexdigest()


def losses(history: History, term: str = "loss", split: str = "train") -> list[float]:
    return [entry.value for entry in history if (entry.term, entry.split) == (term, split)]


@pytest.mark.parametrize("num_classes", [10, 13])
def test_the_first_loss_is_that_of_a_uniform_guess(num_classes: int, digits: Dataset) -> None:
    classifier = built(Dense((32,), 4), digits, num_classes)
    history = fit_classifier(classifier, digits.train, training=TRAINING)
    assert losses(history)[0] == pytest.approx(math.log(num_classes), rel=1e-6)
    assert losses(history, "cross_entropy") == losses(history)


def test_loss_and_accuracy_of_validation_are_those_of_the_softmax(digits: Dataset) -> None:
    classifier = built(Dense((32,), 4), digits)
    history = fit_classifier(classifier, digits.train, training=TRAINING, validation=digits.validation)
    labels = digits.validation.labels
    assert labels is not None
    with torch.no_grad():
        probability = classifier(as_images(digits.validation)).double().softmax(1).numpy()
    expected = -np.log(probability[np.arange(len(labels)), labels]).mean()
    assert losses(history, split="validation")[-1] == pytest.approx(expected, rel=1e-5)
    assert losses(history, "accuracy", "validation")[-1] == pytest.approx((probability.argmax(1) == labels).mean())
    assert len(losses(history, "accuracy", "validation")) == 3
    assert losses(history, "accuracy") == []


def test_labels_follow_their_pictures_through_shuffling(digits: Dataset) -> None:
    # the class is whether the only white pixel stands in the first row, so a loss near 0 needs every label in place
    rng = np.random.default_rng(0)
    place = rng.integers(0, 64, 400)
    images = np.zeros((400, 64), dtype=np.uint8)
    images[np.arange(400), place] = 255
    pictures = Pictures(images.reshape(400, 1, 8, 8), (place < 32).astype(np.int64))
    classifier = built(Dense((), 4), digits, 2)
    fit_classifier(classifier, pictures, training=replace(TRAINING, epochs=30, learning_rate=0.02))
    assert (score(classifier, pictures).argmax(1).numpy() == pictures.labels).all()


@pytest.mark.parametrize("architecture", [Dense((32,), 4), Convolutional((4,))], ids=lambda each: type(each).__name__)
def test_the_same_seed_gives_the_same_bits_and_another_does_not(architecture: Architecture, digits: Dataset) -> None:
    def trained(training: Training) -> str:
        classifier = built(architecture, digits)
        fit_classifier(classifier, digits.train, training=training)
        return digest(classifier)

    training = replace(TRAINING, augmentation=Augmentation(shift=1))
    assert trained(training) == trained(training)
    assert trained(replace(training, seed=1)) != trained(training)
    assert trained(replace(training, augmentation=Augmentation())) != trained(training)


def test_a_resumed_training_ends_at_the_same_bits(digits: Dataset, tmp_path: Path) -> None:
    whole = built(Dense((32,), 4), digits)
    fit_classifier(whole, digits.train, training=TRAINING)
    state = StateFile(tmp_path / "state.safetensors")

    def interrupt(progress: Progress) -> None:
        if progress.step == 7:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit_classifier(
            built(Dense((32,), 4), digits), digits.train, training=TRAINING, state=state, on_progress=interrupt
        )
    resumed = built(Dense((32,), 4), digits)
    history = fit_classifier(resumed, digits.train, training=TRAINING, state=state)
    assert digest(resumed) == digest(whole)
    assert len(losses(history)) == 15


def test_the_encoder_learns_and_what_is_in_closed_form_stays(digits: Dataset) -> None:
    dense, pca = built(Dense((), 4), digits), built(PCA(4), digits)
    prepare(pca.model, digits.train.images)
    for classifier, learns in ((dense, True), (pca, False)):
        before = classifier.get_parameter("model.project.weight").clone()
        fit_classifier(classifier, digits.train, training=TRAINING)
        assert torch.equal(classifier.get_parameter("model.project.weight"), before) is not learns
        assert classifier.head.weight.abs().sum() > 0


def test_a_decoder_is_left_alone(digits: Dataset) -> None:
    classifier = built(Dense((32,), 4), digits)
    before = {name: tensor.clone() for name, tensor in classifier.model.decoder.state_dict().items()}
    fit_classifier(classifier, digits.train, training=replace(TRAINING, optimizer="adamw", weight_decay=0.1))
    for name, tensor in classifier.model.decoder.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_pictures_that_tell_no_classes_apart_are_refused(digits: Dataset) -> None:
    classifier = built(Dense((), 4), digits, 3)
    images = digits.train.images
    unlabelled = Pictures(images)
    one_class = Pictures(images, np.full(len(images), 2))
    good = Pictures(images, np.arange(len(images)) % 3)
    with pytest.raises(ValueError, match="expected pictures with labels, found 300 without; give each its class"):
        fit_classifier(classifier, unlabelled)
    with pytest.raises(ValueError, match="expected pictures of at least 2 classes, found class 2 alone; label others"):
        fit_classifier(classifier, one_class)
    for wrong, found in ((np.arange(300) % 4, 3), (np.arange(300) % 3 - 1, -1)):
        with pytest.raises(ValueError, match=f"expected labels from 0 to 2, found {found}; build the classifier"):
            fit_classifier(classifier, Pictures(images, wrong))
    for validation in (unlabelled, Pictures(images, np.arange(300) % 4)):
        with pytest.raises(ValueError, match=r"expected (pictures with labels|labels from 0 to 2)"):
            fit_classifier(classifier, good, validation=validation)
    assert classifier.head.weight.abs().sum() == 0
    with pytest.raises(ValueError, match="expected at least 2 classes to tell apart, found 1; label more"):
        Classifier(classifier.model, 1)


def test_pictures_of_another_shape_are_refused_with_both(digits: Dataset) -> None:
    torch.manual_seed(0)
    classifier = Classifier(Dense((), 4).build((3, 5, 5)), 10)
    with pytest.raises(ValueError, match=r"expected pictures of shape \(3, 5, 5\), found \(1, 8, 8\)"):
        fit_classifier(classifier, digits.train)
