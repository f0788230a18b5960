"""Tables and findings on the terminal."""

import json
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from narrows.results import Finding, Run

NAME_WIDTH = 26
"""Of an arm's name that is not broken up further."""
UNSEEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
"""Unicode's categories of what moves a cursor, turns a line or is not seen."""
SPARE = ("mse", "ssim", "psnr")
"""Columns that a narrow terminal goes without, the first one first."""
PADDING = 3
"""A blank on either side of a column, and what divides it from the next."""


def printable(text: str) -> str:
    """Text from outside on one line; what a terminal might obey is written as an escape."""
    return "".join(
        each.encode("unicode_escape").decode() if unicodedata.category(each) in UNSEEN else each for each in text
    )


def show_sets(sets: list[dict[str, Any]]) -> None:
    """The catalogue as a table."""
    show_table("Data sets: pictures as channel x height x width, counts as train / validation / test", sets)


def show_table(title: str, rows: list[dict[str, Any]], *, numeric: bool = False) -> None:
    """Plain rows with their keys as headings; a table of numbers wraps its first column only."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(printable(title)), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for place, (heading, value) in enumerate(rows[0].items()):
        words = isinstance(value, str) and place > 0 and not numeric
        table.add_column(Text(printable(heading)), style="bold" if place == 0 else "", no_wrap=place > 0 and not words)
    for row in rows:
        # as text: square brackets in a name are none of rich's markup
        table.add_row(
            *(Text(f"{value:g}" if isinstance(value, float) else printable(str(value))) for value in row.values())
        )
    Console().print(table)


def show_run(finished: "Run", *, as_json: bool) -> None:
    """What a run found, and where its report lies."""
    from narrows.results import interval

    page, place = finished.folder / "report.html", finished.environment
    if as_json:
        findings = [finding._asdict() for finding in finished.findings]
        told = {"run": str(finished.folder), "report": str(page), "precision": place["precision"], "findings": findings}
        typer.echo(json.dumps(told, indent=2))
        return
    split = "test" if any(row.split == "test" for row in finished.results) else "validation"
    trained = [arm for arm in finished.experiment["arms"] if arm["role"] != "baseline"]
    one_input = len({json.dumps(arm["description"]["corruption"]) for arm in trained}) == 1
    # baselines stand beside arms only where all were given the same input
    names = finished.arms() if one_input else [arm["name"] for arm in trained]
    where = f"{split} split" if one_input else f"{split} split, each arm on its own input"
    rows = []
    for arm in names:
        row: dict[str, Any] = {"arm": arm}
        for metric in ("squared_error", "mse", "psnr", "ssim"):
            found = finished.values(arm, metric, split=split)
            row[metric.replace("_", " ")] = str(interval(list(found.values()))) if found else ""
        rows.append(row)
    show_table(f"{finished.experiment['question']} ({where})", fitting(rows), numeric=True)
    show_findings(finished.findings)
    typer.echo(f"\nprecision: {place['precision']}, on {place['processor']}\nreport: {page.resolve().as_uri()}")


def show_runs(folder: Path, *, as_json: bool) -> None:
    """The runs of a folder, how far each is, and its first figure."""
    from narrows.comparison.listing import list_runs

    rows = [listed._asdict() for listed in list_runs(folder)]
    if as_json:
        typer.echo(json.dumps({"runs": rows}, indent=2))
        return
    for row in rows:
        error = row.pop("squared_error")
        row["squared error"] = "" if error is None else f"{error:.4g}"
    show_table(f"Runs in {folder}", rows, numeric=True)


def fitting(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without the columns for which the terminal is too narrow; the report has them all."""
    from rich.console import Console

    width = Console().width
    room = min(NAME_WIDTH, max(len(row["arm"]) for row in rows))
    kept = list(rows[0])
    for spare in SPARE:
        widths = [max(len(heading), *(len(row[heading]) for row in rows)) for heading in kept[1:]]
        if room + sum(widths) + PADDING * len(kept) <= width:
            break
        kept.remove(spare)
    return [{heading: row[heading] for heading in kept} for row in rows]


def show_findings(findings: "list[Finding]") -> None:
    """What the doctor found, gravest first."""
    from rich.console import Console
    from rich.text import Text

    console = Console()
    if not findings:
        console.print("The doctor found nothing.")
    styles = {"error": "bold red", "warning": "yellow", "note": "dim"}
    for finding in findings:
        head = Text.assemble((finding.severity, styles[finding.severity]), f"  {finding.name}")
        console.print(head.append(f", {printable(finding.arm)}" if finding.arm else ""))
        console.print(Text(f"  {printable(finding.evidence).rstrip('.')}. {printable(finding.cure)}", style="dim"))
