"""What stands last: the reports' conclusions judged, and how to do it all again."""

from typing import Any

from narrows.report.numbers import duration
from narrows.report.page import Card, Cards, Code, Facts, Section, Tone
from narrows.report.subject import Subject

_TONES: dict[str, Tone] = {"confirmed": "calm", "refuted": "error", "partly": "warning", "not tested": "note"}
_VERDICTS = {"confirmed": "confirmed", "refuted": "refuted", "partly": "partly so", "not tested": "not tested"}


def conclusions(subject: Subject) -> Section | None:
    """What the source reports conclude, and what this run says of it."""
    if not subject.run.conclusions:
        return None
    cards = tuple(
        Card(
            tag=_VERDICTS[conclusion.verdict],
            tone=_TONES[conclusion.verdict],
            title=f"“{conclusion.claim}”",
            lines=(("Report", conclusion.report), ("This run", conclusion.evidence)),
        )
        for conclusion in subject.run.conclusions
    )
    return Section("conclusions", "Conclusions of the source reports", (Cards(cards),))


def reproduce(subject: Subject) -> Section:
    """Command, seeds, versions, hardware, seconds, the data's fingerprint, and how to cite."""
    environment = subject.run.environment
    command = str(environment.get("command") or "")
    items = tuple((term, text) for term, text in _facts(subject, environment) if text)
    version = str(environment.get("narrows") or "")
    run = (Code("Command", command),) if command else ()
    return Section("reproduce", "Reproduce and cite", (*run, Facts(items), Code("To cite", _citation(version))))


def _facts(subject: Subject, environment: dict[str, Any]) -> list[tuple[str, str]]:
    seeds = sorted({seed for arm in subject.trained for seed in arm.seeds})
    packages = [("Narrows", "narrows"), ("Python", "python"), ("PyTorch", "torch"), ("NumPy", "numpy")]
    packages.append(("scikit-learn", "scikit-learn"))
    versions = [f"{name} {environment[key]}" for name, key in packages if environment.get(key)]
    machine = [str(environment[key]) for key in ("processor", "device") if environment.get(key)]
    machine += [f"{environment[key]} {key}" for key in ("cores", "threads") if environment.get(key)]
    seconds = environment.get("seconds")
    return [
        ("Seeds", ", ".join(map(str, seeds))),
        ("Versions", ", ".join(versions)),
        ("Hardware", ", ".join(machine)),
        ("Precision", str(environment.get("precision") or "")),
        ("Time taken", duration(float(seconds)) if seconds is not None else ""),
        ("Data", str((subject.run.experiment.get("data") or {}).get("fingerprint") or "")),
        ("Git", str(environment.get("git") or "")),
        ("Date", str(environment.get("date") or "")),
    ]


def _citation(version: str) -> str:
    return (
        "@software{narrows,\n"
        "  title   = {Narrows: image autoencoders, PCA beside them, and an honest report},\n"
        "  author  = {{The Narrows developers}},\n"
        f"  version = {{{version}}},\n"
        "}"
    )
