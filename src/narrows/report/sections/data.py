"""The data sheet: what the encoder gets, what the decoder owes, how many pictures there are, and where."""

from typing import Any

import numpy as np

from narrows.report.numbers import count
from narrows.report.page import Facts, Gallery, Picture, Prose, Section, Strip
from narrows.report.raster import display_width, photograph
from narrows.report.subject import Arrays, Subject
from narrows.results import class_name

_SHOWN = 10
_LISTED = 25
"""Of the files that were left out, so many stand unfolded."""


def data_sheet(subject: Subject) -> Section | None:
    """The pictures: what the encoder gets, what the decoder owes, how many there are, and where."""
    data = subject.run.experiment.get("data", {})
    gallery = _examples(subject)
    if not data and gallery is None:
        return None
    facts = Facts(tuple((term, text) for term, text in _facts(subject.run.experiment, data) if text))
    left_out = _left_out(data.get("unreadable") or [])
    return Section("data", "Data", (facts, *left_out, *((gallery,) if gallery else ())))


def heads(subject: Subject, arrays: Arrays, numbers: list[int]) -> tuple[str, ...]:
    """A column head for each of `numbers`: the picture's number in the split, and its class where it has one."""
    names = (subject.run.experiment.get("data") or {}).get("class_names") or ()
    labels = arrays.get("labels")
    place = {number: place for place, number in enumerate(arrays["index"].tolist())}
    return tuple(
        f"no. {number}" + (f"\n{class_name(names, labels[place[number]])}" if labels is not None else "")
        for number in numbers
    )


def _facts(experiment: dict[str, Any], data: dict[str, Any]) -> list[tuple[str, str]]:
    channels, height, width = data.get("image_shape") or (0, 0, 0)
    low, high = experiment.get("value_range") or (0, 1)
    kind = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    shares = f", {data['split']} % for training, validation and test" if data.get("split") else ""
    official = {"True": "the data set's own", "False": f"made here from the seed{shares}"}.get(
        str(data.get("official_test")), ""
    )
    return [
        ("Set", str(data.get("name") or "")),
        ("Pictures", f"{height} \u00d7 {width}, {kind}, values {low} to {high}" if channels else ""),
        ("Number", ", ".join(f"{count(number)} {split}" for split, number in (data.get("n") or {}).items())),
        ("Test split", official),
        ("Where they come from", str(data.get("note") or "")),
        ("The same picture in two splits", _duplicates(data.get("duplicates"))),
        ("Classes", ", ".join(str(name) for name in data.get("class_names") or ())),
        ("Licence", str(data.get("licence") or "")),
        ("Fingerprint", str(data.get("fingerprint") or "")),
    ]


def _left_out(unreadable: list[list[str]]) -> tuple[Prose | Facts, ...]:
    """Every file that could not be read, and why."""
    if not unreadable:
        return ()
    number = f"{count(len(unreadable))} file{'s' if len(unreadable) > 1 else ''}"
    said = f"{number} of the folder could not be read and {'were' if len(unreadable) > 1 else 'was'} left out."
    files = tuple((name, reason) for name, reason in unreadable)
    return Prose(said), Facts(files, fold="which, and why" if len(files) > _LISTED else "")


def _duplicates(found: dict[str, int] | None) -> str:
    if found is None:
        return ""
    return ", ".join(f"{count(number)} in {pair}" for pair, number in found.items() if number) or "none"


def _examples(subject: Subject) -> Gallery | None:
    arrays = {name: found for name, found in subject.reconstructions.items() if "target" in found}
    if not arrays:
        return None
    first = next(iter(arrays.values()))
    strips = [_strip(label, first, key) for label, key in _stages(first)]
    strips += [_strip(f"input of “{name}”", arrays[name], "input") for name in _other_inputs(arrays)]
    plain = "clean = input = target" in [strip.label for strip in strips]
    return Gallery(
        name="data",
        claim="Nothing is corrupted: the encoder gets what the decoder owes."
        if plain and len(strips) == 1
        else "The encoder gets the input; the decoder owes the target.",
        caption=f"Pictures of the {subject.split} split, by number and class."
        + (" Hidden pixels are blue." if "hidden" in first else ""),
        strips=tuple(strips),
        width=display_width(first["target"].shape[-1]),
        heads=heads(subject, first, first["index"][:_SHOWN].tolist()),
    )


def _stages(arrays: Arrays) -> list[tuple[str, str]]:
    stages = [key for key in ("clean", "input", "target") if key in arrays]
    if len(stages) == 3 and all(_same(arrays["clean"], arrays[key]) for key in ("input", "target")):
        return [("clean = input = target", "clean")]
    if "clean" in stages and _same(arrays["clean"], arrays["target"]):
        return [("clean = target", "clean")] + ([("input", "input")] if "input" in stages else [])
    return [(key, key) for key in stages]


def _other_inputs(arrays: dict[str, Arrays]) -> list[str]:
    """The arms whose input is none of those before it, the first left out."""
    seen: dict[str, Any] = {}
    for name, found in arrays.items():
        if "input" in found and not any(_same(found["input"], other) for other in seen.values()):
            seen[name] = found["input"]
    return list(seen)[1:]


def _same(one: Any, other: Any) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other))


def _strip(label: str, arrays: Arrays, key: str) -> Strip:
    hidden = arrays.get("hidden") if key == "input" else None
    return Strip(
        label,
        tuple(
            Picture(photograph(image, None if hidden is None else hidden[place]), f"{label}, picture {place + 1}")
            for place, image in enumerate(arrays[key][:_SHOWN])
        ),
    )
