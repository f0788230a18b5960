"""Further pictures on which a model was judged: the figures, and the odd ones, which it gives back worst."""

from narrows.report.arms import Arm
from narrows.report.numbers import count, figure
from narrows.report.page import Cell, Column, Gallery, Group, Picture, Section, Strip, Table
from narrows.report.raster import display_width, mosaic, photograph
from narrows.report.subject import Arrays, Key, Subject
from narrows.report.text import file_name
from narrows.results import EVALUATED, METRICS


def evaluated(subject: Subject) -> Section | None:
    """What `narrows evaluate` found, and the worst pictures of what was judged last."""
    keys = [key for key in subject.measures if key.evaluation == EVALUATED]
    if not keys:
        return None
    galleries = []
    for arm in subject.trained:
        found = (subject.run.arrays(arm.name, seed, EVALUATED) for seed in arm.seeds)
        arrays = next((each for each in found if each), None)
        if arrays is not None:
            galleries.append(_odd(arm, arrays))
    return Section("evaluated", "Evaluated on further pictures", (_table(subject, keys), *galleries))


def _table(subject: Subject, keys: list[Key]) -> Table:
    metrics = list(dict.fromkeys(key.metric for key in keys))
    rows = []
    for arm in subject.trained:
        for condition in dict.fromkeys(key.condition for key in keys if key.arm == arm.name):
            found = [subject.measures.get(Key(EVALUATED, condition, "test", metric, arm.name)) for metric in metrics]
            pictures = next(measure.pictures for measure in found if measure is not None)
            cells = [Cell("" if measure is None else figure(measure.interval.mean)) for measure in found]
            name = condition.removeprefix("data=")
            rows.append((Cell(name, note=arm.name, style=arm.style), Cell(count(pictures)), *cells))
    return Table(
        caption="On the task that the model was trained for; means over the pictures, raw output.",
        columns=(
            Column("pictures", numeric=False),
            Column("number"),
            *(Column(METRICS[metric].label, METRICS[metric].unit) for metric in metrics),
        ),
        groups=(Group("", tuple(rows)),),
    )


def _odd(arm: Arm, arrays: Arrays) -> Gallery:
    pairs = zip(arrays["files"].tolist(), arrays["target"], arrays["reconstruction"], arrays["error"], strict=True)
    shown = tuple(
        Picture(
            mosaic([photograph(target), photograph(reconstruction)], columns=1),
            f"{name} above, its reconstruction below, squared error {figure(float(error), 3)}",
            f"{name}\n{figure(float(error), 3)}",
        )
        for name, target, reconstruction, error in pairs
    )
    largest, least = (figure(float(arrays["error"][place]), 3) for place in (0, -1))
    return Gallery(
        name=f"odd-pictures-{file_name(arm.name)}",
        claim=f"The {len(shown)} oddest pictures of {arrays['data'].item()} have a squared error of {largest} to"
        f" {least}.",
        caption="The largest squared error first: the picture above, what the model gives back below, then the"
        " picture's file and its squared error.",
        strips=(Strip(arm.name, shown, arm.style),),
        width=display_width(arrays["target"].shape[-1]),
        flow=True,
    )
