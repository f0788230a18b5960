"""A finished run as plain data on disk: records, metrics' units and directions, reading and atomic writing.

Nothing here loads torch: report, doctor and comparison work from the run folder alone.

    RUN/experiment.json   the full description      RUN/environment.json   versions, hardware, command, `format`
    RUN/results.csv       one `Result` a row        RUN/history.csv        one `HistoryRow` a row
    RUN/findings.json     doctor and conclusions    RUN/reported.csv       one `Reported` a row
    RUN/arrays/ARM-SEED/EVALUATION.npz              RUN/models/ARM-SEED/   RUN/report.html, figures/
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, SupportsInt, TypeVar

import numpy as np
from numpy.typing import NDArray

from narrows.descriptions import check_kind
from narrows.files import as_utf8, check_zip, read_json, write_atomic

FORMAT = 1
"""Number of the run folder's layout, written into environment.json; later versions read earlier ones."""

EVALUATED = "evaluated"
"""The evaluation of figures and arrays that `narrows evaluate` adds to a run."""

PROBED, PROBED_PIXELS, PROBED_MAJORITY = "probed", "probed_pixels", "probed_majority"
"""Those that `narrows probe` adds: classifiers of a model's codes; beside them of raw pixels, and of no picture."""

ADDED = (EVALUATED, PROBED, PROBED_PIXELS, PROBED_MAJORITY)
"""What is measured of a finished run on other pictures; it tells nothing of the run's own splits."""

Severity = Literal["error", "warning", "note"]


class Metric(NamedTuple):
    """What a metric's figure means and which way is better."""

    label: str
    unit: str
    better: Literal["lower", "higher", ""]
    """Empty where a figure is a fact about a run rather than a merit."""
    meaning: str


LOSSES = ("loss", "total_loss")
"""What source reports state of loss curves, at a step or an epoch; the total adds sources up."""

METRICS: dict[str, Metric] = {
    "mse": Metric("mse", "", "lower", "squared error, mean over pixels"),
    "mae": Metric("mae", "", "lower", "absolute error, mean over pixels"),
    "squared_error": Metric("squared error", "per picture", "lower", "squared error, sum over a picture's pixels"),
    "psnr": Metric("psnr", "dB", "higher", "mean of the pictures' peak signal-to-noise ratios, peak 1"),
    "ssim": Metric("ssim", "", "higher", "structural similarity, 11 x 11 Gaussian window, sigma 1.5, data range 1"),
    "threshold_accuracy": Metric("within 0.1", "", "higher", "share of pixels with absolute error at most 0.1"),
    "keras_accuracy": Metric("Keras accuracy", "", "higher", "share of pixels whose rounded output equals the target"),
    "explained_variance": Metric("explained variance", "", "higher", "1 is perfect, 0 is the mean picture"),
    "perfect_pictures": Metric("perfect pictures", "", "", "pictures without any error, left out of the mean psnr"),
    "auc": Metric("auc", "", "higher", "chance that a stranger's error is larger than an own picture's"),
    "accuracy": Metric("accuracy", "0 to 1", "higher", "share of pictures whose class a classifier names"),
    "macro_auc": Metric("macro auc", "", "higher", "area under the ROC curve of a class against the others, mean"),
    "cross_entropy": Metric("cross-entropy", "nats", "lower", "minus the log of the true class's probability"),
    "elbo": Metric("bound", "nats", "higher", "log-likelihood of a binarised picture is at least this"),
    "rate": Metric("rate", "nats", "", "KL divergence of a picture's code from the prior"),
    "distortion": Metric("distortion", "nats", "lower", "negative Bernoulli log-likelihood of a binarised picture"),
    "recognised": Metric("recognised", "", "higher", "share whose nearest other clean picture is of the same class"),
    "matrix_product_lowest": Metric("lowest matrix product", "", "", "of a difference with itself; no squared error"),
    "matrix_product_highest": Metric("highest matrix product", "", "", "of a difference with itself; no squared error"),
    "loss": Metric("loss", "", "lower", "what training minimises; comparable only under one objective"),
    "total_loss": Metric("total loss", "", "lower", "what training minimises, added up over sources"),
    "loss_with_penalty": Metric("loss with penalty", "", "lower", "reconstruction error plus penalties"),
    "input_minimum": Metric("lowest input", "", "", "smallest pixel value that the model was given"),
    "input_maximum": Metric("highest input", "", "", "largest pixel value that the model was given"),
    "input_psnr": Metric("input's psnr", "dB", "", "psnr of the corrupted input against the clean picture"),
    "input_distance": Metric("distance to input", "", "", "mse between the reconstruction and the model's input"),
    "mixture_distance": Metric(
        "distance to mixture", "", "", "mse between the mean of the separated parts and the input"
    ),
    "output_variation": Metric("output variation", "", "", "variance of outputs between pictures / that of targets"),
    "code_numbers": Metric("numbers in the code", "", "", "numbers a picture that pass through the code"),
    "bypass_numbers": Metric("numbers around the code", "", "", "numbers a picture that reach the decoder around it"),
    "active_units": Metric("active units", "", "", "code numbers that are not 0, mean over pictures"),
    "dead_units": Metric("dead units", "", "", "share of code numbers that never vary"),
    "black_pixels": Metric("dead pixels", "", "", "share of pixels whose target varies and whose output never does"),
    "parameters": Metric("parameters", "", "", "numbers in the model's weights"),
    "training_seconds": Metric("training", "s", "", "seconds of training, evaluation left out"),
}


class Result(NamedTuple):
    """One figure of a run: a row of results.csv."""

    experiment: str
    arm: str
    seed: int
    evaluation: str
    condition: str
    """Empty, or key=value pairs parted by blanks."""
    split: str
    metric: str
    value: float
    n: int
    """How many pictures the figure is a mean over."""


class HistoryRow(NamedTuple):
    """One value of one loss term: a row of history.csv. `split` train is a step's, validation an epoch's."""

    arm: str
    seed: int
    step: int
    epoch: int
    seconds: float
    term: str
    split: str
    value: float


class Reported(NamedTuple):
    """A figure that a source report states: a row of reported.csv."""

    report: str
    experiment: str
    arm: str
    data: str
    condition: str
    split: str
    metric: str
    value: float
    valid: str
    """yes, doubtful or no: whether the figure can be what it is called."""
    note: str


class Finding(NamedTuple):
    """One thing that the doctor noticed."""

    severity: Severity
    name: str
    """Which check, in words that never change: "no better than PCA"."""
    arm: str
    """The arm it is about; empty for the whole run."""
    evidence: str
    """The figures that show it."""
    cure: str
    """What to do about it."""


class Conclusion(NamedTuple):
    """What a source report concludes, and what the rerun says of it."""

    report: str
    claim: str
    verdict: Literal["confirmed", "refuted", "partly", "not tested"]
    evidence: str


def untested(report: str, claim: str) -> Conclusion:
    """A conclusion of which the run lacks an arm."""
    return Conclusion(report, claim, "not tested", "Not all arms that it speaks of were run.")


class Interval(NamedTuple):
    """A mean with the half-width of its 95 % interval; nan where one seed gives none."""

    mean: float
    half_width: float
    n: int
    """How many seeds."""

    def __str__(self) -> str:
        """Four digits of the mean, two of the half-width where there is one."""
        return f"{self.mean:.4g}" if self.n < 2 else f"{self.mean:.4g} ± {self.half_width:.2g}"


Row = TypeVar("Row", Result, HistoryRow, Reported)


def class_name(names: Sequence[str], label: SupportsInt) -> str:
    """A class's name, or its number where it has none."""
    number = int(label)
    return str(names[number]) if 0 <= number < len(names) else str(number)


def data_condition(name: str) -> str:
    """The condition that says which data something was measured on; blanks part conditions.

    >>> data_condition("my photos")
    'data=my-photos'
    """
    return f"data={name.replace(' ', '-')}"


def slug(arm: str, seed: int) -> str:
    """The folder name of an arm: lower case, each run of other than a-z, 0-9 and '.' one hyphen, then the seed.

    >>> slug("improved, code 256", 0)
    'improved-code-256-0'
    """
    return f"{re.sub(r'[^a-z0-9.]+', '-', arm.lower()).strip('-')}-{seed}"


def interval(values: Sequence[float]) -> Interval:
    """Mean and Student's 95 % half-width over seeds.

    >>> interval([1.0, 3.0]).mean
    2.0
    """
    from scipy.special import stdtrit

    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return Interval(mean, math.nan, n)
    if min(values) == max(values):  # their mean is rounded, and they seem to differ from it
        return Interval(values[0], 0.0, n)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    return Interval(mean, float(stdtrit(n - 1, 0.975)) * deviation / math.sqrt(n), n)


def write_rows(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    """Write records of one kind as CSV, field names first."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(kind._fields)
    writer.writerows(rows)
    write_atomic(path, as_utf8(text.getvalue()))


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """Read records that `write_rows` wrote; a missing file is an empty list.

    Raises:
        ValueError: a column is missing or a value has the wrong type.
    """
    if not path.exists():
        return []
    types = kind.__annotations__
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        try:
            header = next(reader, kind._fields)
            columns = [(types[name], header.index(name)) for name in kind._fields]
            rows = [kind(*[read(line[place]) for read, place in columns]) for line in reader if line]
        except (IndexError, ValueError, csv.Error) as error:
            raise ValueError(
                f"{path}, line {reader.line_num}: expected the columns {', '.join(kind._fields)}, found another row "
                f"({error}); put a whole copy in its place, or run anew"
            ) from error
    return rows


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays as a compressed .npz, atomically."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict(arrays))  # type: ignore[arg-type]  # NumPy's stub takes the names for flags
    write_atomic(path, buffer.getvalue())


STATED: dict[str, Any] = {
    **dict.fromkeys(("name", "title", "question", "text"), str),
    "minutes": float,
    "seeds": int,
    "read_test": bool,
    "data": dict,
    "arms": list,
    "sources": list,
}
STATED_OF_ARMS: dict[str, Any] = {
    **dict.fromkeys(("name", "role", "task", "note", "encoder", "pretraining", "data_used"), str),
    **dict.fromkeys(("parameters", "code_numbers", "bypass_numbers"), int | None),
    "seeds": list,
    "description": dict,
}
STATED_OF_DATA: dict[str, Any] = {
    **dict.fromkeys(("name", "fingerprint", "split", "note"), str),
    "official_test": bool,
    **dict.fromkeys(("image_shape", "class_names", "unreadable"), list),
    **dict.fromkeys(("n", "duplicates"), dict),
}
"""Of which type is what an experiment.json says; what it leaves out, an earlier version did not write."""


def described(path: Path) -> dict[str, Any]:
    """The description in an experiment.json.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no description: something in it has another type, or an arm no name.
    """
    content = read_json(path)
    check_stated(path, content, STATED)
    check_stated(path, content.get("data", {}), STATED_OF_DATA)
    for arm in content.get("arms", []):
        check_kind(f"an arm in {path}", arm, dict)
        check_kind(f"an arm's name in {path}", arm.get("name"), str)
        check_stated(path, arm, STATED_OF_ARMS)
        for seed in arm.get("seeds", []):
            check_kind(f"a seed in {path}", seed, int)
    return content


def check_stated(path: Path, content: Mapping[str, Any], kinds: Mapping[str, Any]) -> None:
    """Refuse values of another type than stated; what is not there is passed over.

    Raises:
        ValueError: there is one.
    """
    for name, kind in kinds.items():
        if name in content:
            check_kind(f"{name} in {path}", content[name], kind)


@dataclass(frozen=True)
class Run:
    """A run folder, read on first use of each part.

    Raises:
        FileNotFoundError: from `open_run`, where the folder holds no run.
    """

    folder: Path

    @cached_property
    def experiment(self) -> dict[str, Any]:
        """The description: question, data, arms, baselines, settings."""
        return described(self.folder / "experiment.json")

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Versions, processor, threads, command, seconds and `format`; empty of a run struck before it was written."""
        return self._content("environment.json")

    @cached_property
    def results(self) -> list[Result]:
        """Every figure of the run."""
        return read_rows(self.folder / "results.csv", Result)

    @cached_property
    def history(self) -> list[HistoryRow]:
        """Losses per step and per epoch."""
        return read_rows(self.folder / "history.csv", HistoryRow)

    @cached_property
    def reported(self) -> list[Reported]:
        """The source reports' figures that this run stands beside."""
        return read_rows(self.folder / "reported.csv", Reported)

    @cached_property
    def findings(self) -> list[Finding]:
        """What the doctor noticed, gravest first."""
        return [Finding(**finding) for finding in self._findings.get("findings", [])]

    @cached_property
    def conclusions(self) -> list[Conclusion]:
        """What the source reports conclude, judged by this run."""
        return [Conclusion(**conclusion) for conclusion in self._findings.get("conclusions", [])]

    @cached_property
    def _findings(self) -> dict[str, Any]:
        return self._content("findings.json")

    def _content(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        return read_json(path) if path.exists() else {}

    @property
    def finished(self) -> bool:
        """Whether all figures are there; where nothing says so, as in a run struck at its beginning, whether any."""
        return self.environment.get("finished") is not False and bool(self.results)

    def arrays(self, arm: str, seed: int, evaluation: str) -> dict[str, NDArray[Any]]:
        """The arrays of one evaluation of one arm; empty where there are none."""
        path = self.folder / "arrays" / slug(arm, seed) / f"{evaluation}.npz"
        if not path.exists():
            return {}
        try:
            check_zip(path)
            # opened here, since NumPy leaves a broken archive open
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except Exception as error:  # NumPy and zipfile raise many kinds on broken files
            raise ValueError(f"expected arrays in {path}, found {error}; delete it, or run anew") from error

    def arms(self) -> list[str]:
        """Names of all arms and baselines with results, in the order in which they were written."""
        return list(dict.fromkeys(row.arm for row in self.results if row.arm))

    def values(
        self, arm: str, metric: str, *, split: str, evaluation: str = "reconstruction", condition: str = ""
    ) -> dict[int, float]:
        """One metric of one arm by seed; empty where it was not measured."""
        return {
            row.seed: row.value
            for row in self.results
            if (row.arm, row.metric, row.split, row.evaluation, row.condition)
            == (arm, metric, split, evaluation, condition)
        }

    @cached_property
    def source_names(self) -> tuple[str, ...]:
        """The sources that figures are of, each by itself; none where nothing was mixed."""
        conditions = dict.fromkeys(row.condition for row in self.results if row.evaluation == "reconstruction")
        named = (condition.removeprefix("source=") for condition in conditions if condition.startswith("source="))
        return tuple(name for name in named if " " not in name)

    @cached_property
    def judged_split(self) -> str:
        """The split whose figures count: test, or validation in a run that left the test split unread."""
        own = (row for row in self.results if row.evaluation not in ADDED)
        return "test" if any(row.split == "test" for row in own) else "validation"

    def mean(
        self, arm: str, metric: str, *, split: str = "", evaluation: str = "reconstruction", condition: str = ""
    ) -> float:
        """One metric of one arm over seeds, on the judged split unless one is named; nan where it was not measured."""
        found = self.values(arm, metric, split=split or self.judged_split, evaluation=evaluation, condition=condition)
        return math.fsum(found.values()) / len(found) if found else math.nan


def open_run(folder: Path) -> Run:
    """Open a finished or partial run.

    Raises:
        FileNotFoundError: the folder holds no experiment.json.
        ValueError: it was written by a later version of Narrows.
    """
    if not (folder / "experiment.json").is_file():
        raise FileNotFoundError(
            f"expected a run folder with an experiment.json, found none in {folder}; 'narrows run EXPERIMENT' makes one"
        )
    run = Run(folder)
    found = run.environment.get("format", 0)
    check_kind(f"format of {folder / 'environment.json'}", found, int)
    if found > FORMAT:
        raise ValueError(f"{folder} has run format {found}, this Narrows reads up to {FORMAT}; install a newer one")
    return run
