"""The pictures that a model is to encode or to be judged on: all that a source holds, in the model's size."""

from pathlib import Path
from typing import NamedTuple

from narrows.apply.run import Run
from narrows.data import CATALOGUE, Pictures, Progress, load, read_array, read_folder, resize
from narrows.data.loading import parts_of
from narrows.data.parquet import read_parquet
from narrows.data.picture import recolour


class Gathered(NamedTuple):
    """Pictures and where they came from."""

    name: str
    """Of the source, as reports call it."""
    pictures: Pictures
    files: tuple[str, ...]
    """Of each picture: its file below the folder, or its number."""
    class_names: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    """(file, reason) of pictures that could not be decoded."""


def gather(run: Run, source: str, *, root: Path | None = None, on_progress: Progress | None = None) -> Gathered:
    """All pictures of a folder or array file; of the catalogue, and of sets with a plus between them, the test split.

    They are brought to the size and the channels of the run's model as its training pictures were.

    Raises:
        FileNotFoundError: there is nothing at the path, or files of the set are missing.
        ValueError: pictures that do not fit the model.
    """
    channels, height, width = run.model.image_shape
    size, crop = (height, width), bool(run.record.experiment["data"].get("crop"))
    path = Path(source).expanduser()
    if source in CATALOGUE or len(parts_of(source)) > 1:
        data = load(source, root, size=size, crop=crop, on_progress=on_progress)
        found = Gathered(data.name, data.test, numbered(len(data.test)), data.class_names, data.unreadable)
    elif path.suffix.lower() == ".parquet":
        table = read_parquet(path, size=size, crop=crop, on_progress=on_progress)
        found = Gathered(path.stem, table.pictures, numbered(len(table.pictures)), table.class_names, table.unreadable)
    elif path.is_file():
        pictures = resize(read_array(path), size, crop=crop)
        found = Gathered(path.stem, pictures, numbered(len(pictures)), (), ())
    else:
        folder = read_folder(path, size=size, crop=crop, on_progress=on_progress)
        name = path.resolve().name
        found = Gathered(name, folder.pictures, folder.files, folder.class_names, folder.unreadable)
    return found._replace(pictures=recolour(found.pictures, channels))


def numbered(count: int) -> tuple[str, ...]:
    """Names of pictures that have none."""
    return tuple(f"{number:05}" for number in range(count))
