"""What a reader should know before the figures: the doctor's findings, and the protocol."""

from collections.abc import Mapping, Sequence
from typing import Any

from narrows.report.arms import Arm
from narrows.report.colours import Style
from narrows.report.page import Card, Cards, Prose, Section, Sight, Tone, Tree, Trees
from narrows.report.subject import Subject
from narrows.results import Finding

_TONES: dict[str, Tone] = {"error": "error", "warning": "warning", "note": "note"}


def findings(subject: Subject) -> Section:
    """The doctor's findings, gravest first, one card for all arms in which the same was found."""
    found = subject.run.findings
    if not found:
        examined = (subject.run.folder / "findings.json").exists()
        lead = "The doctor examined this run and found nothing to object to."
        return Section("findings", "Findings", (), lead=lead if examined else "No doctor has examined this run yet.")
    shown = cards(found, {arm.name: arm.style for arm in subject.arms})
    tally = _tally([finding.severity for finding in found], grouped=len(shown.items) < len(found))
    calm = _clean_arms(subject, found)
    return Section("findings", "Findings", (shown,), lead=f"{tally} {calm}".strip())


def cards(found: Sequence[Finding], styles: Mapping[str, Style]) -> Cards:
    """Findings, gravest first: one card for all arms in which the same was found, each with its arm's look."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for finding in sorted(found, key=lambda finding: list(_TONES).index(finding.severity)):
        alike.setdefault((finding.severity, finding.name), []).append(finding)
    return Cards(tuple(_card(group, styles) for group in alike.values()))


def protocol(subject: Subject) -> Section | None:
    """The experiment in its own words, and what each arm is made of."""
    text = str(subject.run.experiment.get("text") or "")
    trees = tuple(
        Tree(arm.name, arm.style, _declared(arm), flatten(arm.description)) for arm in subject.arms if _has_text(arm)
    )
    blocks = ((Prose(text),) if text else ()) + ((Trees(trees),) if trees else ())
    return Section("protocol", "Protocol", blocks) if blocks else None


def _card(alike: list[Finding], styles: Mapping[str, Style]) -> Card:
    """One finding: what was seen in each arm, and each cure once."""
    first = alike[0]
    return Card(
        tag=first.severity,
        tone=_TONES[first.severity],
        title=first.name,
        seen=tuple(Sight(finding.arm, finding.evidence, styles.get(finding.arm)) for finding in alike),
        lines=tuple(("Cure", cure) for cure in dict.fromkeys(finding.cure for finding in alike) if cure),
    )


def _clean_arms(subject: Subject, found: list[Finding]) -> str:
    """That no error or warning is about an improved arm, where that is so and not plain; else nothing."""
    grave = {finding.arm for finding in found if finding.severity != "note"}
    improved = [arm.name for arm in subject.arms if arm.role == "improved"]
    if not grave or not improved or grave & {"", *improved}:
        return ""
    whom = f"the improved arm, “{improved[0]}”" if len(improved) == 1 else "any of the improved arms"
    return f"None of the errors and warnings is about {whom}."


def _tally(severities: list[str], *, grouped: bool) -> str:
    counts = [(severity, severities.count(severity)) for severity in _TONES]
    words = [f"{number} {severity}{'s' if number > 1 else ''}" for severity, number in counts if number]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    how = ", the same in several arms told once" if grouped else ""
    return f"The doctor has {listed}{how}. Read {'it' if len(severities) == 1 else 'them'} before any figure below."


def _has_text(arm: Arm) -> bool:
    return bool(arm.description or arm.note or arm.data_used)


def _declared(arm: Arm) -> str:
    seeds = f"Seeds {', '.join(map(str, arm.seeds))}." if len(arm.seeds) > 1 else ""
    data = f"Fitted on {arm.data_used}." if arm.data_used else ""
    return " ".join(part for part in (arm.note, data, seeds) if part)


def flatten(description: Any, depth: int = 0) -> tuple[tuple[int, str, str], ...]:
    """A nested description as lines of (depth, name, value); the parts of a list stand under its name."""
    lines: list[tuple[int, str, str]] = []
    for name, value in (description or {}).items():
        parts = [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, dict)]
        if parts:
            lines.append((depth, str(name), ""))
            lines += [line for part in parts for line in flatten(part, depth + 1)]
        else:
            lines.append((depth, str(name), plain(value)))
    return tuple(lines)


def plain(value: Any) -> str:
    """A setting as a reader wants it."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
