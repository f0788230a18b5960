"""The IDX files of MNIST and its relatives (LeCun and Cortes 1998, "the MNIST database"), plain or gzipped.

A file is a magic number (0, 0, type, number of axes), one big-endian 32-bit length an axis, and the values.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from narrows.data.dataset import Pictures
from narrows.files import BOMB_BYTES, BOMB_TIMES, check_unpacked

UNSIGNED_BYTE = 8
"""IDX's number for the only type of value that picture sets use."""


def read_idx(path: Path, num_axes: int) -> NDArray[np.uint8]:
    """The array of an IDX file of bytes; a name that ends in .gz is unpacked on the way.

    Raises:
        ValueError: the file is no IDX file of bytes with this many axes, or not as long as it says.
    """
    content = _unpacked(path) if path.suffix == ".gz" else path.read_bytes()
    header_size = 4 + 4 * num_axes
    magic = bytes((0, 0, UNSIGNED_BYTE, num_axes))
    if content[:4] != magic:
        raise ValueError(
            f"expected {path} to start with the IDX magic number {magic.hex()}, "
            f"found {content[:4].hex() or 'nothing'}; get the file again"
        )
    if len(content) < header_size:
        raise ValueError(f"expected an IDX header of {header_size} bytes in {path}, found {len(content)}; get it again")
    shape = struct.unpack(f">{num_axes}I", content[4:header_size])
    if len(content) != header_size + math.prod(shape):
        raise ValueError(
            f"expected {math.prod(shape)} values of shape {shape} in {path}, found {len(content) - header_size}; "
            "the file is truncated or not this one, get it again"
        )
    # A copy, as arrays over bytes are read-only and torch warns of those.
    return np.frombuffer(content, dtype=np.uint8, offset=header_size).reshape(shape).copy()


def read_idx_pictures(images: Path, labels: Path) -> Pictures:
    """Grey pictures and their labels from a pair of IDX files.

    Raises:
        ValueError: from `read_idx`, or the two files disagree in length.
    """
    return Pictures(read_idx(images, 3)[:, np.newaxis], read_idx(labels, 1).astype(np.int64))


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            content = file.read(max(BOMB_BYTES, BOMB_TIMES * path.stat().st_size) + 1)
        check_unpacked(path, len(content))
    except (EOFError, gzip.BadGzipFile, zlib.error, ValueError) as error:
        raise ValueError(f"expected a whole gzip file in {path}, found a broken one ({error}); get it again") from error
    return content
