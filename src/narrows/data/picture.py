"""One picture file in, one uint8 array out, whatever way the file stores it."""

import re
import stat
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
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


def parse_size(text: str) -> Size:
    """A size as a user writes it: one number for a square, or height and width.

    Raises:
        ValueError: other than one or two whole numbers above 0.

    >>> parse_size("64"), parse_size("48,64")
    ((64, 64), (48, 64))
    """
    match = re.fullmatch(r"(\d+)(?:\s*[,x]\s*(\d+))?", text.strip())
    if match is None:
        raise ValueError(f"expected a size as 64, or as height and width 48,64, found {text!r}")
    height, width = int(match[1]), int(match[2] or match[1])
    size = as_size((height, width))
    assert size is not None
    return size


def open_picture(path: Path | BytesIO) -> Image.Image:
    """A picture file, its pixels not yet decoded; raises whatever Pillow raises on a broken one.

    Raises:
        ValueError: it is a pipe or device, which may never end.
    """
    if isinstance(path, Path) and not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("it is no file of its own, but a folder, pipe, socket or device")
    return Image.open(path, formats=FORMATS)


def read_header(path: Path | BytesIO) -> Header:
    """Size and channels of a picture file, without decoding it; raises what `open_picture` raises."""
    with open_picture(path) as image:
        # The general method: that of PNG files decodes all pixels, in case the tags stand behind them.
        turned = Image.Image.getexif(image).get(ORIENTATION, 1) >= FIRST_TURNED
        size = (image.width, image.height) if turned else (image.height, image.width)
        return Header(size, 1 if image.mode in GREY_MODES else 3)


def read_picture(
    path: Path | BytesIO, *, size: Size | None = None, crop: bool = False, channels: Channels | None = None
) -> NDArray[np.uint8]:
    """A picture file as (channel, height, width), turned as EXIF says, over white where it is transparent.

    16-bit greys are scaled to 8 bits; palettes, CMYK and the like become RGB; of a moving picture the first frame is
    taken. A size squeezes the picture to it (bilinear over all covered pixels); with `crop` the middle is cut out
    in its place, see `framed_size`. Without `channels`, greys stay one.

    Raises:
        ValueError: the range of the values is not known (32-bit whole numbers or floats).
        Exception: whatever Pillow raises on a broken file.
    """
    with open_picture(path) as image:
        if size is not None:
            # JPEG decodes at a fraction of its size for a fraction of the time; twice the side leaves bilinear
            # resizing enough to average. Other formats ignore this.
            factor = 4 if crop else 2
            image.draft(None, (factor * max(size), factor * max(size)))
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        plain = _plain(image)
    if channels is not None:
        plain = _converted(plain, "L" if channels == 1 else "RGB")
    if size is not None:
        whole = framed_size((plain.height, plain.width), size) if crop else size
        if (plain.height, plain.width) != whole:
            plain = plain.resize(whole[::-1], Image.Resampling.BILINEAR)
        left, top = (whole[1] - size[1]) // 2, (whole[0] - size[0]) // 2
        plain = plain.crop((left, top, left + size[1], top + size[0]))
    return _planes(plain)


def read_transparent(path: Path) -> NDArray[np.bool_] | None:
    """Where a picture file is more transparent than not, (height, width); None where it is nowhere."""
    with open_picture(path) as image:
        upright = ImageOps.exif_transpose(image)
    if not upright.has_transparency_data:
        return None
    hidden: NDArray[np.bool_] = np.asarray(upright.convert("RGBA"))[..., 3] < 128
    return hidden if hidden.any() else None


def read_mask(path: Path) -> NDArray[np.bool_]:
    """A picture file as a mask, (height, width): true where it is bright.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        found: NDArray[np.bool_] = read_picture(path, channels=1)[0] >= 128
    except Exception as error:  # Pillow raises many kinds on broken files
        raise ValueError(f"expected a picture as mask in {path}, found {error}; save it as PNG") from error
    return found


def recolour(pictures: Pictures, channels: int) -> Pictures:
    """Pictures with as many channels: greys are repeated, colours become the grey that Pillow makes of them.

    Raises:
        ValueError: neither is possible.
    """
    own = pictures.image_shape[0]
    if own == channels:
        return pictures
    images = pictures.images
    if own == 1:
        return replace(pictures, images=np.broadcast_to(images, (*images.shape[:-3], channels, *images.shape[-2:])))
    if (own, channels) != (3, 1):
        raise ValueError(f"expected pictures of {channels} channels, or grey ones, found {own}; convert them")
    grey = np.empty((*images.shape[:-3], 1, *images.shape[-2:]), dtype=np.uint8)
    for place, image in enumerate(images):
        grey[place, ..., 0, :, :] = np.rint(np.moveaxis(image, -3, -1) @ np.array((0.299, 0.587, 0.114)))
    return replace(pictures, images=grey)


def framed_size(found: Size, size: Size) -> Size:
    """The size to which a picture is brought before the middle is cut out of it: in its own proportions.

    What is cut shows at least half of the picture's height, or of its width; a smaller picture is enlarged.

    >>> framed_size((375, 500), (96, 96)), framed_size((100, 300), (96, 96)), framed_size((48, 60), (96, 96))
    ((192, 256), (100, 300), (96, 120))
    """
    scales = [wanted / length for wanted, length in zip(size, found, strict=True)]
    scale = max(*scales, min(1.0, 2 * max(scales)))
    height, width = (max(wanted, round(scale * length)) for wanted, length in zip(size, found, strict=True))
    return height, width


def resize(pictures: Pictures, size: Size | None, *, crop: bool = False) -> Pictures:
    """Pictures brought to another size as `read_picture` does, plane by plane; the same object if nothing changes."""
    if size is None or pictures.image_shape[1:] == size:
        return pictures
    count, channels, height, width = pictures.images.shape
    whole = framed_size((height, width), size) if crop else size
    top, left = (whole[0] - size[0]) // 2, (whole[1] - size[1]) // 2
    planes = pictures.images.reshape(-1, height, width)
    resized = np.empty((len(planes), *size), dtype=np.uint8)
    four = np.zeros((height, width, 4), dtype=np.uint8)
    for first in range(0, len(planes), 4):
        found = planes[first : first + 4]
        four[:, :, : len(found)] = found.transpose(1, 2, 0)
        # four planes in one call, whose own cost is most of a small picture's; CMYK is what Pillow takes as four alike
        packed = Image.frombuffer("CMYK", (width, height), four, "raw", "CMYK", 0, 1)
        brought = np.asarray(packed.resize(whole[::-1], Image.Resampling.BILINEAR))
        cut = brought[top : top + size[0], left : left + size[1]]
        resized[first : first + 4] = cut.transpose(2, 0, 1)[: len(found)]
    return Pictures(resized.reshape(count, channels, *size), pictures.labels)


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
    return _converted(image, "L" if grey else "RGB")


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """The picture in a mode; Pillow alone would copy one that has it."""
    return image if image.mode == mode else image.convert(mode)


def _planes(image: Image.Image) -> NDArray[np.uint8]:
    """A picture of mode L or RGB as (channel, height, width), writable.

    Pillow packs single bands; turning an array's axes around in NumPy takes several times as long.
    """
    packed = bytearray().join(image.tobytes("raw", band) for band in image.mode)
    return np.frombuffer(packed, np.uint8).reshape(len(image.mode), image.height, image.width)
