"""Pictures side by side, where their errors lie, the worst of them, and the filters of the first layer."""

import numpy as np

from narrows.report.arms import Arm
from narrows.report.numbers import figure
from narrows.report.page import Gallery, Picture, Section, Strip
from narrows.report.raster import (
    display_width,
    enlarged,
    heat,
    heat_scale,
    mosaic,
    photograph,
    signed,
    signed_scale,
)
from narrows.report.sections.data import heads
from narrows.report.subject import Arrays, Subject

_SHOWN = 10
_MOST_FILTERS = 64
_TILE = 28
"""Least width of one filter in the mosaic of them."""


def pictures(subject: Subject) -> Section | None:
    """Reconstructions beside their targets, then maps of the error."""
    blocks = tuple(block for block in (_side_by_side(subject), _error_maps(subject)) if block is not None)
    return Section("pictures", "Pictures", blocks) if blocks else None


def worst(subject: Subject) -> Gallery | None:
    """The worst pictures of every arm: target above, reconstruction below, its error underneath."""
    found = [arm for arm in subject.pictured if "worst_target" in subject.reconstructions[arm.name]]
    if not found:
        return None
    strips = tuple(_worst_strip(arm, subject.reconstructions[arm.name]) for arm in found)
    numbers = [set(subject.reconstructions[arm.name]["worst_index"].tolist()) for arm in found]
    shared = len(set.intersection(*numbers))
    return Gallery(
        name="worst-pictures",
        claim=f"{'No picture is' if not shared else str(shared) + (' picture is' if shared == 1 else ' pictures are')}"
        " among the worst of every arm."
        if len(found) > 1
        else "The pictures it does worst on.",
        caption="The pictures with the largest squared error, first seed: target above, reconstruction below, then the"
        " picture's number and its squared error.",
        strips=strips,
        width=display_width(subject.reconstructions[found[0].name]["worst_target"].shape[-1]),
    )


def filters(subject: Subject) -> Section | None:
    """What the units of the first layer look for."""
    tiles = []
    for arm in subject.trained:
        weights = subject.run.arrays(arm.name, arm.seeds[0], "filters").get("first_layer")
        if weights is not None and weights.ndim == 4 and len(weights):
            shown = [enlarged(signed(unit, float(np.abs(unit).max())), _TILE) for unit in weights[:_MOST_FILTERS]]
            columns = int(np.ceil(np.sqrt(len(shown))))
            tiles.append(Picture(mosaic(shown, columns), f"{len(shown)} first-layer filters of {arm.name}", arm.name))
    if not tiles:
        return None
    gallery = Gallery(
        name="filters",
        claim="What each unit of the first layer looks for.",
        caption=f"Up to {_MOST_FILTERS} units of the first layer, first seed, each scaled to its own largest weight.",
        strips=(Strip("", tuple(tiles)),),
        width=8 * (_TILE + 1),
        scale=signed_scale(),
        flow=True,
    )
    return Section("filters", "First-layer filters", (gallery,))


def _side_by_side(subject: Subject) -> Gallery | None:
    arms = [arm for arm in subject.pictured if "reconstruction" in subject.reconstructions[arm.name]]
    if not arms:
        return None
    first = subject.reconstructions[arms[0].name]
    seen = [set(subject.reconstructions[arm.name]["index"].tolist()) for arm in arms]
    numbers = [number for number in first["index"].tolist() if all(number in found for found in seen)][:_SHOWN]
    if not numbers:
        return None
    target = dict(zip(first["index"].tolist(), first["target"], strict=True))
    originals = tuple(Picture(photograph(target[number]), f"original, picture {number}") for number in numbers)
    strips = [Strip("original", originals)]
    strips += [_reconstructed(arm, subject.reconstructions[arm.name], numbers) for arm in arms]
    means = {arm.name: _mean_error(subject.reconstructions[arm.name], numbers) for arm in arms}
    winner = min(means, key=lambda name: means[name])
    return Gallery(
        name="side-by-side",
        claim=f"On these {len(numbers)} pictures “{winner}” comes closest: {figure(means[winner], 3)} squared error a"
        " picture.",
        caption="First seed, clipped to the visible range. Below each picture its squared error, of the raw output.",
        strips=tuple(strips),
        width=display_width(first["target"].shape[-1]),
        heads=heads(subject, first, numbers),
    )


def _mean_error(arrays: Arrays, numbers: list[int]) -> float:
    return float(arrays["error"][np.isin(arrays["index"], numbers)].mean())


def _reconstructed(arm: Arm, arrays: Arrays, numbers: list[int]) -> Strip:
    """An arm's pictures in the columns of `numbers`."""
    place = {number: place for place, number in enumerate(arrays["index"].tolist())}
    shown = []
    for number in numbers:
        error = figure(float(arrays["error"][place[number]]), 3)
        alt = f"picture {number} by {arm.name}, squared error {error}"
        shown.append(Picture(photograph(arrays["reconstruction"][place[number]]), alt, error))
    return Strip(arm.name, tuple(shown), arm.style)


def _error_maps(subject: Subject) -> Gallery | None:
    maps = {
        arm: subject.reconstructions[arm.name]["error_map"]
        for arm in subject.pictured
        if "error_map" in subject.reconstructions[arm.name]
    }
    if not maps:
        return None
    high = max(float(np.nan_to_num(found).mean(-3).max()) for found in maps.values())
    means = {arm.name: float(found.mean()) for arm, found in maps.items()}
    winner = min(means, key=lambda name: means[name])
    return Gallery(
        name="error-maps",
        claim=f"“{winner}” leaves the least, {figure(means[winner], 3)} a pixel.",
        caption=f"Squared error of every pixel, mean over the {subject.split} split and over channels, first seed. One"
        " scale for all.",
        strips=(
            Strip(
                "",
                tuple(
                    Picture(
                        heat(found.reshape(-1, *found.shape[-2:]), high),
                        f"error map of {arm.name}, mean {figure(means[arm.name], 3)}",
                        f"{arm.name}\nmean {figure(means[arm.name], 3)}",
                    )
                    for arm, found in maps.items()
                ),
            ),
        ),
        width=display_width(next(iter(maps.values())).shape[-1], smallest=120),
        scale=heat_scale(figure(high, 2)),
        flow=True,
    )


def _worst_strip(arm: Arm, arrays: Arrays) -> Strip:
    pairs = zip(arrays["worst_index"].tolist(), arrays["worst_target"], arrays["worst_reconstruction"], strict=True)
    shown = []
    for number, target, reconstruction in pairs:
        error = f"{figure(float(arrays['per_picture'][number]), 3)}" if "per_picture" in arrays else ""
        shown.append(
            Picture(
                mosaic([photograph(target), photograph(reconstruction)], columns=1),
                f"picture {number} above, its reconstruction by {arm.name} below, squared error {error}",
                f"no. {number}\n{error}".strip(),
            )
        )
    return Strip(arm.name, tuple(shown), arm.style)
