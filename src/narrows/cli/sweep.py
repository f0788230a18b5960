"""The verb that trains at many settings: words to function calls."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from narrows.cli.options import AsJson, DataRoot, Device, Precision, Quick, Seeds, Settings, TrainingPrecision
from narrows.cli.pictures import CodeSize, Corrupt, Epochs, Minutes, Network, SizeText, run_name
from narrows.cli.progress import watching
from narrows.cli.show import show_table
from narrows.cli.stopping import going_on

if TYPE_CHECKING:
    from narrows.sweeps import Point, State, Sweep

SHOWN = 10
"""Points on the terminal; the report has all."""


def sweep(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="EXPERIMENT_OR_DATA",
            help="A name that 'narrows list' shows, or pictures as 'narrows train' takes them.",
            show_default=False,
        ),
    ],
    over: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH=A,B,C", help="Train at each value, of several paths at each combination."),
    ] = None,
    search: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=LOW:HIGH",
            help="Search a range, or among PATH=A,B,C, with Optuna. Whole numbers are drawn where both ends are "
            "whole, and by their logarithms where the high end is 100 times the low one or more.",
        ),
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Points of a search.", show_default=False)] = None,
    storage: Annotated[
        str, typer.Option(help="Where a search is kept, to share it: sqlite:///study.db, or a file; else in --out.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="The sweep's folder, gone on with where it is there; by default runs/sweep-NAME."),
    ] = None,
    settings: Settings = None,
    corrupt: Corrupt = "",
    model: Network = None,
    code_size: CodeSize = None,
    size: SizeText = "",
    epochs: Epochs = None,
    minutes: Minutes = None,
    seeds: Seeds = 1,
    quick: Quick = False,
    data_root: DataRoot = None,
    device: Device = "cpu",
    precision: TrainingPrecision = Precision.auto,
    as_json: AsJson = False,
) -> None:
    """Train at many settings, judged on validation, and show in one report what they change.

    The same command goes on where it stopped, and may run several times at once.

    Example: narrows sweep digits --over model.code_size=8,16,32 --over training.seed=0,1,2
    """
    from narrows.data import parse_size
    from narrows.experiments.session import RunSettings
    from narrows.jobs import Job
    from narrows.sweeps import ask, carry_out

    words = Job(
        subject,
        corrupt,
        None if model is None else model.value,
        code_size,
        parse_size(size) if size else None,
        epochs,
        minutes,
    )
    asked, seeds = ask(
        words,
        over=over or [],
        search=search or [],
        trials=trials,
        storage=storage,
        settings=settings or [],
        seeds=seeds,
    )
    folder = out or Path("runs") / f"sweep-{run_name(subject)}"
    how = RunSettings(folder, seeds=seeds, quick=quick, data_root=data_root, device=device, precision=precision.in_full)
    with going_on(folder), watching(quiet=as_json) as watcher:

        def told(point: "Point", state: "State") -> None:
            watcher.clear()
            watcher.say(describe_point(point, state))

        found = carry_out(asked, how, watcher, told)
    show_sweep(found, as_json=as_json)


def describe_point(point: "Point", state: "State") -> str:
    """One line when a point is done."""
    from narrows.sweeps.page import name_of

    came = f"failed: {point.failure}" if point.failure else f"squared error {point.error}"
    return f"{len(state.points)} of {state.total}  {name_of(point)}  {came}"


def show_sweep(found: "Sweep", *, as_json: bool) -> None:
    """What a sweep found, and where its report lies."""
    from narrows.sweeps.page import name_of
    from narrows.sweeps.points import to_json

    page = found.folder / "report.html"
    if as_json:
        told = {
            "sweep": str(found.folder),
            "report": str(page),
            "points": [to_json(point) for point in found.points],
            "missing": found.num_missing,
            "judge": found.judge,
        }
        typer.echo(json.dumps(told, indent=2))
        return
    good = [point for point in found.points if not point.failure]
    if good:
        show_table(
            "Squared error a validation picture, the best first", [row(point) for point in good[:SHOWN]], numeric=True
        )
    if len(good) > SHOWN:
        typer.echo(f"and {len(good) - SHOWN} more in points.csv")
    for point in found.points[len(good) :]:
        typer.echo(f"failed: {name_of(point)}: {point.failure}", err=True)
    if found.num_missing:
        typer.echo(f"not finished yet: {found.num_missing}; the same command goes on", err=True)
    if found.judge:
        typer.echo(f"\nto judge the best on the test split, once:\n  {found.judge}")
    typer.echo(f"\nreport: {page.resolve().as_uri()}")


def row(point: "Point") -> dict[str, Any]:
    """A point on the terminal."""
    from narrows.report.numbers import duration
    from narrows.sweeps.page import name_of

    return {
        "point": name_of(point),
        "squared error": str(point.error),
        "PCA": "" if math.isnan(point.pca_error) else f"{point.pca_error:.4g}",
        "training": duration(point.seconds),
        "doctor": point.findings,
    }
