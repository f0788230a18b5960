"""Picture files through a model: the same names and sizes come out, and a sheet of before and after."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from narrows.apply.run import Run
from narrows.data import Progress, list_pictures, read_picture
from narrows.data.array import channels_first, open_arrays
from narrows.data.loading import ARRAY_SUFFIXES
from narrows.data.picture import read_mask, read_transparent, say_nothing
from narrows.files import replacing

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 95}),
    ".jpeg": ("JPEG", {"quality": 95}),
    ".webp": ("WEBP", {"lossless": True}),
    ".bmp": ("BMP", {}),
    ".tif": ("TIFF", {}),
    ".tiff": ("TIFF", {}),
    ".ppm": ("PPM", {}),
    ".pgm": ("PPM", {}),
}
"""How pictures are written, by their ending; one of another ending gets .png behind its name."""
SHEET = "before-and-after.png"
ON_SHEET, SHEET_SIDE, GAP = 12, 240, 8
"""Pictures on a sheet, the longest side of each, and what lies between them, in pixels."""
DOUBTFUL = 4.0
"""Times the test pictures' mean distance between a mixture and the mean of its parts, from which one is doubted."""
LEAST_DISTANCE = 1e-4
"""Below it nothing is doubted: a deviation of 2.6 of 255 grey levels, which a picture file's rounding stays within."""

Picture = NDArray[Any]
"""(height, width) or (height, width, channel): uint8, or floats."""


class Given(NamedTuple):
    """One picture to be worked on."""

    name: str
    """Of its file, below the input folder."""
    read: Callable[[], tuple[Picture, NDArray[np.bool_] | None]]
    """The picture, and where it is hidden."""


class Applied(NamedTuple):
    """What came of pictures."""

    written: tuple[str, ...]
    """Files below the output folder."""
    left_out: tuple[tuple[str, str], ...]
    """(file, reason) of pictures that could not be worked on."""
    doubtful: tuple[tuple[str, str], ...]
    """(file, reason) of pictures that the model was likely not made for."""


def apply_files(
    run: Run,
    source: Path,
    out: Path,
    *,
    mask: Path | None = None,
    sheet: bool = False,
    on_progress: Progress | None = None,
) -> Applied:
    """Every picture of a source through a run's model, written with 8 bits under its name and in its size.

    A model that takes mixtures apart writes a folder for each source.

    Args:
        run: the model.
        source: a picture, a folder of pictures at any depth, or an array file.
        out: a folder; files in it are not replaced.
        mask: a picture whose bright half is hidden, for all, or a folder with one of the same name for each. Without
            it, what is transparent is hidden from a model that fills in.
        sheet: whether to write `SHEET` as well.
        on_progress: told of every picture.

    Raises:
        FileExistsError: a file of that name is there.
        FileNotFoundError: there is no such source, or no such mask.
        ValueError: no picture is there, two would get one name, the model fills nothing in and a mask was given, or a
            folder of masks for an array file.
    """
    if mask is not None and run.task != "inpainting":
        run.mask(np.zeros((1, 1), dtype=bool), (1, 1))  # refuses with its own sentence
    given = list(every(source, mask if mask is not None else (run.task == "inpainting")))
    names = [str(Path(folder) / written_name(each.name)) for each in given for folder in run.sources or ("",)]
    check_absent(out, [*names, *([SHEET] if sheet else [])])
    written: list[str] = []
    left_out: list[tuple[str, str]] = []
    doubtful: list[tuple[str, str]] = []
    rows: list[list[Picture]] = []
    for done, each in enumerate(given, start=1):
        try:
            picture, hidden = each.read()
            parts = run.parts(picture, hidden)
        except Exception as error:  # Pillow raises many kinds on broken files
            left_out.append((each.name, " ".join(f"{type(error).__name__}: {error}".split())))
            continue
        finally:
            (on_progress or say_nothing)("pictures", done, len(given))
        clamped = [as_bytes(part) for part in parts]
        for part, folder in zip(clamped, run.sources or ("",), strict=True):
            written.append(save(part, out, str(Path(folder) / each.name)))
        if sheet and len(rows) < ON_SHEET:
            rows.append([shown(picture, hidden), *clamped])
        if doubt := doubted(run, picture, parts):
            doubtful.append((each.name, doubt))
    if rows:
        written.append(save(sheet_of(rows), out, SHEET))
    return Applied(tuple(written), tuple(left_out), tuple(doubtful))


def every(source: Path, masked: Path | bool) -> Iterator[Given]:
    """The pictures of a source; `masked` says where masks lie, or whether transparency is one."""
    if isinstance(masked, Path) and not masked.exists():
        raise FileNotFoundError(f"expected a mask, or a folder of masks, at {masked}, found none; check the path")
    if source.suffix.lower() in ARRAY_SUFFIXES:
        yield from arrays(source, masked)
        return
    names = [source.name] if source.is_file() else list_pictures(source)
    folder = source.parent if source.is_file() else source
    for name in names:
        yield Given(name, lambda path=folder / name, name=name: read(path, name, masked))  # type: ignore[misc]  # bound now


def read(path: Path, name: str, masked: Path | bool) -> tuple[Picture, NDArray[np.bool_] | None]:
    """A picture file as (height, width) or (height, width, channel), and where it is hidden."""
    planes = read_picture(path)
    picture = planes[0] if len(planes) == 1 else planes.transpose(1, 2, 0)
    if isinstance(masked, bool):
        return picture, read_transparent(path) if masked else None
    if masked.is_file():
        return picture, read_mask(masked)
    alike = [masked / name, *sorted((masked / name).parent.glob(f"{Path(name).stem}.*"))]
    found = next((each for each in alike if each.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"expected a mask called {Path(name).stem} in {masked.name}, found none; add one")
    return picture, read_mask(found)


def arrays(source: Path, masked: Path | bool) -> Iterator[Given]:
    """The pictures of an array file, numbered; their values may leave [0, 1]."""
    hidden = None
    if isinstance(masked, Path):
        if masked.is_dir():
            raise ValueError(f"expected one mask for the pictures of {source.name}, found the folder {masked}; name it")
        hidden = read_mask(masked)
    images = channels_first(open_arrays(source)[0], None)
    for number, planes in enumerate(images):
        picture = planes[0] if len(planes) == 1 else np.moveaxis(planes, 0, -1)
        yield Given(f"{number:05}.png", lambda picture=picture: (picture, hidden))  # type: ignore[misc]  # bound now


def doubted(run: Run, picture: Picture, parts: NDArray[np.float32]) -> str:
    """Why a mixture is likely none of those that the model has learnt; empty where nothing speaks against it."""
    if not run.sources:
        return ""
    usual = run.record.mean(run.arm["name"], "mixture_distance", evaluation="checks")
    distance = float(np.square(parts.mean(0) - run.values(picture)).mean())
    if not distance > max(DOUBTFUL * usual, LEAST_DISTANCE):
        return ""
    return (
        f"its parts do not add up to it: the squared distance is {distance:.2g}, on test pictures {usual:.2g}; it is "
        "likely no mixture of what the model was trained on"
    )


def as_bytes(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Pixels of 8 bits, clamped."""
    found: NDArray[np.uint8] = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
    return found


def shown(picture: Picture, hidden: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
    """A picture as it was given, grey where it was hidden."""
    pixels = picture.copy() if picture.dtype == np.uint8 else as_bytes(picture)
    if hidden is not None:
        pixels[hidden] = 128
    return pixels


def save(pixels: NDArray[np.uint8], out: Path, name: str) -> str:
    """Write a picture; its name, to which .png was added where its ending cannot be written.

    Raises:
        FileExistsError: it is there already.
        ValueError: the name leads out of the folder, as one in a file of codes may.
    """
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"expected a name below {out}, found {name}; rename it")
    name = written_name(name)
    path = out / name
    check_absent(out, [name])
    kind, options = FORMATS[path.suffix.lower()]
    with replacing(path) as temporary:
        Image.fromarray(pixels).save(temporary, format=kind, **options)
    return name


def written_name(name: str) -> str:
    """A picture's name, with .png behind it where its ending cannot be written."""
    return name if Path(name).suffix.lower() in FORMATS else f"{name}.png"


def check_absent(out: Path, names: Sequence[str]) -> None:
    """Refuse to write over what is there, or two pictures under one name, before any work is done.

    Raises:
        FileExistsError: a file of one of the names is there.
        ValueError: two names are the same.
    """
    if there := [out / name for name in names if (out / name).exists()]:
        raise FileExistsError(f"expected no file at {there[0]}, found one; choose another --out")
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"expected a name of its own for each picture, found {twice[0]} twice; rename one of the two")


def check_new(path: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse a file to write that is there, or whose ending says another form.

    Raises:
        FileExistsError: it is there.
        ValueError: it ends in none of the suffixes.
    """
    check_suffix(path, suffixes)
    check_absent(path.parent, [path.name])


def check_suffix(path: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse a file in another form.

    Raises:
        ValueError: it ends in none of the suffixes.
    """
    if path.suffix.lower() not in suffixes:
        raise ValueError(f"expected a file that ends in {' or '.join(suffixes)}, found {path.name}; rename it")


def sheet_of(rows: list[list[Picture]]) -> NDArray[np.uint8]:
    """A row a picture: as it was given, and what the model made of it."""
    small = [[thumbnail(pixels) for pixels in row] for row in rows]
    widths = [max(image.width for image in column) for column in zip(*small, strict=True)]
    heights = [max(image.height for image in row) for row in small]
    whole = Image.new("RGB", (sum(widths) + GAP * (len(widths) + 1), sum(heights) + GAP * (len(heights) + 1)), "white")
    top = GAP
    for row, height in zip(small, heights, strict=True):
        left = GAP
        for image, width in zip(row, widths, strict=True):
            whole.paste(image, (left, top))
            left += width + GAP
        top += height + GAP
    return np.asarray(whole)


def thumbnail(pixels: Picture) -> Image.Image:
    """A picture with a longest side of `SHEET_SIDE`; small ones enlarged by whole pixels."""
    image = Image.fromarray(pixels).convert("RGB")
    longest = max(image.size)
    factor = SHEET_SIDE // longest if longest <= SHEET_SIDE else SHEET_SIDE / longest
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS)
