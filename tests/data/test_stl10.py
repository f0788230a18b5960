from pathlib import Path

import numpy as np
import pytest

from narrows.data.stl10 import map_stl_images, read_stl_labels

from .layouts import random_bytes, write_stl


def test_pictures_are_stored_column_by_column(tmp_path: Path) -> None:
    images = random_bytes(2, 3, 96, 96)
    write_stl(tmp_path / "train_X.bin", images)
    found = map_stl_images(tmp_path / "train_X.bin")
    assert np.array_equal(found, images)
    # The second byte of the file is the pixel below the first one, as the authors' README says.
    assert (tmp_path / "train_X.bin").read_bytes()[1] == images[0, 0, 1, 0]


def test_mapped_pictures_can_be_changed_in_memory_only(tmp_path: Path) -> None:
    images = random_bytes(1, 3, 96, 96)
    write_stl(tmp_path / "X.bin", images)
    found = map_stl_images(tmp_path / "X.bin")
    found[:] = 0
    assert np.array_equal(map_stl_images(tmp_path / "X.bin"), images)


@pytest.mark.parametrize("length", [0, 100, 2 * 27648 - 1])
def test_a_truncated_file_is_refused(tmp_path: Path, length: int) -> None:
    (tmp_path / "X.bin").write_bytes(bytes(length))
    with pytest.raises(ValueError, match=f"whole pictures of 27648 bytes in .*X.bin, found {length} bytes"):
        map_stl_images(tmp_path / "X.bin")


def test_labels_are_counted_from_0(tmp_path: Path) -> None:
    (tmp_path / "y.bin").write_bytes(bytes([1, 10, 4]))
    assert read_stl_labels(tmp_path / "y.bin").tolist() == [0, 9, 3]


@pytest.mark.parametrize(("content", "found"), [([0, 1], "0 to 1"), ([1, 11], "1 to 11"), ([], "none")])
def test_labels_outside_1_to_10_are_refused(tmp_path: Path, content: list[int], found: str) -> None:
    (tmp_path / "y.bin").write_bytes(bytes(content))
    with pytest.raises(ValueError, match=f"labels 1 to 10 in .*, found {found}"):
        read_stl_labels(tmp_path / "y.bin")
