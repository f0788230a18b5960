"""Tiny files in the official layouts, written from what the formats' authors say of them."""

import gzip
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def random_bytes(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def idx_bytes(values: NDArray[np.uint8]) -> bytes:
    return bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def write_gzip(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, mtime=0))


def write_cifar_batch(path: Path, images: NDArray[np.uint8], labels: list[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    batch: dict[str, Any] = {"batch_label": "a batch", "labels": labels, "data": images.reshape(len(images), -1)}
    path.write_bytes(pickle.dumps(batch, protocol=4))


def write_stl(path: Path, images: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(images.transpose(0, 1, 3, 2).tobytes())


def write_picture(path: Path, height: int, width: int, *, seed: int = 0, grey: bool = False) -> NDArray[np.uint8]:
    """A picture of noise in whatever format the name says; its pixels as (channel, height, width)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = random_bytes(height, width, seed=seed) if grey else random_bytes(height, width, 3, seed=seed)
    Image.fromarray(pixels).save(path)
    return pixels[np.newaxis] if grey else pixels.transpose(2, 0, 1)
