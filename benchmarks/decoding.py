"""A folder of JPEG files becomes a cache of pictures, beside Pillow alone decoding them in as many threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from turns import Figures, How, in_turns, record, seconds_of

from narrows.data import read_folder
from narrows.data.picture import Size

SIDE, CORNERS = 512, 17
"""Pixels along a picture's side, and of the noise that is enlarged to it, for JPEG files as smooth as photographs."""
SMALL = 128
"""Pixels along a side to which pictures are brought, as those of differing sizes must be."""


def measure(how: How) -> dict[str, Any]:
    """Pictures a second."""
    count = how.count(600, 20)
    folder = how.scratch / "pictures"
    write_pictures(folder, count)

    def narrows(size: Size | None) -> Callable[[int], Figures]:
        def way(number: int) -> Figures:
            cache = how.scratch / f"cache-{number}"
            return {"rate": count / seconds_of(lambda: read_folder(folder, size=size, cache=cache))}

        return way

    def pillow(_: int) -> Figures:
        return {"rate": count / seconds_of(lambda: decode(folder))}

    every = {"Pillow": pillow, "Narrows": narrows(None), f"Narrows, brought to {SMALL}": narrows((SMALL, SMALL))}
    rounds = in_turns(every, how.count(7, 1))
    return {"pictures": count, "side": SIDE, "threads": os.cpu_count(), "rounds": rounds}


def write_pictures(folder: Path, count: int) -> None:
    """Smooth colour pictures, each another."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(count):
        small = Image.fromarray(generator.integers(0, 256, (CORNERS, CORNERS, 3), dtype=np.uint8))
        picture = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)).astype(np.int16)
        grain = generator.integers(-8, 9, picture.shape, dtype=np.int16)
        Image.fromarray((picture + grain).clip(0, 255).astype(np.uint8)).save(folder / f"{number:05}.jpg", quality=85)


def decode(folder: Path) -> None:
    """Every file as an array, in a thread a core; nothing is kept."""

    def one(path: Path) -> None:
        with Image.open(path) as image:
            np.asarray(image.convert("RGB"))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, sorted(folder.iterdir())))


if __name__ == "__main__":
    record("decoding", measure)
