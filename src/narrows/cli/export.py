"""The verb that writes a model for other programs."""

import json
from pathlib import Path
from typing import Annotated

import typer

from narrows.cli.options import AsJson
from narrows.cli.progress import watching
from narrows.cli.show import show_table
from narrows.cli.use import Model


def export(
    run: Model,
    out: Annotated[Path, typer.Option(help="A file that ends in .onnx or .pt2.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Write a model as ONNX, or for PyTorch without Narrows, and see that the file computes the same.

    Example: narrows export runs/denoiser --out denoiser.onnx
    """
    from narrows.apply import Run
    from narrows.export import export_run

    with watching(quiet=as_json) as watcher:
        watcher.stage(f"exporting {run.name}")
        done = export_run(Run.open(run), out)
    if as_json:
        typer.echo(json.dumps([each._asdict() for each in done], indent=2))
        return
    rows = [
        {"file": each.path, "part": each.part, "largest difference": f"{each.largest_difference:.1g}"} for each in done
    ]
    show_table(f"Compared with the model on {done[0].num_pictures} pictures", rows)
