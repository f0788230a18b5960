import os
import pickle
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from narrows.data.cifar import read_array_pickle, read_cifar

from .layouts import random_bytes, write_cifar_batch


def test_batches_follow_one_another(tmp_path: Path) -> None:
    images = random_bytes(5, 3, 32, 32)
    write_cifar_batch(tmp_path / "data_batch_1", images[:2], [3, 9])
    write_cifar_batch(tmp_path / "data_batch_2", images[2:], [0, 1, 2])
    pictures = read_cifar([tmp_path / "data_batch_1", tmp_path / "data_batch_2"])
    assert np.array_equal(pictures.images, images)
    assert pictures.labels is not None
    assert pictures.labels.tolist() == [3, 9, 0, 1, 2]


def test_a_batch_written_by_python_2_is_read(tmp_path: Path) -> None:
    # The official files' form, opcode by opcode: protocol 2, byte strings, numpy.core before its renaming.
    row = random_bytes(1, 3072).tobytes()
    pickled = (
        b"\x80\x02}(U\x04data"
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR"
        b"(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89T\x00\x0c\x00\x00" + row + b"tb"
        b"U\x06labels](K\x05eu."
    )
    (tmp_path / "data_batch_1").write_bytes(pickled)
    pictures = read_cifar([tmp_path / "data_batch_1"])
    assert pictures.images.tobytes() == row
    assert pictures.labels is not None
    assert pictures.labels.tolist() == [5]


class Poison:
    """A pickle of this runs a command when a careless reader loads it."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.witness),)


def test_a_pickle_that_would_run_code_is_refused_and_does_not_run_it(tmp_path: Path) -> None:
    path, witness = tmp_path / "data_batch_1", tmp_path / "witness"
    path.write_bytes(pickle.dumps({"data": Poison(witness), "labels": []}))
    with pytest.raises(ValueError, match=r"plain arrays in .*data_batch_1, .*it asks for \w+\.mkdir"):
        read_array_pickle(path)
    assert not witness.exists()
    pickle.loads(path.read_bytes())
    assert witness.exists(), "the poison works where nothing stops it"


@pytest.mark.parametrize("name", ["builtins eval", "builtins getattr", "numpy load", "numpy.core.multiarray fromfile"])
def test_no_other_name_is_admitted(tmp_path: Path, name: str) -> None:
    module, attribute = name.split()
    (tmp_path / "batch").write_bytes(f"c{module}\n{attribute}\n.".encode())
    with pytest.raises(ValueError, match=f"it asks for {module}.{attribute}"):
        read_array_pickle(tmp_path / "batch")


@pytest.mark.parametrize(
    "part", [b"r\xff\xff\xff\x01", b"\x96" + (10**8).to_bytes(8, "little")], ids=["number of a value", "length"]
)
def test_a_pickle_that_states_a_huge_number_takes_no_memory(part: bytes, tmp_path: Path) -> None:
    (tmp_path / "batch").write_bytes(b"\x80\x05}" + part + b".")
    tracemalloc.start()
    with suppress(ValueError):
        read_array_pickle(tmp_path / "batch")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**6


def test_a_truncated_pickle_is_refused(tmp_path: Path) -> None:
    write_cifar_batch(tmp_path / "batch", random_bytes(2, 3, 32, 32), [0, 1])
    content = (tmp_path / "batch").read_bytes()
    for length in (0, 1, 40, len(content) // 2, len(content) - 1):
        (tmp_path / "batch").write_bytes(content[:length])
        with pytest.raises(ValueError, match="found one that cannot be read"):
            read_array_pickle(tmp_path / "batch")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "expected a dictionary in .* found list"),
        ({"labels": [0]}, r"uint8 of shape \(n, 3072\), found NoneType"),
        ({"data": np.zeros((1, 3072)), "labels": [0]}, "found float64"),
        ({"data": np.zeros((1, 100), dtype=np.uint8), "labels": [0]}, r"found uint8 of shape \(1, 100\)"),
        ({"data": np.zeros((2, 3072), dtype=np.uint8), "labels": [0]}, "a list of 2 whole numbers"),
        ({"data": np.zeros((1, 3072), dtype=np.uint8), "labels": ["cat"]}, "a list of 1 whole numbers"),
    ],
)
def test_a_pickle_of_something_else_is_refused(tmp_path: Path, content: object, message: str) -> None:
    (tmp_path / "batch").write_bytes(pickle.dumps(content, protocol=4))
    with pytest.raises(ValueError, match=message):
        read_cifar([tmp_path / "batch"])
