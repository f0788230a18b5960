"""What stands first: the doctor's findings, the data, the protocol."""

from typing import Any

import numpy as np

from narrows.report.arms import Arm
from narrows.report.numbers import count
from narrows.report.page import Card, Cards, Facts, Gallery, Picture, Prose, Section, Strip, Tone, Tree, Trees
from narrows.report.raster import display_width, photograph
from narrows.report.subject import Arrays, Subject

_TONES: dict[str, Tone] = {"error": "error", "warning": "warning", "note": "note"}
_SHOWN = 10


def findings(subject: Subject) -> Section:
    """The doctor's findings, gravest first."""
    found = sorted(subject.run.findings, key=lambda finding: list(_TONES).index(finding.severity))
    if not found:
        return Section("findings", "Findings", (), lead="The doctor examined this run and found nothing to object to.")
    cards = tuple(
        Card(
            tag=finding.severity,
            tone=_TONES[finding.severity],
            title=finding.name,
            lines=tuple(
                (head, text)
                for head, text in (("In", finding.arm), ("Seen", finding.evidence), ("Cure", finding.cure))
                if text
            ),
        )
        for finding in found
    )
    return Section("findings", "Findings", (Cards(cards),), lead=_tally([finding.severity for finding in found]))


def data_sheet(subject: Subject) -> Section | None:
    """The pictures: what the encoder gets, what the decoder owes, how many there are, and where."""
    data = subject.run.experiment.get("data", {})
    gallery = _examples(subject)
    if not data and gallery is None:
        return None
    facts = Facts(tuple((term, text) for term, text in _facts(subject.run.experiment, data) if text))
    return Section("data", "Data", (facts, gallery) if gallery else (facts,))


def protocol(subject: Subject) -> Section | None:
    """The experiment in its own words, and what each arm is made of."""
    text = str(subject.run.experiment.get("text") or "")
    trees = tuple(
        Tree(arm.name, arm.style, _declared(arm), _flatten(arm.description)) for arm in subject.arms if _has_text(arm)
    )
    blocks = ((Prose(text),) if text else ()) + ((Trees(trees),) if trees else ())
    return Section("protocol", "Protocol", blocks) if blocks else None


def _tally(severities: list[str]) -> str:
    counts = [(severity, severities.count(severity)) for severity in _TONES]
    words = [f"{number} {severity}{'s' if number > 1 else ''}" for severity, number in counts if number]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"The doctor has {listed}. Read these before any figure below."


def _facts(experiment: dict[str, Any], data: dict[str, Any]) -> list[tuple[str, str]]:
    channels, height, width = data.get("image_shape") or (0, 0, 0)
    low, high = experiment.get("value_range") or (0, 1)
    kind = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    official = {"True": "the data set's own", "False": "made here from the seed"}.get(
        str(data.get("official_test")), ""
    )
    return [
        ("Set", str(data.get("name") or "")),
        ("Pictures", f"{height} \u00d7 {width}, {kind}, values {low} to {high}" if channels else ""),
        ("Number", ", ".join(f"{count(number)} {split}" for split, number in (data.get("n") or {}).items())),
        ("Test split", official),
        ("The same picture in two splits", _duplicates(data.get("duplicates"))),
        ("Classes", ", ".join(str(name) for name in data.get("class_names") or ())),
        ("Licence", str(data.get("licence") or "")),
        ("Fingerprint", str(data.get("fingerprint") or "")),
    ]


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
        if plain
        else "The encoder gets the input; the decoder owes the target.",
        caption=f"Pictures of the {subject.split} split, by number and class."
        + (" Hidden pixels are blue." if "hidden" in first else ""),
        strips=tuple(strips),
        width=display_width(first["target"].shape[-1]),
        heads=heads(subject, first),
    )


def heads(subject: Subject, arrays: Arrays) -> tuple[str, ...]:
    """A column head for each shown picture: its number in the split, and its class where it has one."""
    names = (subject.run.experiment.get("data") or {}).get("class_names") or ()
    labels = arrays.get("labels")
    index = arrays.get("index", np.arange(len(arrays["target"])))
    return tuple(
        f"no. {number}" + (f"\n{class_name(names, labels[place])}" if labels is not None else "")
        for place, number in enumerate(index[:_SHOWN].tolist())
    )


def class_name(names: Any, label: Any) -> str:
    """A class's name, or its number where it has none."""
    return str(names[int(label)]) if 0 <= int(label) < len(names) else str(int(label))


def _stages(arrays: Arrays) -> list[tuple[str, str]]:
    stages = [key for key in ("clean", "input", "target") if key in arrays]
    if len(stages) == 3 and all(_same(arrays["clean"], arrays[key]) for key in ("input", "target")):
        return [("clean = input = target", "clean")]
    if "clean" in stages and _same(arrays["clean"], arrays["target"]):
        return [("clean = target", "clean")] + ([("input", "input")] if "input" in stages else [])
    return [(key, key) for key in stages]


def _same(one: Any, other: Any) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other))


def _other_inputs(arrays: dict[str, Arrays]) -> list[str]:
    """The arms whose input is none of those before it, the first left out."""
    seen: dict[str, Any] = {}
    for name, found in arrays.items():
        if "input" in found and not any(_same(found["input"], other) for other in seen.values()):
            seen[name] = found["input"]
    return list(seen)[1:]


def _strip(label: str, arrays: Arrays, key: str) -> Strip:
    hidden = arrays.get("hidden") if key == "input" else None
    return Strip(
        label,
        tuple(
            Picture(photograph(image, None if hidden is None else hidden[place]), f"{label}, picture {place + 1}")
            for place, image in enumerate(arrays[key][:_SHOWN])
        ),
    )


def _has_text(arm: Arm) -> bool:
    return bool(arm.description or arm.note or arm.data_used)


def _declared(arm: Arm) -> str:
    seeds = f"Seeds {', '.join(map(str, arm.seeds))}." if len(arm.seeds) > 1 else ""
    data = f"Fitted on {arm.data_used}." if arm.data_used else ""
    return " ".join(part for part in (arm.note, data, seeds) if part)


def _flatten(description: Any, depth: int = 0) -> tuple[tuple[int, str, str], ...]:
    if not isinstance(description, dict):
        return ((depth, "", str(description)),) if description else ()
    lines: list[tuple[int, str, str]] = []
    for name, value in description.items():
        if isinstance(value, dict):
            lines += [(depth, str(name), ""), *_flatten(value, depth + 1)]
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines.append((depth, str(name), shown))
    return tuple(lines)
