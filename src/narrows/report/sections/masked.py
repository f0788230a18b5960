"""What masks and the filling in look like: one picture at every share, and several at each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.report.arms import Arm
from narrows.report.page import Gallery, Picture, Strip
from narrows.report.raster import display_width, heat, photograph
from narrows.report.scales import Top, heat_scale, shared_top
from narrows.report.sections.data import heads
from narrows.report.sections.hiding import Hiding, kind_of
from narrows.report.sections.shown import decibels, in_decibels, studied
from narrows.report.subject import Arrays, Subject

_NEEDED = {"conditions", "index", "target", "input", "reconstruction", "hidden"}
_BELOW = (
    "First seed, clipped to the visible range; below each picture its psnr on hidden pixels in dB, of the raw output."
)


def masked_pictures(subject: Subject, arms: Sequence[Arm], kinds: Sequence[Sequence[Hiding]]) -> tuple[Gallery, ...]:
    """For each kind of mask one picture at every share, then, behind a fold each, all pictures of each share."""
    shown = studied(subject, arms, "under_masks", needed=_NEEDED, same=("conditions", "index"))
    if not shown:
        return ()
    held = next(iter(shown.values()))["conditions"].tolist()
    drawn = [found for kind in kinds if (found := [hiding for hiding in kind if hiding.condition in held])]
    several = tuple(_every_share(shown, found) for found in drawn if len(found) > 1)
    each = (_one_share(subject, shown, hiding) for found in drawn for hiding in found)
    return (*several, *(replace(gallery, fold=gallery.fold if several else "") for gallery in each))


def _every_share(shown: Mapping[Arm, Arrays], found: Sequence[Hiding]) -> Gallery:
    first = next(iter(shown.values()))
    places = [_place(first, hiding) for hiding in found]
    picture = len(first["index"]) // 2
    number = int(first["index"][picture])
    values = {arm.name: _decibels(arrays, "reconstruction")[places, picture] for arm, arrays in shown.items()}
    winner = max(values, key=lambda name: float(values[name][-1]))
    named = [f"picture {number} with {hiding.share} hidden" for hiding in found]
    clean = Picture(photograph(first["target"][picture]), f"clean, picture {number}")
    return Gallery(
        name=_name(found[0]),
        claim=f"Picture {number} with {found[0].share} to {found[-1].share} hidden as {kind_of(found[0].patch)}:"
        f" “{winner}” fills them in with {decibels(values[winner][0])} to {decibels(values[winner][-1])} dB.",
        caption=f"One picture at every share that is hidden. {_BELOW}",
        strips=(
            Strip("clean", (clean,) * len(found)),
            in_decibels(
                ("masked input", None),
                first["input"][places, picture],
                _decibels(first, "input")[places, picture],
                named,
            ),
            *(
                in_decibels((arm.name, arm), arrays["reconstruction"][places, picture], values[arm.name], named)
                for arm, arrays in shown.items()
            ),
        ),
        width=display_width(first["target"].shape[-1]),
        heads=tuple(hiding.share for hiding in found),
    )


def _one_share(subject: Subject, shown: Mapping[Arm, Arrays], hiding: Hiding) -> Gallery:
    first = next(iter(shown.values()))
    place, numbers = _place(first, hiding), first["index"].tolist()
    values = {arm.name: _decibels(arrays, "reconstruction")[place] for arm, arrays in shown.items()}
    winner = max(values, key=lambda name: float(values[name].mean()))
    named = [f"picture {number}" for number in numbers]
    missed = {arm: _missed(arrays, place) for arm, arrays in shown.items() if arm.role in ("as reported", "improved")}
    top = shared_top([errors.mean(-3) for errors in missed.values()]) if missed else None
    strips = [
        Strip("clean", tuple(map(_clean, first["target"], named))),
        in_decibels(("masked input", None), first["input"][place], _decibels(first, "input")[place], named),
    ]
    for arm, arrays in shown.items():
        strips.append(in_decibels((arm.name, arm), arrays["reconstruction"][place], values[arm.name], named))
        if top is not None and arm in missed:
            strips.append(_error_strip(arm, missed[arm], top, named))
    return Gallery(
        name=f"{_name(hiding)}-{place}",
        claim=f"With {hiding.share} hidden as {kind_of(hiding.patch)} “{winner}” comes closest on these {len(numbers)}"
        f" pictures: {decibels(values[winner].mean())} dB on hidden pixels.",
        caption=_BELOW + (f" Absolute error: mean over channels. {top.sentence}" if top else ""),
        strips=tuple(strips),
        width=display_width(first["target"].shape[-1]),
        heads=heads(subject, first, numbers),
        scale=heat_scale(top) if top else None,
        fold=f"pictures with {hiding.share} hidden as {kind_of(hiding.patch)}",
    )


def _name(hiding: Hiding) -> str:
    return f"masked-patches-{hiding.patch}" if hiding.patch else "masked-pixels"


def _place(arrays: Arrays, hiding: Hiding) -> int:
    found: int = arrays["conditions"].tolist().index(hiding.condition)
    return found


def _clean(image: NDArray[Any], name: str) -> Picture:
    return Picture(photograph(image), f"clean, {name}")


def _missed(arrays: Arrays, place: int) -> NDArray[np.float64]:
    """Absolute error of every picture under one mask (picture, channel, height, width)."""
    answers: NDArray[np.float64] = arrays["reconstruction"][place].astype(np.float64)
    return np.abs(answers - arrays["target"])


def _error_strip(arm: Arm, errors: NDArray[np.float64], top: Top, named: Sequence[str]) -> Strip:
    pictures = (
        Picture(heat(error, top.value), f"absolute error of {arm.name}, {name}", coded=True)
        for error, name in zip(errors, named, strict=True)
    )
    return Strip("", tuple(pictures), note="absolute error")


def _decibels(arrays: Arrays, which: str) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio, peak 1, on hidden pixels (task, picture); nan where none is hidden."""
    squared = ((arrays[which].astype(np.float64) - arrays["target"]) ** 2).mean(-3, keepdims=True)
    hidden = arrays["hidden"].astype(bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(-10 * np.log10((squared * hidden).sum((-3, -2, -1)) / hidden.sum((-3, -2, -1))))
