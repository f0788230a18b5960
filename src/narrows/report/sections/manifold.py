"""What lies between codes: ways from one picture to another, walks along single numbers, and maps."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.colours import CLASS_HUES
from narrows.report.numbers import figure
from narrows.report.page import Gallery, Picture, Section, Strip
from narrows.report.raster import Pixels, display_width, photograph
from narrows.report.subject import Arrays, Subject
from narrows.report.text import file_name

_DOT = 3
_LEVELS = 64
"""Of a map's greys, so that all its colours fit a palette."""

Shown = Mapping[Arm, Arrays]


def manifold(subject: Subject) -> Section | None:
    """Interpolations, then behind a fold the walks of each arm after the first, then the maps."""
    arms = [arm for arm in subject.arms if arm.is_pca and arm.seeds] + list(subject.trained)
    found = {arm: subject.run.arrays(arm.name, arm.seeds[0], "manifold") for arm in arms}
    shown = {arm: arrays for arm, arrays in found.items() if "codes_between" in arrays}
    if not shown:
        return None
    walks = [_walks(arm, arrays) for arm, arrays in shown.items()]
    return Section(
        "manifold",
        "Between the codes",
        (
            _interpolation(shown),
            *walks[-1:],
            *(
                replace(gallery, fold=f"the same of “{arm.name}”")
                for arm, gallery in zip(shown, walks[:-1], strict=False)
            ),
            _map(subject, shown),
        ),
        lead="What the decoder makes of codes that no picture has: on the straight line between two pictures' codes,"
        " and as one number after another is moved.",
    )


def _interpolation(shown: Shown) -> Gallery:
    """For each pair the blend of pixels, then every arm's way."""
    first = next(iter(shown.values()))
    steps = first["codes_between"].shape[1]
    middle = steps // 2
    halfway = [float(arrays["codes_distance"][:, middle].mean()) for arrays in shown.values()]
    strips = []
    for place, (start, end) in enumerate(first["pairs"].tolist()):
        note = f"picture {start} to {end}"
        strips.append(_way("blend of pixels", note, first["pixels_between"][place], first["pixels_distance"][place]))
        strips += [
            replace(
                _way(arm.name, note, arrays["codes_between"][place], arrays["codes_distance"][place]), style=arm.style
            )
            for arm, arrays in shown.items()
        ]
    return Gallery(
        name="interpolation",
        claim=f"Halfway between two pictures, decoded codes lie at an mse of {figure(min(halfway), 2)} to"
        f" {figure(max(halfway), 2)} from the nearest real picture, the blend of pixels at"
        f" {figure(float(first['pixels_distance'][:, middle].mean()), 2)}.",
        caption="Steps on the straight line between two codes, decoded, beside those between the pictures themselves;"
        " first seed. Below each its mse to the nearest picture of the split, which is smaller for a blurred one.",
        strips=tuple(strips),
        width=display_width(first["codes_between"].shape[-1]),
        heads=tuple(figure(step / (steps - 1), 2) for step in range(steps)),
    )


def _way(label: str, note: str, images: NDArray[Any], distances: NDArray[Any]) -> Strip:
    return Strip(
        label,
        tuple(
            Picture(photograph(image), f"{label}, {note}, step {step}", figure(float(distance), 2))
            for step, (image, distance) in enumerate(zip(images, distances, strict=True))
        ),
        note=note,
    )


def _walks(arm: Arm, arrays: Arrays) -> Gallery:
    values = arrays["walk_values"]
    moved = np.abs(np.diff(arrays["walks"], axis=1)).mean(axis=(2, 3, 4)).sum(1)
    most = int(moved.argmax())
    return Gallery(
        name=f"walks-{file_name(arm.name)}",
        claim=f"In “{arm.name}” number {most + 1} of the code moves the picture most.",
        caption="One number of the code at a time goes from low to high percentiles over the split, the others"
        f" stay as picture {int(arrays['walked'])} has them; first seed. Below each picture the number's value.",
        strips=tuple(
            Strip(
                f"number {number + 1}",
                tuple(
                    Picture(
                        photograph(image), f"number {number + 1} at {figure(float(value), 2)}", figure(float(value), 2)
                    )
                    for image, value in zip(images, row, strict=True)
                ),
            )
            for number, (images, row) in enumerate(zip(arrays["walks"], values, strict=True))
        ),
        width=display_width(arrays["walks"].shape[-1]),
        heads=tuple(f"{percentile}\u202f%" for percentile in arrays["percentiles"]),
    )


def _map(subject: Subject, shown: Shown) -> Gallery:
    pictures = tuple(
        Picture(_drawn_map(arrays), f"map of the codes of {arm.name}", arm.name) for arm, arrays in shown.items()
    )
    return Gallery(
        name="code-map",
        claim="Where pictures lie: codes along their first two principal directions.",
        caption=f"Each dot is one of {len(next(iter(shown.values()))['positions'])} {subject.split} pictures, in the"
        " colour of its class; thumbnails stand where their codes are, as many as do not overlap. First seed.",
        strips=(Strip("", pictures),),
        width=pictures[0].pixels.shape[1],
        flow=True,
    )


def _drawn_map(arrays: Arrays) -> Pixels:
    """Dots and thumbnails on a clear ground: (side, side, 4), each axis of the positions filling it."""
    positions, across = arrays["positions"], int(arrays["across"])
    if positions.shape[1] < 2:
        positions = np.concatenate([positions, np.zeros_like(positions)], 1)
    thumbnails = [photograph(np.round(image * _LEVELS) / _LEVELS) for image in arrays["thumbnails"]]
    size = max(thumbnails[0].shape[:2])
    extent = np.ptp(positions, axis=0)
    share = (positions - positions.min(0)) / np.where(extent > 0, extent, 1)
    share[:, 1] = 1 - share[:, 1]  # rows count downwards
    corners = np.floor(share * across * size).astype(int)
    canvas = np.zeros(((across + 1) * size, (across + 1) * size, 4), np.uint8)
    labels = arrays.get("labels", np.zeros(len(positions), np.int64))
    for label, (left, top) in zip(labels, corners + size // 2 - _DOT // 2, strict=True):
        hue = CLASS_HUES[label % len(CLASS_HUES)]
        canvas[top : top + _DOT, left : left + _DOT] = (*bytes.fromhex(hue[1:]), 255)
    for (left, top), thumbnail in zip(corners[arrays["thumbnail_index"]], thumbnails, strict=True):
        height, width = thumbnail.shape[:2]
        canvas[top : top + height, left : left + width] = np.pad(
            thumbnail, ((0, 0), (0, 0), (0, 1)), constant_values=255
        )
    return canvas
