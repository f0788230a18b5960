"""The arms of a run, in the page's order, each with the look it keeps throughout."""

from dataclasses import dataclass
from typing import Any

from narrows.report.colours import DASHES, HUES, MARKERS, Style
from narrows.results import Run

ROLES = ("as reported", "improved", "compared", "baseline")
"""The order of the page's groups."""


@dataclass(frozen=True, eq=False)
class Arm:
    """One trained arm or baseline; a size that the run does not state is None."""

    name: str
    role: str
    style: Style
    seeds: tuple[int, ...]
    note: str = ""
    data_used: str = ""
    task: str = ""
    description: Any = None
    parameters: int | None = None
    code_numbers: int | None = None
    bypass_numbers: int | None = None

    @property
    def variant(self) -> str:
        """What stands after the first comma of the name: what varies between arms of one role."""
        return self.name.partition(", ")[2]

    @property
    def is_pca(self) -> bool:
        """Whether the arm is the closed-form baseline."""
        return self.role == "baseline" and self.name.lower().startswith("pca")

    @property
    def is_input(self) -> bool:
        """Whether the arm is the input handed back, whatever it is."""
        return self.role == "baseline" and self.name == "input"


def read_arms(run: Run) -> tuple[Arm, ...]:
    """Every arm that the run describes or has results of, grouped by role, in the order written within each."""
    described = {str(entry["name"]): entry for entry in run.experiment.get("arms", [])}
    measured: dict[str, set[int]] = {}
    for row in run.results:
        measured.setdefault(row.arm, set()).add(row.seed)
    names = [name for name in dict.fromkeys([*described, *measured]) if name]
    entries = [(name, described.get(name, {})) for name in names]
    ordered = sorted(entries, key=lambda pair: ROLES.index(_role(*pair)))
    arms: list[Arm] = []
    for name, entry in ordered:
        role = _role(name, entry)
        peers = sum(other.role == "baseline" for other in arms) if role == "baseline" else len(arms)
        arms.append(
            Arm(
                name=name,
                role=role,
                style=style_of(name, role, peers),
                seeds=tuple(sorted(measured.get(name, ()))) or tuple(entry.get("seeds", (0,))),
                note=str(entry.get("note") or ""),
                data_used=str(entry.get("data_used") or ""),
                task=str(entry.get("task") or ""),
                description=entry.get("description"),
                parameters=entry.get("parameters"),
                code_numbers=entry.get("code_numbers"),
                bypass_numbers=entry.get("bypass_numbers"),
            )
        )
    return tuple(arms)


def _role(name: str, entry: dict[str, Any]) -> str:
    stated = entry.get("role") or name.partition(",")[0]
    return stated if stated in ROLES else "baseline"


def style_of(name: str, role: str, peers: int) -> Style:
    """The look of an arm that so many of its kind come before: baselines, else all others."""
    if role == "baseline":
        return Style("ink" if name.lower().startswith("pca") else "grey", DASHES[role], MARKERS[-1 - peers % 12])
    return Style(HUES[peers % len(HUES)], DASHES[role], MARKERS[peers % len(MARKERS)])
