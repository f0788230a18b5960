"""Parquet files with a column of encoded pictures, as the hubs of data sets write them; pyarrow reads them."""

import io
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrows.data.dataset import Pictures
from narrows.data.picture import Progress, Size, read_header, read_picture, say_nothing
from narrows.files import check_unpacked

BATCH = 256
"""Rows read at a time, so that the encoded pictures need not all be in memory."""
LABELS = ("label", "labels", "fine_label", "class")
"""Columns that are taken for class names or numbers, the first that is there."""


class Table(NamedTuple):
    """A Parquet file's pictures."""

    pictures: Pictures
    class_names: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    """(row, reason) of pictures that could not be decoded."""


def read_parquet(
    path: Path, *, size: Size | None = None, crop: bool = False, on_progress: Progress | None = None
) -> Table:
    """All pictures of a Parquet file, in memory; what cannot be decoded is listed in `unreadable`.

    The pictures are the first column that holds bytes, or records with a field `bytes`.

    Args:
        path: the file.
        size: to bring all pictures to; None takes that of the first.
        crop: whether the middle is cut out of pictures in place of squeezing them to the size.
        on_progress: told of every picture.

    Raises:
        FileNotFoundError: there is no such file.
        ImportError: pyarrow is not installed.
        ValueError: it is no Parquet file, holds no picture that can be read, or is made to fill the memory.
    """
    if not path.is_file():
        raise FileNotFoundError(f"expected a Parquet file, found none at {path}; check the path")
    file = open_parquet(path)
    column = picture_column(path, file.schema_arrow)
    named = next((name for name in LABELS if name in file.schema_arrow.names), None)
    found: list[NDArray[np.uint8]] = []
    labels: list[str] = []
    unreadable = []
    rows = file.metadata.num_rows
    held = 0
    for done, row in enumerate(rows_of(path, file, [column, *([named] if named else [])]), start=1):
        (on_progress or say_nothing)("decoding pictures", done, rows)
        content = row[column]["bytes"] if isinstance(row[column], dict) else row[column]
        try:
            size = size or read_header(io.BytesIO(content)).size
            found.append(read_picture(io.BytesIO(content), size=size, crop=crop, channels=3))
        except Exception as error:  # Pillow raises many kinds on broken files
            unreadable.append((f"row {done - 1}", " ".join(f"{type(error).__name__}: {error}".split())))
            held += len(unreadable[-1][1])
        else:
            labels.append(str(row[named]) if named else "")
            held += found[-1].nbytes
        check_decoded(path, held)
    if not found:
        raise ValueError(
            f"expected pictures in the column {column} of {path}, found none that can be read among {rows}"
        )
    images = np.stack(found)
    if (images == images[:, :1]).all():
        images = np.ascontiguousarray(images[:, :1])
    names, numbers = np.unique(labels, return_inverse=True)
    known = named is not None and len(names) > 1
    return Table(
        Pictures(images, numbers.astype(np.int64) if known else None),
        tuple(names.tolist()) if known else (),
        tuple(unreadable),
    )


def open_parquet(path: Path) -> Any:
    """A Parquet file of which no row is read yet.

    Raises:
        ImportError: pyarrow is not installed.
        ValueError: it is no Parquet file, or says of itself that it would fill the memory.
    """
    parquet = parquet_package()
    try:
        file = parquet.ParquetFile(path)
        groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
        check_unpacked(path, sum(group.total_byte_size for group in groups))
    except Exception as error:  # pyarrow raises kinds of its own
        raise no_parquet(path, error) from error
    return file


def rows_of(path: Path, file: Any, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of some columns, `BATCH` at a time in memory.

    Raises:
        ValueError: a part is broken, or what is stored once stands in so many rows that they would fill the memory.
    """
    held = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH, columns=list(columns)):
            held += batch.nbytes
            check_unpacked(path, held)
            yield from batch.to_pylist()
    except Exception as error:  # pyarrow raises kinds of its own
        raise no_parquet(path, error) from error


def no_parquet(path: Path, error: Exception) -> ValueError:
    """What is said of a file that pyarrow cannot read, or that would fill the memory."""
    return ValueError(
        f"expected a Parquet file in {path}, found one that cannot be read ({error}); put a whole copy in its place"
    )


def check_decoded(path: Path, num_bytes: int) -> None:
    """Refuse pictures that fill the memory once they are decoded.

    Raises:
        ValueError: from `check_unpacked`, with a further cure.
    """
    try:
        check_unpacked(path, num_bytes)
    except ValueError as error:
        raise ValueError(
            f"expected pictures that fit into memory in {path}, found {error}, or give a smaller size"
        ) from error


def picture_column(path: Path, schema: Any) -> str:
    """The first column that holds bytes, or records with a field of bytes."""
    for field in schema:
        kind = str(field.type)
        if kind.endswith("binary") or (kind.startswith("struct") and "bytes: binary" in kind):
            return str(field.name)
    raise ValueError(
        f"expected a column of encoded pictures in {path}, found {', '.join(schema.names)}; it holds bytes, or records "
        "with a field 'bytes'"
    )


def parquet_package() -> Any:
    """The optional package that reads and writes Parquet.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            "expected pyarrow for Parquet, found none; 'pip install narrows[parquet]', or use another format"
        ) from error
