"""The .bin files of STL-10 (Coates, Lee and Ng 2011): bare bytes, each picture stored column by column."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CHANNELS, SIDE, CLASSES = 3, 96, 10


def map_stl_images(path: Path) -> NDArray[np.uint8]:
    """The pictures of an X file, (picture, channel, height, width), memory-mapped: nothing is read before it is used.

    Raises:
        ValueError: the file does not hold whole pictures.
    """
    size, found = CHANNELS * SIDE * SIDE, path.stat().st_size
    if found == 0 or found % size:
        raise ValueError(
            f"expected whole pictures of {size} bytes in {path}, found {found} bytes; "
            "the file is truncated or not this one, get it again"
        )
    # Mode "c": writable, which torch wants of an array, but never written back.
    columns = np.memmap(path, dtype=np.uint8, mode="c", shape=(found // size, CHANNELS, SIDE, SIDE))
    return columns.transpose(0, 1, 3, 2)


def read_stl_labels(path: Path) -> NDArray[np.int64]:
    """The labels of a y file, as class numbers from 0: the file counts from 1.

    Raises:
        ValueError: a label is not one of 1 to 10.
    """
    labels = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    if len(labels) == 0 or labels.min() < 1 or labels.max() > CLASSES:
        found = f"{labels.min()} to {labels.max()}" if len(labels) else "none"
        raise ValueError(f"expected labels 1 to {CLASSES} in {path}, found {found}; get the file again")
    return labels.astype(np.int64) - 1
