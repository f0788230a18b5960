"""A model judged on further pictures: figures and the pictures that it is worst on, kept in the run and its report."""

import csv
import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrows.apply.files import check_new
from narrows.apply.gather import Gathered
from narrows.apply.kept import keep
from narrows.apply.run import Run
from narrows.corruption import CORRUPTIONS
from narrows.descriptions import restore
from narrows.evaluation import evaluate
from narrows.files import as_utf8, write_atomic
from narrows.report import write_report
from narrows.results import EVALUATED, Result, class_name, data_condition

SHOWN = 24
"""Pictures in the report: the worst."""
METRICS = ("squared_error", "mse", "psnr", "ssim")


class Judged(NamedTuple):
    """How a model does on pictures."""

    metrics: dict[str, float]
    errors: NDArray[np.float32]
    """Squared error of each picture."""
    report: Path


def judge(run: Run, gathered: Gathered, per_picture: Path | None = None) -> Judged:
    """Judge a run's model on pictures, on the task that it was trained for, and keep what was found in its folder.

    Args:
        run: the model; of what was kept of an earlier judgement, the figures of the same source are replaced, and the
            pictures of any.
        gathered: the pictures.
        per_picture: a .csv file to write, one row a picture, the largest error first.

    Raises:
        FileExistsError: the file is there.
        ValueError: the pictures do not fit the model, or the file's name ends in another way.
    """
    if per_picture is not None:
        check_new(per_picture, (".csv",))
    corruption = restore(run.arm["description"]["corruption"], CORRUPTIONS)
    pictures = gathered.pictures
    found = evaluate(run.model, pictures, corruption=corruption, num_worst=SHOWN)
    metrics = {name: found.metrics[name] for name in METRICS if name in found.metrics}
    errors = found.arrays["per_picture"]
    order = np.argsort(-errors, kind="stable")
    if per_picture is not None:
        write_errors(per_picture, gathered, errors, order)
    arrays = {key: found.arrays[f"worst_{key}"] for key in ("target", "reconstruction", "error")}
    files = np.array([gathered.files[place] for place in found.arrays["worst_index"]])
    keep_judged(run, gathered, metrics, arrays | {"files": files})
    return Judged(metrics, errors, write_report(run.record.folder))


def write_errors(path: Path, gathered: Gathered, errors: NDArray[np.float32], order: NDArray[np.int64]) -> None:
    """Rank, file, label, squared error and mse of every picture, the largest error first."""
    numbers = float(np.prod(gathered.pictures.images.shape[1:]))
    labels = gathered.pictures.labels
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("rank", "file", "label", "squared_error", "mse"))
    for rank, place in enumerate(order.tolist(), start=1):
        label = "" if labels is None else class_name(gathered.class_names, int(labels[place]))
        writer.writerow((rank, gathered.files[place], label, float(errors[place]), float(errors[place]) / numbers))
    write_atomic(path, as_utf8(text.getvalue()))


def keep_judged(run: Run, gathered: Gathered, metrics: dict[str, float], arrays: dict[str, NDArray[Any]]) -> None:
    """Rows and arrays of the judgement, in the run folder."""
    name, count, arm = str(run.record.experiment["name"]), len(gathered.pictures), run.arm["name"]
    condition = data_condition(gathered.name)
    rows = [
        Result(name, arm, run.seed, EVALUATED, condition, "test", metric, value, count)
        for metric, value in metrics.items()
    ]
    keep(run, gathered.name, rows, {EVALUATED: arrays | {"data": np.array(gathered.name)}})
