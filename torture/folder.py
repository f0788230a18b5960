"""What lies in a run folder: whether every file is whole, how far the run was, and in what two runs differ."""

import hashlib
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import safetensors.torch
from PIL import Image

from narrows.files import LOCK, TEMPORARY
from narrows.results import HistoryRow, Reported, Result, open_run, read_rows
from narrows.training import StateFile, load_model

TIMED = "training_seconds"
"""The one figure of results.csv that no seed fixes."""
FIXED = ("experiment.json", "findings.json", "reported.csv")
SAME_BYTES = (".safetensors", ".npz")
"""Files, and kinds of them, that hold nothing of a clock."""
ROWS = {"results.csv": Result, "history.csv": HistoryRow, "reported.csv": Reported}


def read_csv(path: Path) -> None:
    """Read a table of a run as reports do."""
    read_rows(path, ROWS[path.name])


def read_arrays(path: Path) -> None:
    """Read every array of a file."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        for name in archive.files:
            archive[name]


def read_tensors(path: Path) -> None:
    """Read a training's state, or a model's weights, with their description where it is there."""
    if path.name == "state.safetensors":
        StateFile(path).load()
    elif path.with_name("model.json").exists():
        load_model(path.parent)
    else:
        safetensors.torch.load(path.read_bytes())


def read_html(path: Path) -> None:
    """Read a page to its end."""
    if not path.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        raise ValueError("the page breaks off")


def read_png(path: Path) -> None:
    """Decode a figure."""
    with Image.open(path) as image:
        image.load()


READERS: dict[str, Callable[[Path], object]] = {
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".csv": read_csv,
    ".npz": read_arrays,
    ".safetensors": read_tensors,
    ".html": read_html,
    ".svg": ET.parse,
    ".png": read_png,
}


def whole_files(folder: Path) -> list[Path]:
    """Every file of a run, but for the lock and the temporary names of what was being written."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if path.name != LOCK and not TEMPORARY.fullmatch(path.name)]


def broken_files(folder: Path) -> list[str]:
    """Of every file of a run that its reader refuses, the name and why; empty where all are whole."""
    found = []
    for path in whole_files(folder):
        try:
            READERS[path.suffix](path)
        except Exception as error:  # whatever a reader raises is what is asked for
            found.append(f"{path.relative_to(folder)}: {type(error).__name__}: {error}")
    return found


def phase(folder: Path) -> str:
    """What a run was doing when it was stopped, from what is on disk."""
    names = {path.name for path in folder.rglob("*")} if folder.exists() else set()
    if "experiment.json" not in names:
        return "beginning"
    if "findings.json" in names:
        return "reporting"
    states = list(folder.rglob("state.safetensors"))
    trains = [path for path in states if not path.with_name("model.json").exists()]
    return "training" if trains else "evaluating" if states or "results.csv" in names else "beginning"


def was_writing(folder: Path) -> bool:
    """Whether a file was being written when the run was stopped."""
    return any(TEMPORARY.fullmatch(path.name) for path in folder.rglob(".*"))


def differences(whole: Path, other: Path) -> list[str]:
    """In what a run differs from an unbroken one, but for what a clock says; empty where it does not.

    Weights, arrays and descriptions are compared by their sha256, rows as they are; of the report's figures, the names.
    """
    found = []
    names = [{str(path.relative_to(folder)) for path in whole_files(folder)} for folder in (whole, other)]
    if odd := names[0] ^ names[1]:
        found.append(f"files that only one has: {', '.join(sorted(odd))}")
    found += [
        f"{name} has another sha256"
        for name in sorted(names[0] & names[1])
        if (Path(name).suffix in SAME_BYTES or name in FIXED) and sha256(whole / name) != sha256(other / name)
    ]
    one, two = open_run(whole), open_run(other)
    if untimed(one.results) != untimed(two.results):
        found.append("results.csv")
    if [row._replace(seconds=0) for row in one.history] != [row._replace(seconds=0) for row in two.history]:
        found.append("history.csv")
    if not two.environment.get("finished"):
        found.append("environment.json does not say that it is finished")
    return found


def untimed(rows: list[Result]) -> list[tuple[str, ...]]:
    """Figures as text, since one that is not a number equals itself then; those of a clock left out."""
    return [tuple(map(str, row)) for row in rows if row.metric != TIMED]


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
