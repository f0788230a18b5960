"""Codes of pictures on disk, and pictures of codes: one row of numbers a picture, with its file and its label."""

import io
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.apply.files import as_bytes, save
from narrows.apply.gather import Gathered, numbered
from narrows.apply.run import ENCODED, Run
from narrows.data import Progress
from narrows.data.parquet import parquet_package
from narrows.data.picture import say_nothing
from narrows.files import write_atomic

SUFFIXES = (".npz", ".parquet")


def encode_to_file(run: Run, gathered: Gathered, out: Path, on_progress: Progress | None = None) -> NDArray[np.float32]:
    """Write the codes of pictures beside their files and labels.

    An .npz file holds `codes` (picture, code), `files` and, where there are classes, `labels` and `class_names`; a
    Parquet file has the columns file, code, a list of numbers, and label, the class's name.

    Raises:
        ImportError: Parquet is asked for and pyarrow is not installed.
        ValueError: another ending, or pictures that do not fit the model.
    """
    check_suffix(out)
    pictures = gathered.pictures
    parts = []
    for start in range(0, len(pictures), ENCODED):
        parts.append(run.encode(pictures.images[start : start + ENCODED]))
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
    written: list[str] = []
    for start in range(0, len(codes), ENCODED):
        decoded = run.decode(codes[start : start + ENCODED])
        by_source = decoded if run.sources else decoded[:, None]
        for name, parts in zip(files[start : start + ENCODED], by_source, strict=True):
            for planes, folder in zip(parts, run.sources or ("",), strict=True):
                pixels = as_bytes(planes[0] if len(planes) == 1 else np.moveaxis(planes, 0, -1))
                written.append(save(pixels, out, str((Path(folder) / name).with_suffix(".png"))))
        (on_progress or say_nothing)("pictures", min(start + ENCODED, len(codes)), len(codes))
    return tuple(written)


def read_codes(source: Path) -> tuple[NDArray[np.float32], list[str]]:
    """Codes (picture, code) and the pictures' files."""
    check_suffix(source)
    if not source.is_file():
        raise FileNotFoundError(f"expected a file of codes at {source}, found none; 'narrows encode' writes one")
    if source.suffix.lower() == ".parquet":
        table = parquet_package().read_table(source)
        return np.array(table["code"].to_pylist(), dtype=np.float32), list(table["file"].to_pylist())
    with np.load(source, allow_pickle=False) as archive:
        if "codes" not in archive.files or archive["codes"].ndim != 2:
            raise ValueError(
                f"expected an array 'codes' of shape (picture, code) in {source}, found {', '.join(archive.files)}; "
                "'narrows encode' writes one"
            )
        codes = archive["codes"].astype(np.float32)
        files = archive["files"].tolist() if "files" in archive.files else list(numbered(len(codes)))
    return codes, files


def check_suffix(path: Path) -> None:
    """Refuse a file of codes in another form.

    Raises:
        ValueError: it ends neither in .npz nor in .parquet.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"expected a file that ends in {' or '.join(SUFFIXES)}, found {path.name}; rename it")


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
