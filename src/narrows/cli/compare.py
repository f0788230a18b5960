"""The verb that sets several runs beside each other."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from narrows.cli.options import AsJson
from narrows.cli.progress import watching
from narrows.cli.show import fitting, show_table

if TYPE_CHECKING:
    from narrows.comparison import Compared


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN RUN...", help="Two or more run folders.")],
    out: Annotated[Path | None, typer.Option(help="The folder to write to; by default one under comparisons/.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the comparison in --out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set runs beside each other: settings, figures, differences picture by picture, curves and pictures.

    Example: narrows compare runs/small runs/large --out comparisons/size
    """
    from narrows.comparison import compare as compared

    with watching(quiet=as_json) as watcher:
        watcher.stage(f"comparing {len(runs)} runs")
        found = compared(runs, out, overwrite=overwrite)
    if as_json:
        typer.echo(json.dumps(as_plain(found), indent=2, allow_nan=False))
        return
    grounds = list(dict.fromkeys(standing.ground for standing in found.standings))
    for ground in grounds:
        rows = [
            {"arm": standing.arm, **{name.replace("_", " "): str(each) for name, each in standing.metrics.items()}}
            for standing in found.standings
            if standing.ground == ground
        ]
        show_table(f"Best first, over {ground}", fitting(rows), numeric=True)
    for line in (*found.answer, "", *found.cautions):
        typer.echo(line)
    typer.echo(f"\nreport: {found.report.resolve().as_uri()}")


def as_plain(found: "Compared") -> dict[str, Any]:
    """What was found, as JSON has it; what is not known is null."""
    standings = [
        {
            "arm": standing.arm,
            "ground": standing.ground,
            "metrics": {name: plain(each._asdict()) for name, each in standing.metrics.items()},
            "behind": None if standing.behind is None else plain(standing.behind._asdict()),
        }
        for standing in found.standings
    ]
    return {
        "out": str(found.folder),
        "report": str(found.report),
        "answer": found.answer,
        "cautions": found.cautions,
        "standings": standings,
    }


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """A record without the numbers that are none."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in record.items()}
