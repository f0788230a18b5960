import hashlib

import numpy as np

from narrows.data import Pictures, duplicates, fingerprint

from .layouts import random_bytes


def test_the_fingerprint_is_that_of_shape_and_bytes() -> None:
    images = random_bytes(5, 1, 4, 3)
    expected = hashlib.sha256(b"(5, 1, 4, 3)" + images.tobytes()).hexdigest()[:16]
    assert fingerprint(Pictures(images)) == expected
    assert fingerprint(Pictures(images, np.arange(5))) == expected


def test_the_fingerprint_sees_order_shape_and_every_pixel_but_not_the_memory_layout() -> None:
    images = random_bytes(5, 1, 4, 3)
    changed = images.copy()
    changed[4, 0, 3, 2] ^= 1
    others = (images[::-1], images.reshape(5, 1, 3, 4), changed)
    assert fingerprint(Pictures(images)) not in [fingerprint(Pictures(other)) for other in others]
    assert fingerprint(Pictures(np.asfortranarray(images))) == fingerprint(Pictures(images))


def test_duplicates_counts_pictures_of_the_second_set_bit_for_bit() -> None:
    first = random_bytes(10, 3, 4, 4)
    near = first[:1] ^ np.uint8(1)
    second = np.concatenate([random_bytes(4, 3, 4, 4, seed=1), first[[2, 2, 7]], near])
    assert duplicates(Pictures(first), Pictures(second)) == 3
    assert duplicates(Pictures(second), Pictures(first)) == 2
    assert duplicates(Pictures(first), Pictures(first.reshape(10, 3, 2, 8))) == 0
