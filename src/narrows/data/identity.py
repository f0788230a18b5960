"""Which pictures these are: a fingerprint of a set, and pictures that stand in two sets."""

import hashlib
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from narrows.data.dataset import Pictures

CHUNK_BYTES = 2**24
"""Read at a time, so that a memory-mapped set needs little memory."""


def fingerprint(pictures: Pictures) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the pictures' shape and bytes; labels do not count."""
    digest = hashlib.sha256(repr(tuple(map(int, pictures.images.shape))).encode())
    for chunk in _chunks(pictures):
        digest.update(chunk.data)
    return digest.hexdigest()[:16]


def duplicates(first: Pictures, second: Pictures) -> int:
    """How many pictures of `second` also stand, bit for bit, in `first`; 0 where their shapes differ."""
    if first.image_shape != second.image_shape:
        return 0
    known = set(_digests(first))
    return sum(digest in known for digest in _digests(second))


def _digests(pictures: Pictures) -> Iterator[bytes]:
    for chunk in _chunks(pictures):
        for picture in chunk:
            # 16 bytes: two of a billion different pictures collide with a chance of 1e-21.
            yield hashlib.blake2b(picture.data, digest_size=16).digest()


def _chunks(pictures: Pictures) -> Iterator[NDArray[np.uint8]]:
    step = max(1, CHUNK_BYTES // max(1, math.prod(pictures.image_shape)))
    for start in range(0, len(pictures), step):
        yield np.ascontiguousarray(pictures.images[start : start + step])
