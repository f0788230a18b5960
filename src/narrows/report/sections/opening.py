"""What a reader should know before the figures: the doctor's findings, and the protocol."""

from typing import Any

from narrows.report.arms import Arm
from narrows.report.page import Card, Cards, Prose, Section, Tone, Tree, Trees
from narrows.report.subject import Subject

_TONES: dict[str, Tone] = {"error": "error", "warning": "warning", "note": "note"}


def findings(subject: Subject) -> Section:
    """The doctor's findings, gravest first."""
    found = sorted(subject.run.findings, key=lambda finding: list(_TONES).index(finding.severity))
    if not found:
        examined = (subject.run.folder / "findings.json").exists()
        lead = "The doctor examined this run and found nothing to object to."
        return Section("findings", "Findings", (), lead=lead if examined else "No doctor has examined this run yet.")
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


def _has_text(arm: Arm) -> bool:
    return bool(arm.description or arm.note or arm.data_used)


def _declared(arm: Arm) -> str:
    seeds = f"Seeds {', '.join(map(str, arm.seeds))}." if len(arm.seeds) > 1 else ""
    data = f"Fitted on {arm.data_used}." if arm.data_used else ""
    return " ".join(part for part in (arm.note, data, seeds) if part)


def _flatten(description: Any, depth: int = 0) -> tuple[tuple[int, str, str], ...]:
    """A nested description as lines of (depth, name, value); the parts of a list stand under its name."""
    lines: list[tuple[int, str, str]] = []
    for name, value in (description or {}).items():
        parts = [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, dict)]
        if parts:
            lines.append((depth, str(name), ""))
            lines += [line for part in parts for line in _flatten(part, depth + 1)]
        else:
            lines.append((depth, str(name), _plain(value)))
    return tuple(lines)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
