import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from narrows.data import load
from narrows.data import parquet as module
from narrows.data.parquet import read_parquet

from .layouts import random_bytes


def encoded(number: int, *, grey: bool = False) -> bytes:
    buffer = io.BytesIO()
    shape = (4, 6) if grey else (4, 6, 3)
    Image.fromarray(random_bytes(*shape, seed=number)).save(buffer, "PNG")
    return buffer.getvalue()


def write(path: Path, columns: dict[str, list[Any]]) -> Path:
    arrow = pytest.importorskip("pyarrow")
    module.parquet_package().write_table(arrow.table(columns), path)
    return path


@pytest.mark.parametrize("nested", [True, False])
def test_pictures_and_classes_come_from_their_columns(nested: bool, tmp_path: Path) -> None:
    contents = [encoded(number) for number in range(5)]
    images: list[Any] = [{"bytes": content, "path": None} for content in contents] if nested else list(contents)
    path = write(tmp_path / "a.parquet", {"id": [1, 2, 3, 4, 5], "image": images, "label": ["b", "a", "a", "b", "a"]})
    found = read_parquet(path)
    assert found.class_names == ("a", "b")
    assert found.pictures.labels is not None
    assert found.pictures.labels.tolist() == [1, 0, 0, 1, 0]
    expected = [random_bytes(4, 6, 3, seed=number).transpose(2, 0, 1) for number in range(5)]
    assert np.array_equal(found.pictures.images, expected)
    assert read_parquet(path, size=(2, 2)).pictures.image_shape == (3, 2, 2)
    assert len(load(path).train) == 3


def test_broken_rows_are_named_and_greys_stay_grey(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"image": [encoded(0, grey=True), b"nothing", encoded(1, grey=True)]})
    found = read_parquet(path)
    assert found.pictures.image_shape == (1, 4, 6)
    assert [row for row, _ in found.unreadable] == ["row 1"]
    assert found.pictures.labels is None


def test_what_holds_no_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a column of encoded pictures in .*, found id"):
        read_parquet(write(tmp_path / "a.parquet", {"id": [1]}))
    with pytest.raises(ValueError, match="found none that can be read among 1"):
        read_parquet(write(tmp_path / "b.parquet", {"image": [b"nothing"]}))
    with pytest.raises(FileNotFoundError, match="expected a Parquet file, found none"):
        read_parquet(tmp_path / "nowhere.parquet")
    (tmp_path / "c.parquet").write_text("no table")
    with pytest.raises(ValueError, match="found one that cannot be read"):
        read_parquet(tmp_path / "c.parquet")


def test_without_pyarrow_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(module, "import_module", absent)
    (tmp_path / "a.parquet").touch()
    with pytest.raises(
        ImportError, match=r"expected pyarrow for Parquet, found none; 'pip install narrows\[parquet\]'"
    ):
        read_parquet(tmp_path / "a.parquet")
