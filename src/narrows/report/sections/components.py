"""PCA: how much each component explains, what it looks like, and pictures along it."""

import numpy as np

from narrows.report.arms import Arm
from narrows.report.numbers import figure, percent
from narrows.report.page import Gallery, Line, Panel, Picture, Plot, Section, Strip
from narrows.report.raster import display_width, photograph, signed
from narrows.report.scales import signed_scale
from narrows.report.sections.differences import differences_of
from narrows.report.subject import Arrays, Subject
from narrows.results import class_name

_MOST_COMPONENTS = 32


def components(subject: Subject) -> Section | None:
    """The PCA with most components: variance explained, components, reconstructions, pictures at percentiles."""
    found = [
        (arm, arrays)
        for arm in subject.arms
        if arm.is_pca and arm.seeds and (arrays := subject.run.arrays(arm.name, arm.seeds[0], "components"))
    ]
    if not found:
        return None
    arm, arrays = max(found, key=lambda pair: len(pair[1].get("explained_variance_ratio", ())))
    drawn = (_variance(arm, arrays), _faces(arm, arrays), differences_of(subject, arm), _percentiles(subject, arrays))
    blocks = tuple(block for block in drawn if block is not None)
    return Section("components", "Principal components", blocks) if blocks else None


def _variance(arm: Arm, arrays: Arrays) -> Plot | None:
    ratio = arrays.get("explained_variance_ratio")
    if ratio is None:
        return None
    numbers = np.arange(1, len(ratio) + 1, dtype=np.float64)
    total = np.cumsum(ratio.astype(np.float64))
    few, words = (2, "two components carry") if len(ratio) > 1 else (1, "component carries")
    return Plot(
        name="explained-variance",
        claim=f"The first {words} {percent(float(total[few - 1]))} of the variance, all {len(ratio)} together"
        f" {percent(float(total[-1]))}.",
        caption=f"{arm.name}: share of the variance that each component explains, and their running sum.",
        alt=f"Two curves over {len(ratio)} components: the first explains {percent(float(ratio[0]))}, all together"
        f" {percent(float(total[-1]))}",
        panels=(
            Panel(
                (Line(arm.name, arm.style, numbers, ratio.astype(np.float64)),),
                x_label="component",
                y_label="explained variance, each",
                log_y=bool((ratio > 0).all()),
            ),
            Panel(
                (Line(arm.name, arm.style, numbers, total),),
                x_label="component",
                y_label="explained variance, running sum",
            ),
        ),
        columns=2,
    )


def _faces(arm: Arm, arrays: Arrays) -> Gallery | None:
    if "components" not in arrays:
        return None
    ratio = arrays.get("explained_variance_ratio")
    coded = arrays["components"].shape[1] != 3
    shown = [
        Picture(
            signed(component, float(np.abs(component).max())),
            f"component {place + 1}",
            f"{place + 1}" + (f"\n{percent(float(ratio[place]), 2)}" if ratio is not None else ""),
            coded=coded,
        )
        for place, component in enumerate(arrays["components"][:_MOST_COMPONENTS])
    ]
    if "mean" in arrays:
        shown.insert(0, Picture(photograph(arrays["mean"]), "the mean picture", "mean"))
    return Gallery(
        name="components",
        claim="Each picture is the mean plus so much of each of these.",
        caption=f"{arm.name}: the mean picture, then the components in order of the variance that they explain.",
        strips=(Strip("", tuple(shown)),),
        width=display_width(arrays["components"].shape[-1]),
        scale=signed_scale() if coded else None,
        flow=True,
    )


def _percentiles(subject: Subject, arrays: Arrays) -> Gallery | None:
    if "percentile_pictures" not in arrays:
        return None
    names = (subject.run.experiment.get("data") or {}).get("class_names") or ()
    labels, values = arrays.get("percentile_labels"), arrays.get("percentile_values")

    def picture(component: int, place: int) -> Picture:
        said = []
        if labels is not None:
            said.append(class_name(names, labels[component, place]))
        if values is not None:
            said.append(figure(float(values[component, place]), 2))
        alt = f"component {component + 1} at percentile {place + 1} of 7: {', '.join(said)}"
        return Picture(photograph(arrays["percentile_pictures"][component, place]), alt, " · ".join(said))

    rows, columns = arrays["percentile_pictures"].shape[:2]
    return Gallery(
        name="percentiles",
        claim="Along a row a component goes from little to much of what it stands for.",
        caption="The pictures that lie at these percentiles of each component's coefficient; below each its class and"
        " the coefficient.",
        strips=tuple(
            Strip(f"component {row + 1}", tuple(picture(row, column) for column in range(columns)))
            for row in range(rows)
        ),
        width=display_width(arrays["percentile_pictures"].shape[-1]),
        heads=tuple(f"{float(value):g} %" for value in arrays.get("percentiles", ())),
    )
