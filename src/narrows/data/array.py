"""Pictures that already are arrays: .npy and .npz files, or arrays in memory, in the usual layouts and no others."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from narrows.data.dataset import Pictures
from narrows.files import check_zip

FEW = range(1, 5)
"""Lengths of an axis that can be channels: grey, grey with alpha, colour, colour with alpha."""
CHUNK = 1024
"""Pictures converted at a time, so that floats need not fit into memory twice."""


def read_array(path: Path, *, channel_axis: Literal["first", "last"] | None = None) -> Pictures:
    """Pictures of a .npy file, or of a .npz file with `images` (or one array of any name) and perhaps `labels`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: from `pictures_from_array`, or the file is broken or holds Python objects.
    """
    images, labels = open_arrays(path)
    try:
        return pictures_from_array(images, labels, channel_axis=channel_axis)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def open_arrays(path: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The array of pictures of a .npy or .npz file as it stands there, and that of labels, if any.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is broken, holds Python objects, or does not say which array is meant.
    """
    if not path.is_file():
        raise FileNotFoundError(f"expected an array file, found none at {path}; check the path")
    try:
        check_zip(path)
        # Mode "c": writable, which torch wants of an array, but never written back.
        content = np.load(path, mmap_mode="c", allow_pickle=False)
        if not isinstance(content, np.ndarray):
            with content as archive:
                content = {name: archive[name] for name in archive.files}
    except Exception as error:  # NumPy and zipfile raise many kinds on broken files
        raise ValueError(
            f"expected a file of plain arrays in {path}, found one that cannot be read ({error})"
        ) from error
    return _chosen(path, content) if isinstance(content, dict) else (content, None)


def pictures_from_array(
    images: NDArray[Any], labels: NDArray[Any] | None = None, *, channel_axis: Literal["first", "last"] | None = None
) -> Pictures:
    """Pictures of an array in memory.

    Args:
        images: uint8, or floats in [0, 1]; (n, h, w), (n, c, h, w) or (n, h, w, c) with 1 to 4 channels. Which axis
            the channels are is seen by its length; where two could be, nothing is guessed.
        labels: (n,) whole numbers; they are renumbered from 0 in ascending order.
        channel_axis: says where the channels are, which admits any number of them.

    Raises:
        ValueError: another type, range, shape or layout.

    >>> pictures_from_array(np.full((9, 8, 7, 3), 0.5)).image_shape
    (3, 8, 7)
    """
    ordered = channels_first(images, channel_axis)
    if 0 in ordered.shape:
        raise ValueError(f"expected at least one picture of at least one pixel, found shape {images.shape}; save some")
    numbers = None if labels is None else _class_numbers(labels)
    return Pictures(_as_bytes(ordered), numbers)


def _chosen(path: Path, arrays: dict[str, NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    pictures = [name for name in arrays if name != "labels"]
    if "images" not in arrays and len(pictures) != 1:
        raise ValueError(
            f"expected an array 'images', and perhaps 'labels', in {path}, found {', '.join(arrays) or 'none'}; "
            "save it as np.savez(path, images=..., labels=...)"
        )
    return arrays["images" if "images" in arrays else pictures[0]], arrays.get("labels")


def channels_first(images: NDArray[Any], channel_axis: Literal["first", "last"] | None) -> NDArray[Any]:
    """Pictures as (n, c, h, w); which axis the channels are is seen by its length unless it is said.

    Raises:
        ValueError: other than three or four axes, or a layout that could be two.
    """
    shape = images.shape
    if images.ndim == 3 and channel_axis is None:
        if shape[0] in (3, 4) or shape[2] in FEW:
            raise ValueError(
                f"expected pictures of shape (n, h, w), found {shape}, which may be one picture with channels; "
                "write images[:, None] for several greys, images[None] for one picture"
            )
        return images[:, np.newaxis]
    if images.ndim != 4:
        raise ValueError(f"expected pictures of shape (n, h, w), (n, c, h, w) or (n, h, w, c), found {shape}; reshape")
    if channel_axis is None:
        if (shape[1] in FEW) == (shape[3] in FEW):
            raise ValueError(
                f"expected 1 to 4 channels in either the second or the last of four axes, found shape {shape}, where "
                f"{'both' if shape[1] in FEW else 'neither'} can be; give channel_axis='first' or 'last'"
            )
        channel_axis = "first" if shape[1] in FEW else "last"
    return images if channel_axis == "first" else np.moveaxis(images, -1, 1)


def _as_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            f"expected uint8 or floats in [0, 1], found {images.dtype}; where the values are 0 to 255, "
            "convert with images.astype(np.uint8)"
        )
    scaled = np.empty(images.shape, dtype=np.uint8)
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK]
        low, high = float(part.min()), float(part.max())
        if not 0 <= low <= high <= 1:  # also false where a value is missing: nan compares as false
            found = "missing values (nan)" if np.isnan(part).any() else f"values from {low:g} to {high:g}"
            raise ValueError(f"expected floats in [0, 1], found {found}; scale or mend them first")
        scaled[start : start + CHUNK] = np.rint(
            part.astype(np.float64) * 255
        )  # half floats are too coarse for the product
    return scaled


def _class_numbers(labels: NDArray[Any]) -> NDArray[np.int64]:
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"expected labels as (n,) whole numbers, found {labels.dtype} of shape {labels.shape}")
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)
