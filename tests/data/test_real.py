"""The catalogue on the real files; skipped where the data root is not named."""

import os
from pathlib import Path

import numpy as np
import pytest

from narrows.data import CATALOGUE, Dataset, data_root, duplicates, load, places
from narrows.data.official import find

needs_data = pytest.mark.skipif(
    "NARROWS_DATA" not in os.environ, reason="NARROWS_DATA does not name a folder with the official files"
)


def load_present(name: str) -> Dataset:
    missing = [file.path for file in CATALOGUE[name].all_files if find(data_root(), file) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not in NARROWS_DATA")
    return load(name)


@needs_data
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "stl10"])
def test_official_sets_are_what_their_entries_say(name: str) -> None:
    found, entry = load_present(name), CATALOGUE[name]
    assert tuple(len(part) for part in (found.train, found.validation, found.test)) == entry.num_pictures
    assert found.image_shape == entry.image_shape
    for part in (found.train, found.validation, found.test):
        assert part.labels is not None
        assert set(part.labels) == set(range(len(entry.class_names)))


@needs_data
def test_mnist_s_known_numbers() -> None:
    mnist = load_present("mnist")
    assert mnist.official_train.labels is not None
    assert mnist.official_train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    # Mean and deviation of the 60 000, as in every tutorial that standardises them.
    assert mnist.official_train.images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert mnist.official_train.images.std() / 255 == pytest.approx(0.3081, abs=5e-5)
    assert duplicates(mnist.official_train, mnist.test) == 0


@needs_data
def test_cifar10_s_known_numbers() -> None:
    train = load_present("cifar10").official_train
    assert train.labels is not None
    assert np.bincount(train.labels).tolist() == [5000] * 10
    # Channel means as commonly given: only right if planes and rows are read in the right order.
    means = train.images.mean(axis=(0, 2, 3)) / 255
    assert means == pytest.approx([0.4914, 0.4822, 0.4465], abs=5e-5)


@needs_data
def test_voc2007_is_split_and_says_how_many_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "user_cache_dir", lambda name: tmp_path / name)
    voc = load_present("voc2007")
    total = len(voc.official_train) + len(voc.test)
    assert str(total) in voc.note
    assert len(voc.test) == round(total / 10)
    assert voc.image_shape == (3, 64, 64)
    assert duplicates(voc.official_train, voc.test) == 0
