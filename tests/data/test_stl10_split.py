"""STL-10 cut as report 000 cuts it, from files in the official layout."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from narrows.data import CATALOGUE, load

from .layouts import random_bytes, write_stl


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Training files of 50 pictures, five a class, whose md5 the entry knows, and no others."""
    folder = tmp_path / "stl10_binary"
    write_stl(folder / "train_X.bin", random_bytes(50, 3, 96, 96))
    (folder / "train_y.bin").write_bytes(bytes([1 + number % 10 for number in range(50)]))
    entry = CATALOGUE["stl10"]
    assert entry.archive is not None
    files = tuple(
        replace(file, md5=hashlib.md5((tmp_path / file.path).read_bytes()).hexdigest())
        if "train" in file.path
        else file
        for file in entry.archive.files
    )
    monkeypatch.setitem(CATALOGUE, "stl10", replace(entry, archive=replace(entry.archive, files=files)))
    return tmp_path


def test_a_split_cuts_the_labelled_pictures_and_leaves_the_test_files_alone(root: Path) -> None:
    stl = load("stl10", root, split=(80, 10, 10))
    assert (len(stl.train), len(stl.validation), len(stl.test)) == (40, 5, 5)
    assert not stl.official_test
    assert stl.class_names[0] == "airplane"
    images = np.concatenate([stl.train.images, stl.validation.images, stl.test.images])
    labels = np.concatenate([part.labels for part in (stl.train, stl.validation, stl.test) if part.labels is not None])
    original = random_bytes(50, 3, 96, 96)
    place = {picture.tobytes(): number for number, picture in enumerate(original)}
    numbers = [place[picture.tobytes()] for picture in images]
    assert sorted(numbers) == list(range(50))
    assert labels.tolist() == [number % 10 for number in numbers]
    assert np.bincount(labels[:40]).tolist() == [4] * 10


def test_without_one_the_official_test_files_are_wanted(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"found no stl10_binary/test_X.bin"):
        load("stl10", root)
