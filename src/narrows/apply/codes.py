"""Codes of pictures on disk, and pictures of codes: one row of numbers a picture, with its file and its label."""

import io
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.apply.files import as_bytes, check_absent, check_new, check_suffix, save
from narrows.apply.gather import Gathered, numbered
from narrows.apply.run import ENCODED, Run
from narrows.data import Progress
from narrows.data.parquet import open_parquet, parquet_package, rows_of
from narrows.data.picture import say_nothing
from narrows.files import check_zip, write_atomic
from narrows.training.settings import Precision

SUFFIXES = (".npz", ".parquet")


def encode_to_file(
    run: Run,
    gathered: Gathered,
    out: Path,
    on_progress: Progress | None = None,
    *,
    precision: Precision = "float32",
) -> NDArray[np.float32]:
    """Write the codes of pictures beside their files and labels.

    An .npz file holds `codes` (picture, code), `files` and, where there are classes, `labels` and `class_names`; a
    Parquet file has the columns file, code, a list of numbers, and label, the class's name.

    Raises:
        FileExistsError: the file is there.
        ImportError: Parquet is asked for and pyarrow is not installed.
        ValueError: another ending, or pictures that do not fit the model.
    """
    check_new(out, SUFFIXES)
    pictures = gathered.pictures
    parts = []
    for start in range(0, len(pictures), ENCODED):
        parts.append(run.encode(pictures.images[start : start + ENCODED], precision=precision))
        (on_progress or say_nothing)("pictures", min(start + ENCODED, len(pictures)), len(pictures))
    codes = np.concatenate(parts)
    content: dict[str, Any] = {"codes": codes, "files": np.array(gathered.files)}
    if pictures.labels is not None:
        content |= {"labels": pictures.labels, "class_names": np.array(gathered.class_names, dtype=str)}
    if out.suffix.lower() == ".npz":
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **content)
        write_atomic(out, buffer.getvalue())
    else:
        write_parquet(out, content)
    return codes


def decode_to_files(run: Run, source: Path, out: Path, on_progress: Progress | None = None) -> tuple[str, ...]:
    """Write the pictures of codes that `encode_to_file` wrote, as PNG under the names that their pictures had.

    Raises:
        FileExistsError: a file of that name is there.
        FileNotFoundError: there is no file of codes.
        ImportError: it is a Parquet file and pyarrow is not installed.
        ValueError: it holds no codes, or others than the model's, or more than the code reaches the decoder.
    """
    codes, files = read_codes(source)
    names = decoded_names(files)
    check_absent(out, [str(Path(folder) / name) for name in names for folder in run.sources or ("",)])
    written: list[str] = []
    for start in range(0, len(codes), ENCODED):
        decoded = run.decode(codes[start : start + ENCODED])
        by_source = decoded if run.sources else decoded[:, None]
        for name, parts in zip(names[start : start + ENCODED], by_source, strict=True):
            for planes, folder in zip(parts, run.sources or ("",), strict=True):
                pixels = as_bytes(planes[0] if len(planes) == 1 else np.moveaxis(planes, 0, -1))
                written.append(save(pixels, out, str(Path(folder) / name)))
        (on_progress or say_nothing)("pictures", min(start + ENCODED, len(codes)), len(codes))
    return tuple(written)


def read_codes(source: Path) -> tuple[NDArray[np.float32], list[str]]:
    """Codes (picture, code) and the pictures' files."""
    check_suffix(source, SUFFIXES)
    if not source.is_file():
        raise FileNotFoundError(f"expected a file of codes at {source}, found none; 'narrows encode' writes one")
    try:
        content = parquet_codes(source) if source.suffix.lower() == ".parquet" else archived_codes(source)
    except ImportError:
        raise
    except Exception as error:  # NumPy, zipfile and pyarrow raise many kinds on broken files
        raise ValueError(
            f"expected a file of codes in {source}, found one that cannot be read ({error}); 'narrows encode' writes "
            "such a file"
        ) from error
    codes, files = content
    if codes.ndim != 2 or len(files) != len(codes):
        raise ValueError(
            f"expected codes of shape (picture, code) and a file for each in {source}, found {codes.shape} and "
            f"{len(files)} files; 'narrows encode' writes such a file"
        )
    return codes, files


def parquet_codes(source: Path) -> tuple[NDArray[np.float32], list[str]]:
    """Codes and files of a Parquet file."""
    rows = list(rows_of(source, open_parquet(source), ("code", "file")))
    return np.array([row["code"] for row in rows], dtype=np.float32), [row["file"] for row in rows]


def archived_codes(source: Path) -> tuple[NDArray[np.float32], list[str]]:
    """Codes of an .npz file, and its files, or numbers where it names none."""
    check_zip(source)
    # opened here, since NumPy leaves a broken archive open
    with source.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        codes = archive["codes"].astype(np.float32)
        return codes, archive["files"].tolist() if "files" in archive.files else list(numbered(len(codes)))


def decoded_names(files: Sequence[str]) -> list[str]:
    """Names of decoded pictures: .png in place of the ending, or behind it where two pictures would get one name."""
    short = [str(Path(name).with_suffix(".png")) for name in files]
    counts = Counter(short)
    return [f"{name}.png" if counts[brief] > 1 else brief for name, brief in zip(files, short, strict=True)]


def write_parquet(out: Path, content: dict[str, Any]) -> None:
    """The same as columns."""
    writer, arrow = parquet_package(), import_module("pyarrow")
    columns = {"file": content["files"].tolist(), "code": content["codes"].tolist()}
    if "labels" in content:
        names = content["class_names"]
        columns["label"] = [str(names[label]) if len(names) else str(label) for label in content["labels"]]
    buffer = io.BytesIO()
    writer.write_table(arrow.table(columns), buffer)
    write_atomic(out, buffer.getvalue())
