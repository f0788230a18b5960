"""How the errors spread over pictures."""

import numpy as np

from narrows.report.numbers import figure
from narrows.report.page import Line, Panel, Plot, Section
from narrows.report.sections.pictures import worst
from narrows.report.subject import Subject

_SHARES = np.linspace(0.0, 1.0, 101)


def spread(subject: Subject) -> Section | None:
    """The distribution of per-picture errors, and the worst pictures."""
    blocks = tuple(block for block in (_distribution(subject), worst(subject)) if block is not None)
    return Section("spread", "Good pictures and bad ones", blocks) if blocks else None


def _distribution(subject: Subject) -> Plot | None:
    found = {
        arm: np.sort(subject.reconstructions[arm.name]["per_picture"].astype(np.float64))
        for arm in subject.pictured
        if len(subject.reconstructions[arm.name].get("per_picture", ()))
    }
    if not found:
        return None
    lines = tuple(Line(arm.name, arm.style, np.quantile(errors, _SHARES), _SHARES) for arm, errors in found.items())
    medians = {arm.name: float(np.median(errors)) for arm, errors in found.items()}
    winner = min(medians, key=lambda name: medians[name])
    tail = next(float(np.quantile(errors, 0.99)) for arm, errors in found.items() if arm.name == winner)
    return Plot(
        name="error-distribution",
        claim=f"Half of the pictures of “{winner}” stay below {figure(medians[winner], 3)}, one in a hundred exceeds"
        f" {figure(tail, 3)}.",
        caption=f"Share of the {subject.split} pictures whose squared error is at most the value below, first seed."
        + subject.caveat,
        alt="Cumulative distribution of the squared error, one curve an arm: "
        + ", ".join(f"{name} has median {figure(median, 3)}" for name, median in medians.items()),
        panels=(
            Panel(
                lines,
                x_label="squared error of a picture",
                y_label="share of pictures",
                log_x=all(float(line.x[0]) > 0 for line in lines),
            ),
        ),
    )
