"""One picture file in, one uint8 array out, whatever way the file stores it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from narrows.data.dataset import Pictures

Size: TypeAlias = tuple[int, int]
"""Height and width in pixels."""
Channels: TypeAlias = Literal[1, 3]
Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is (0 where that is not known)."""

# Without EPS and its like, which Pillow hands to other programs.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000")
SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".jp2")
)
GREY_MODES = frozenset(("1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I;16N"))
ORIENTATION, FIRST_TURNED = 0x0112, 5
"""The EXIF tag of a camera's orientation; values from 5 on mean that height and width are swapped."""


class Header(NamedTuple):
    """What a picture file says of itself before its pixels are decoded."""

    size: Size
    """As the picture is to be looked at: turned as EXIF says."""
    channels: Channels


def say_nothing(label: str, done: int, total: int) -> None:
    """The progress of those who asked for none."""


def as_size(size: int | Size | None) -> Size | None:
    """Height and width of a size that may be given as one number.

    Raises:
        ValueError: a length is not positive.
    """
    if isinstance(size, int):
        size = (size, size)
    if size is not None and min(size) < 1:
        raise ValueError(f"expected a size of at least 1 x 1 pixels, found {size[0]} x {size[1]}; 64 is a usual one")
    return size


def read_header(path: Path) -> Header:
    """Size and channels of a picture file, without decoding it; raises whatever Pillow raises on a broken one."""
    with Image.open(path, formats=FORMATS) as image:
        # The general method: that of PNG files decodes all pixels, in case the tags stand behind them.
        turned = Image.Image.getexif(image).get(ORIENTATION, 1) >= FIRST_TURNED
        size = (image.width, image.height) if turned else (image.height, image.width)
        return Header(size, 1 if image.mode in GREY_MODES else 3)


def read_picture(path: Path, *, size: Size | None = None, channels: Channels | None = None) -> NDArray[np.uint8]:
    """A picture file as (channel, height, width), turned as EXIF says, over white where it is transparent.

    16-bit greys are scaled to 8 bits; palettes, CMYK and the like become RGB; of a moving picture the first frame is
    taken. A size squeezes the picture to it (bilinear over all covered pixels). Without `channels`, greys stay one.

    Raises:
        ValueError: the range of the values is not known (32-bit whole numbers or floats).
        Exception: whatever Pillow raises on a broken file.
    """
    with Image.open(path, formats=FORMATS) as image:
        if size is not None:
            # JPEG decodes at a fraction of its size for a fraction of the time; twice the side leaves bilinear
            # resizing enough to average. Other formats ignore this.
            image.draft(None, (2 * max(size), 2 * max(size)))
        upright = ImageOps.exif_transpose(image)
    plain = _plain(upright)
    if channels is not None:
        plain = plain.convert("L" if channels == 1 else "RGB")
    if size is not None and plain.size != size[::-1]:
        plain = plain.resize(size[::-1], Image.Resampling.BILINEAR)
    array = np.array(plain)
    return array[np.newaxis] if array.ndim == 2 else np.ascontiguousarray(array.transpose(2, 0, 1))


def resize(pictures: Pictures, size: Size | None) -> Pictures:
    """Pictures squeezed to another size, plane by plane (bilinear); the same object where nothing changes."""
    if size is None or pictures.image_shape[1:] == size:
        return pictures
    count, channels = pictures.images.shape[:2]
    resized = np.empty((count, channels, *size), dtype=np.uint8)

    def fill(row: int) -> None:
        for channel in range(channels):
            plane = Image.fromarray(np.ascontiguousarray(pictures.images[row, channel]))
            resized[row, channel] = np.asarray(plane.resize(size[::-1], Image.Resampling.BILINEAR))

    with ThreadPoolExecutor() as pool:
        for _ in pool.map(fill, range(count)):
            pass
    return Pictures(resized, pictures.labels)


def _plain(image: Image.Image) -> Image.Image:
    """The picture in mode L or RGB."""
    if image.mode.startswith("I;16"):
        return Image.fromarray(np.rint(np.asarray(image) / 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"its values have no known range (mode {image.mode}): store it with 8 or 16 bits")
    grey = image.mode in GREY_MODES
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("L" if grey else "RGB")
