import gzip
from pathlib import Path

import numpy as np
import pytest

from narrows.data.idx import read_idx, read_idx_pictures

from .layouts import idx_bytes, random_bytes, write_gzip


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_idx_file_comes_back_plain_or_gzipped(tmp_path: Path, suffix: str) -> None:
    values = random_bytes(3, 4, 5)
    path = tmp_path / f"images-idx3-ubyte{suffix}"
    path.write_bytes(gzip.compress(idx_bytes(values)) if suffix else idx_bytes(values))
    found = read_idx(path, 3)
    assert np.array_equal(found, values)
    assert found.flags.writeable


def test_pictures_get_a_channel_and_their_labels(tmp_path: Path) -> None:
    values = random_bytes(3, 4, 5)
    write_gzip(tmp_path / "images.gz", idx_bytes(values))
    write_gzip(tmp_path / "labels.gz", idx_bytes(np.array([7, 0, 9], dtype=np.uint8)))
    pictures = read_idx_pictures(tmp_path / "images.gz", tmp_path / "labels.gz")
    assert pictures.image_shape == (1, 4, 5)
    assert np.array_equal(pictures.images[:, 0], values)
    assert pictures.labels is not None
    assert pictures.labels.tolist() == [7, 0, 9]


WHOLE = idx_bytes(random_bytes(3, 4, 5))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "magic number 00000803, found nothing"),
        (b"\x89PNG" + WHOLE, "magic number 00000803, found 89504e47"),
        (idx_bytes(random_bytes(60)), "magic number 00000803, found 00000801"),
        (WHOLE[:10], "header of 16 bytes .* found 10"),
        (WHOLE[:-1], r"60 values of shape \(3, 4, 5\) .* found 59; the file is truncated"),
        (WHOLE + b"0", r"60 values of shape \(3, 4, 5\) .* found 61"),
    ],
)
def test_what_is_no_whole_idx_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "images").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_idx(tmp_path / "images", 3)


def damaged(content: bytes, place: int) -> bytes:
    return content[:place] + bytes((content[place] ^ 0xFF,)) + content[place + 1 :]


@pytest.mark.parametrize(
    "content",
    [gzip.compress(WHOLE)[:-9], gzip.compress(WHOLE)[:12], damaged(gzip.compress(WHOLE), 30), WHOLE],
    ids=["truncated", "header only", "damaged", "not gzip"],
)
def test_a_broken_gzip_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "images.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"expected a whole gzip file in .*images.gz, found a broken one"):
        read_idx(tmp_path / "images.gz", 3)
