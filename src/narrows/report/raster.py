"""Arrays to 8-bit pixels: pictures as they are, signed weights, error maps, and mosaics of them."""

import base64
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

_SIGNED = ("#0072b2", "#7fb8d8", "#f7f5f0", "#eaae7f", "#d55e00")
"""Blue below zero, paper at zero, vermilion above: told apart by every common colour blindness."""
_HEAT = ("#f7d2a400", "#f7d2a4ff", "#ec9f6eff", "#cf6a62ff", "#9c3f6aff", "#5f2468ff", "#2c1048ff")
"""From the page's own ground, lightness falls in even steps, so that grey print keeps the order."""
STEPS = 252
"""Of every scale: with its middle, its quarters and the clear lines of a mosaic it fits a palette of 256 colours."""
_LARGEST = 160
_LARGE = 200_000
"""Numbers of a picture from which fewer bytes are worth the time."""
_HIDDEN = np.array([86, 180, 233], np.float64)


def photograph(image: NDArray[Any], hidden: NDArray[Any] | None = None) -> Pixels:
    """A picture (..., channel, height, width) in [0,1] as pixels; sources stack, hidden pixels (1, h, w) turn blue."""
    stacked = np.concatenate(image.reshape(-1, *image.shape[-3:]), axis=-2)
    levels = np.clip(np.nan_to_num(stacked), 0.0, 1.0) * 255.0
    channels = levels if len(levels) == 3 else np.repeat(levels.mean(0, keepdims=True), 3, axis=0)
    pixels = channels.transpose(1, 2, 0)
    if hidden is not None and hidden.shape[-2:] == pixels.shape[:2]:
        pixels = np.where(hidden.reshape(*pixels.shape[:2], 1).astype(bool), _HIDDEN, pixels)
    found: Pixels = np.rint(pixels).astype(np.uint8)
    return found


def signed(image: NDArray[Any], limit: float, *, steps: int = STEPS) -> Pixels:
    """Weights (channel, height, width): -limit is blue, 0 paper, limit vermilion; three channels are a colour.

    Colour weights are shown as colours around grey, since that is what they look for. Fewer steps make a smaller file.
    """
    scaled = np.nan_to_num(image) / (limit or 1.0)
    if len(image) == 3:
        return photograph(scaled / 2 + 0.5)
    return _through(_SIGNED, scaled.mean(0) / 2 + 0.5, steps)


def difference(image: NDArray[Any], limit: float) -> Pixels:
    """Differences (..., channel, height, width), mean over channels, in the colours of `signed`; sources stack."""
    stacked = np.concatenate(image.reshape(-1, *image.shape[-3:]), axis=-2)
    return _through(_SIGNED, np.nan_to_num(stacked).mean(0) / (limit or 1.0) / 2 + 0.5)


def heat(image: NDArray[Any], high: float) -> Pixels:
    """Errors (channel, height, width), mean over channels, from 0 (the page's ground) to `high`: with transparency."""
    return _through(_HEAT, np.nan_to_num(image, nan=high, posinf=high).mean(0) / (high or 1.0))


def mosaic(tiles: Sequence[Pixels], columns: int, *, gap: int = 1) -> Pixels:
    """Equal tiles (height, width, 3) in rows of `columns`, parted by `gap` transparent pixels: (H, W, 4)."""
    height, width, _ = tiles[0].shape
    rows = math.ceil(len(tiles) / columns)
    canvas = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), np.uint8)
    for place, tile in enumerate(tiles):
        top, left = (place // columns) * (height + gap), (place % columns) * (width + gap)
        canvas[top : top + height, left : left + width, :3] = tile
        canvas[top : top + height, left : left + width, 3] = 255
    return canvas


def near_square(number: int) -> tuple[int, int]:
    """Rows and columns of a grid of `number` fields: without empty fields where no side is half as long again.

    >>> near_square(1156), near_square(128), near_square(30)
    ((34, 34), (11, 12), (5, 6))
    """
    rows = math.isqrt(number)
    exact = next((rows - step for step in range(rows) if number % (rows - step) == 0), 1)
    if number <= 1.5 * exact**2:
        return exact, number // exact
    columns = math.isqrt(number - 1) + 1
    return math.ceil(number / columns), columns


def unit_grid(values: NDArray[Any], limit: float, *, two_sided: bool) -> Pixels:
    """One field a number (unit,), as `signed` from -limit to limit or as `heat` from 0: (rows, columns, 4)."""
    row = np.asarray(values, np.float64).reshape(1, 1, -1)
    colours = (signed if two_sided else heat)(row, limit)[0]
    rows, columns = near_square(len(colours))
    canvas = np.zeros((rows * columns, 4), np.uint8)
    canvas[: len(colours)] = np.pad(colours, ((0, 0), (0, 4 - colours.shape[1])), constant_values=255)
    return canvas.reshape(rows, columns, 4)


def enlarged(pixels: Pixels, least: int) -> Pixels:
    """Pixels repeated to the least whole multiple of their width that reaches `least`."""
    times = math.ceil(least / pixels.shape[1])
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def display_width(width: int, smallest: int = 56) -> int:
    """A picture's width on the page: the least whole multiple that reaches `smallest`, `_LARGEST` at most."""
    return min(_LARGEST, width * math.ceil(smallest / width))


def png(pixels: Pixels) -> bytes:
    """Encode (height, width, 3 or 4) as PNG; a large one with a palette where it has few enough colours."""
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    (_paletted(image) if pixels.size > _LARGE else image).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def data_uri(pixels: Pixels) -> str:
    """Pixels as an address that holds them."""
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"


def _paletted(image: Image.Image) -> Image.Image:
    """The same picture as numbers of its colours, a third of the bytes; unchanged where it has more than 256."""
    clear = image.convert("RGBA")
    counted = clear.getcolors(256)
    if counted is None:
        return image
    colours = np.sort(np.array([colour for _, colour in counted], np.uint8).view(np.uint32)[:, 0])
    places = np.searchsorted(colours, np.asarray(clear).view(np.uint32)[..., 0])
    found = Image.fromarray(places.astype(np.uint8), "P")
    found.putpalette(colours.tobytes(), "RGBA")
    return found


def _through(anchors: Sequence[str], share: NDArray[Any], steps: int = STEPS) -> Pixels:
    """Colours (height, width, 3 or 4) of shares (height, width) in [0,1], straight between evenly spaced anchors."""
    stops = np.array([list(bytes.fromhex(anchor[1:])) for anchor in anchors], np.float64)
    places = np.linspace(0.0, 1.0, len(stops))
    clipped = np.rint(np.clip(share, 0.0, 1.0) * steps) / steps
    return np.stack([np.rint(np.interp(clipped, places, stop)) for stop in stops.T], -1).astype(np.uint8)
