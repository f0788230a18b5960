"""The Python pickles of CIFAR-10 (Krizhevsky 2009), read without letting them run anything."""

import io
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from narrows.data.dataset import Pictures

SHAPE = (3, 32, 32)

# All that a pickled plain array names; NumPy moved its module in version 2. What is not here cannot be called.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _ArraysOnly(pickle._Unpickler):
    """An unpickler for containers, text, numbers and plain arrays; it has no name for anything else.

    The one written in Python: that in C takes 34 GB for a file of ten bytes that numbers a value 2 147 483 647. Byte
    arrays, for which either sets aside whatever length is stated, are not read.
    """

    dispatch: ClassVar = {
        code: load for code, load in pickle._Unpickler.dispatch.items() if code != pickle.BYTEARRAY8[0]
    }

    def find_class(self, module: str, name: str) -> Any:
        """The few names of `_ADMITTED`."""
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _ADMITTED[module, name]


def read_array_pickle(path: Path) -> dict[str, Any]:
    """The dictionary in a pickle file that holds nothing but containers, text, numbers and plain arrays.

    Raises:
        ValueError: the file is broken, holds no dictionary, or asks for anything that could run code.
    """
    try:
        # latin1 reads the byte strings of Python 2, in which the official files were written.
        content = _ArraysOnly(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except Exception as error:  # a broken pickle raises nearly anything: the stream steers the machine
        raise ValueError(
            f"expected a pickle of plain arrays in {path}, found one that cannot be read ({error}); get the file again"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"expected a dictionary in {path}, found {type(content).__name__}; get the file again")
    return content


def read_cifar(paths: Sequence[Path]) -> Pictures:
    """Colour pictures and their labels from batch files, one after the other.

    Raises:
        ValueError: a file is broken, or holds other than rows of 3 x 32 x 32 bytes with one label each.
    """
    batches = [_read_batch(path) for path in paths]
    return Pictures(
        np.concatenate([images for images, _ in batches]), np.concatenate([labels for _, labels in batches])
    )


def _read_batch(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    batch = read_array_pickle(path)
    data, labels = batch.get("data"), batch.get("labels")
    row = int(np.prod(SHAPE))
    if not (isinstance(data, np.ndarray) and data.dtype == np.uint8 and data.ndim == 2 and data.shape[1] == row):
        found = f"{data.dtype} of shape {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
        raise ValueError(f"expected 'data' in {path} to be uint8 of shape (n, {row}), found {found}; get it again")
    if not (isinstance(labels, list) and len(labels) == len(data) and all(isinstance(label, int) for label in labels)):
        raise ValueError(f"expected 'labels' in {path} to be a list of {len(data)} whole numbers; get the file again")
    return data.reshape(-1, *SHAPE), np.array(labels, dtype=np.int64)
