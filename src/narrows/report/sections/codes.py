"""The codes: where the classes lie in them, and which units are used."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.numbers import percent
from narrows.report.page import Bars, Cloud, Panel, Plot, Section
from narrows.report.sections.activations import activations, error_over_active, usage
from narrows.report.subject import Arrays, Subject
from narrows.results import class_name


def codes(subject: Subject) -> Section | None:
    """Two components of the codes, the codes of single pictures, and the activity of every unit."""
    found = {
        arm: arrays
        for arm in subject.arms
        if arm.seeds and (arrays := subject.run.arrays(arm.name, arm.seeds[0], "codes"))
    }
    parts = (
        _projection(subject, found),
        activations(subject, found),
        usage(subject),
        error_over_active(subject),
        _activity(found),
    )
    blocks = tuple(block for block in parts if block is not None)
    return Section("codes", "Codes", blocks) if blocks else None


def _projection(subject: Subject, found: Mapping[Arm, Arrays]) -> Plot | None:
    names = (subject.run.experiment.get("data") or {}).get("class_names") or ()
    panels = tuple(
        Panel((_cloud(names, arrays),), title=arm.name) for arm, arrays in found.items() if "projection" in arrays
    )
    if not panels:
        return None
    labelled = any("labels" in arrays for arrays in found.values())
    return Plot(
        name="codes",
        claim="How much of the classes the first two components of the codes show."
        if labelled
        else "The codes along their first two components.",
        caption=f"Codes of {subject.split} pictures, first seed, on their own first two principal components."
        + (" A class's name stands at its middle." if labelled else ""),
        alt=f"Scatter of codes, one panel an arm: {', '.join(panel.title for panel in panels)}",
        panels=panels,
        columns=_columns(len(panels)),
        panel_height=None,
    )


def _cloud(names: list[str] | tuple[()], arrays: Arrays) -> Cloud:
    found: NDArray[np.float64] = arrays["projection"].astype(np.float64)
    points = np.pad(found, ((0, 0), (0, 2 - found.shape[1])))  # codes of one number, or one picture, have no second
    if "labels" not in arrays:
        return Cloud(points, np.zeros(len(points), np.int64), (), np.zeros((0, 2)))
    present, classes = np.unique(arrays["labels"], return_inverse=True)
    middles = np.stack([np.median(points[classes == place], axis=0) for place in range(len(present))])
    extent = np.ptp(points, axis=0) + 1e-12
    places = np.clip(_apart(middles / extent) * extent, points.min(0), points.max(0))
    return Cloud(points, classes, tuple(class_name(names, label) for label in present), places)


def _apart(places: NDArray[np.float64], least: float = 0.085) -> NDArray[np.float64]:
    """Labels at shares of the panel (n, 2), those closer than `least` pushed apart until all can be read."""
    moved = places.copy()
    for _ in range(60):
        between = moved[:, None] - moved[None]
        distance = np.linalg.norm(between, axis=-1)
        np.fill_diagonal(distance, 1.0)
        short = np.maximum(least - distance, 0.0)
        if not short.any():
            break
        moved += 0.5 * (between / (distance[..., None] + 1e-9) * short[..., None]).sum(1)
    return moved


def _activity(found: Mapping[Arm, Arrays]) -> Plot | None:
    shares = {arm: arrays["active_share"] for arm, arrays in found.items() if "active_share" in arrays}
    deviations = {arm: arrays["deviation"] for arm, arrays in found.items() if "deviation" in arrays}
    sparse = any(bool((share < 0.999).any()) for share in shares.values())
    shown = shares if sparse else deviations
    if not shown:
        return None
    dead = {arm.name: float((values == 0).mean()) for arm, values in (deviations or shares).items()}
    top = 1.0 if sparse else max(float(np.nan_to_num(values).max()) for values in shown.values()) or 1.0
    what = "share of pictures in which it is not 0" if sparse else "standard deviation over pictures"
    return Plot(
        name="unit-activity",
        claim=_usage(dead),
        caption=f"One bar a unit of the code, most used first, first seed: {what}.",
        alt=f"Bars of each unit's {what}, one panel an arm: "
        + ", ".join(f"{name} leaves {percent(share, 2)} unused" for name, share in dead.items()),
        panels=tuple(
            Panel(
                (Bars(np.sort(np.nan_to_num(values.astype(np.float64)))[::-1], arm.style, top),),
                title=arm.name,
                x_label="unit",
            )
            for arm, values in shown.items()
        ),
        columns=_columns(len(shown)),
        panel_height=1.5,
    )


def _usage(dead: dict[str, float]) -> str:
    worst = max(dead, key=lambda name: dead[name])
    if not dead[worst]:
        return "Every unit of every code is used."
    alike = len(dead) > 1 and len(set(dead.values())) == 1
    return f"{'Every arm' if alike else f'“{worst}”'} leaves {percent(dead[worst], 2)} of its units unused."


def _columns(panels: int) -> int:
    """Panels in a row: three or four, whichever leaves fewer gaps."""
    return panels if panels < 3 else min((3, 4), key=lambda columns: (-panels % columns, -columns))
