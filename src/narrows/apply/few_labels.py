"""How far few labels lead on a model's codes: classifiers that validation chooses, beside those of raw pixels."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrows.apply.kept import keep
from narrows.apply.run import Run
from narrows.data import Dataset, Pictures, Progress, load
from narrows.data.picture import recolour
from narrows.evaluation import Beside, Evaluation, FeatureMemory, LabelEfficiency, Linear, Majority
from narrows.evaluation.classifiers import FeatureClassifier, Fitted, Labelled
from narrows.evaluation.label_budgets import check_budgets
from narrows.report import write_report
from narrows.results import PROBED, PROBED_MAJORITY, PROBED_PIXELS, Result, class_name, data_condition

SHARES = (0.01, 0.1, 1.0)
"""Of the labels of the training pictures, where none are asked for; without those that leave a class no label."""
LINEAR = tuple(Linear(10.0**power) for power in range(-4, 1))
"""From the weight decay that suits all labels of few numbers to the one that suits few labels of many."""
MOST = 2**14
"""Numbers of a code: more are no summary of a picture, as the features of a U-Net at 128 x 128, and take hours."""


class Probed(NamedTuple):
    """What classifiers made of labelled pictures; accuracies in [0, 1], one for each share of the labels."""

    shares: tuple[float, ...]
    num_labels: tuple[int, ...]
    num_judged: int
    """Test pictures that judge."""
    codes: tuple[float, ...]
    pixels: tuple[float, ...]
    """Of the same classifiers of raw pixels."""
    largest_class: tuple[float, ...]
    """Of naming the class that most labels are of, whatever is seen."""
    confusion: NDArray[np.int64]
    """(share, class, class) of the codes: pictures of the row's class that were taken for the column's."""
    class_names: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    report: Path


@dataclass(frozen=True)
class Counted:
    """A classifier whose every fit is told."""

    classifier: FeatureClassifier
    tell: Callable[[], None]

    @property
    def title(self) -> str:
        """The classifier's."""
        return self.classifier.title

    def fit(self, learnt: Labelled, validation: Labelled, num_classes: int, seed: int) -> Fitted:
        """As the classifier does."""
        fitted = self.classifier.fit(learnt, validation, num_classes, seed)
        self.tell()
        return fitted


def probe(
    run: Run,
    data: str | Path | Dataset,
    shares: tuple[float, ...] = (),
    *,
    root: Path | None = None,
    on_progress: Progress | None = None,
) -> Probed:
    """Classify pictures by a run's frozen codes with few labels to all, and keep what was found in the run's folder.

    Linear classifiers learn from the training pictures that keep their label, validation chooses the weight decay for
    each share, test pictures judge. Splits are the set's own, or the 80-10-10 that `load` draws. Raw pixels and the
    largest class stand beside. Of an earlier probe the figures of the same data are replaced, the arrays of any.

    Args:
        run: the model.
        data: labelled pictures: a folder of class folders, an array file, a name of the catalogue, or a data set.
        shares: of the training labels, above 0 and at most 1; by default those of 0.01, 0.1 and 1 that leave every
            class a label.
        root: where the catalogue's files are.
        on_progress: told of every decoded picture, then of every classifier.

    Raises:
        FileNotFoundError: files of the set, or the path, are missing.
        ValueError: no labels, a single class, one that a split or a share has no picture of, or pictures or a code that
            do not fit.
    """
    check_budgets(shares)
    if run.model.code_size > MOST:
        raise ValueError(
            f"expected a code of at most {MOST} numbers to classify, found {run.model.code_size} of {run.arm['name']}; "
            "train a model to compress, without --corrupt or with --model dense"
        )
    splits = labelled(fitting(run, data, root, on_progress))
    labels = splits.train.labels
    assert labels is not None
    asked = check_shares(shares, labels, splits) if shares else usual_shares(labels)
    found = studied(run, splits, asked, on_progress)
    keep(run, splits.name, rows_of(run, splits.name, found), {name: each.arrays for name, each in found.items()})
    codes, pixels, majority = (accuracies(found[name]) for name in (PROBED, PROBED_PIXELS, PROBED_MAJORITY))
    arrays = found[PROBED].arrays
    return Probed(
        asked,
        tuple(arrays["num_labels"].tolist()),
        len(splits.test),
        codes,
        pixels,
        majority,
        arrays["confusion"],
        splits.class_names,
        splits.unreadable,
        write_report(run.record.folder),
    )


def fitting(run: Run, data: str | Path | Dataset, root: Path | None, on_progress: Progress | None) -> Dataset:
    """A data set in the size and the channels of the run's model.

    Raises:
        ValueError: a data set of another size, or pictures that do not fit.
    """
    channels, *size = run.model.image_shape
    if not isinstance(data, Dataset):
        crop = bool(run.record.experiment["data"].get("crop"))
        data = load(data, root, size=(size[0], size[1]), crop=crop, on_progress=on_progress)
    if list(data.image_shape[1:]) != size:
        raise ValueError(
            f"expected pictures of {' x '.join(map(str, size))} as the model was trained on, found "
            f"{' x '.join(map(str, data.image_shape[1:]))}; load them with size=({size[0]}, {size[1]})"
        )
    read_test = data.read_test
    return replace(
        data,
        official_train=recolour(data.official_train, channels),
        read_test=lambda: recolour(read_test(), channels),
    )


def labelled(data: Dataset) -> Dataset:
    """The data set, if there are pictures of every class in every split.

    Raises:
        ValueError: there are no labels, or of one class, or a split has no picture of a class.
    """
    parts = {"training": data.train, "validation": data.validation, "test": data.test}
    if any(part.labels is None for part in parts.values()):
        raise ValueError(
            f"expected labelled pictures, found none with a label in {data.name}; sort them into a folder for each "
            "class, save labels beside images in a .npz file, or name a set of the catalogue"
        )
    classes = {name: present(part) for name, part in parts.items()}
    everything = set().union(*classes.values())
    if len(everything) < 2:
        raise ValueError(f"expected at least 2 classes in {data.name}, found {len(everything)}; add another one")
    for name, found in classes.items():
        if missing := sorted(everything - found):
            absent = class_name(data.class_names, missing[0])
            raise ValueError(
                f"expected pictures of every class for {name}, found none of class {absent} among the "
                f"{len(parts[name])} of {data.name}; a class needs about 10 pictures, add some or leave it out"
            )
    return data


def present(pictures: Pictures) -> set[int]:
    """The classes that pictures are of."""
    return set() if pictures.labels is None else set(np.unique(pictures.labels).tolist())


def check_shares(shares: tuple[float, ...], labels: NDArray[np.int64], data: Dataset) -> tuple[float, ...]:
    """The shares, each once and the smallest first, if all of them leave every class a label.

    Raises:
        ValueError: one does not.
    """
    counts = np.bincount(labels)
    rarest = int(counts.argmin())
    for share in shares:
        if round(share * int(counts[rarest])) < 1:
            raise ValueError(
                f"expected a share that leaves every class a label, found {share:g} of the {counts[rarest]} training "
                f"pictures of class {class_name(data.class_names, rarest)}; take at least {1 / int(counts[rarest]):.2g}"
            )
    return tuple(sorted(set(shares)))


def usual_shares(labels: NDArray[np.int64]) -> tuple[float, ...]:
    """Those of the usual shares that leave every class a label."""
    return tuple(share for share in SHARES if round(share * int(np.bincount(labels).min())) >= 1)


def studied(run: Run, data: Dataset, shares: tuple[float, ...], on_progress: Progress | None) -> dict[str, Evaluation]:
    """What classifiers reach, of the codes, of raw pixels, and without looking."""
    total, done = len(shares) * (2 * len(LINEAR) + 1), 0

    def tell() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress("classifiers", done, total)

    linear = tuple(Counted(classifier, tell) for classifier in LINEAR)
    studies = {
        PROBED: LabelEfficiency(linear, shares),
        PROBED_PIXELS: LabelEfficiency(linear, shares, features="pixels"),
        PROBED_MAJORITY: LabelEfficiency((Counted(Majority(), tell),), shares, features="pixels"),
    }
    memory = FeatureMemory()
    beside = Beside(data.train, lambda _: data.test, data.validation, seed=run.seed, features=memory)
    facts = {"data": np.array(data.name), "class_names": np.array(data.class_names, dtype=np.str_)}
    found = {}
    for name, study in studies.items():
        evaluation = study(run.model, data.test, beside)
        found[name] = replace(evaluation, arrays=evaluation.arrays | facts)
    return found


def accuracies(found: Evaluation) -> tuple[float, ...]:
    """Of the test pictures, share by share."""
    return tuple(figure.value for figure in found.figures if figure.metric == "accuracy")


def rows_of(run: Run, data: str, found: dict[str, Evaluation]) -> list[Result]:
    """Figures of all splits as rows of the run."""
    name, arm = str(run.record.experiment["name"]), run.arm["name"]
    where = data_condition(data)
    return [
        Result(name, arm, run.seed, kind, f"{where} {figure.condition}", split, figure.metric, figure.value, figure.n)
        for kind, evaluation in found.items()
        for split, figures in {**evaluation.elsewhere, "test": evaluation.figures}.items()
        for figure in figures
    ]
