"""The verbs: words to function calls.

Each verb imports what it needs when it is used, so that `narrows --help` loads nothing heavy.
"""

import json
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from narrows.cli.progress import bars, watching
from narrows.cli.show import show_findings, show_run, show_sets, show_table

USER_ERROR = 2
INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""

app = typer.Typer(
    help="Image autoencoders, PCA beside them, and a report that says when a figure cannot be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="The data sets of the catalogue: what is there, and fetching what is not.")
app.add_typer(data_app, name="data", no_args_is_help=True)


class Precision(StrEnum):
    """Of the matrix products while training."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"


RunFolder = Annotated[Path, typer.Argument(help="A run folder.", show_default=False)]
DataRoot = Annotated[
    Path | None,
    typer.Option("--data-root", envvar="NARROWS_DATA", help="Folder of the official data files.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def main() -> None:
    """Run the command line; a user's mistake is one sentence and exit code 2."""
    try:
        app(standalone_mode=True)
    except (ValueError, OSError, FloatingPointError) as error:
        complain(sentence(error))
        sys.exit(USER_ERROR)


def complain(text: str) -> None:
    """One line to standard error."""
    typer.secho(f"narrows: {text}", err=True, fg=typer.colors.RED if sys.stderr.isatty() else None)


def sentence(error: Exception) -> str:
    """An error's message; of the system's own errors, what could not be done with which file."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"expected to use {error.filename}, found: {error.strerror.lower()}; choose another place or free it"
    return str(error)


def show_version(wanted: bool | None) -> None:
    """Print the version and stop."""
    if wanted:
        import importlib.metadata

        typer.echo(importlib.metadata.version("narrows"))
        raise typer.Exit


@app.callback()
def everywhere(
    version: Annotated[bool | None, typer.Option("--version", callback=show_version, help="Print the version.")] = None,
) -> None:
    """Image autoencoders, PCA beside them, and a report that says when a figure cannot be trusted."""


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """Experiments and data sets, with what each shows and how long it takes.

    Example: narrows list
    """
    from narrows.experiments.index import EXPERIMENTS

    rows = [
        {"name": name, "shows": entry.shows, "data": entry.data, "minutes": entry.minutes}
        for name, entry in EXPERIMENTS.items()
    ]
    if as_json:
        typer.echo(json.dumps({"experiments": rows, "data": list_sets(None)}, indent=2))
        return
    show_table("Experiments: narrows run NAME", rows)
    show_sets(list_sets(None))


@app.command()
def run(
    experiment: Annotated[str, typer.Argument(help="A name that 'narrows list' shows.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="The run folder; by default a new one under runs/.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Train every arm with seeds 0 to N-1.")] = 1,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a setting, such as training.epochs=5; repeatable."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Two epochs on little data: does it work? Marked.")] = False,
    no_test: Annotated[bool, typer.Option("--no-test", help="Leave the test split unread, for tuning.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run, or add seeds to it.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in --out.")] = False,
    data_root: DataRoot = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch missing data files first.")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 or mps.")] = "cpu",
    precision: Annotated[Precision, typer.Option(help="Of the matrix products while training.")] = Precision.auto,
    as_json: AsJson = False,
) -> None:
    """Train, evaluate, diagnose and report an experiment.

    Example: narrows run pca_vs_autoencoder --seeds 3
    """
    from narrows.experiments.folder import default_folder
    from narrows.experiments.index import load_experiment
    from narrows.experiments.run import RunSettings, run_experiment
    from narrows.experiments.settings import change_experiment

    asked = change_experiment(load_experiment(experiment), settings or [])
    folder = out or default_folder(asked.name, again=overwrite or resume)
    if download:
        for name in (asked.data, *asked.other_data):
            fetch(name, data_root)
    how = RunSettings(
        folder=folder,
        seeds=seeds,
        quick=quick,
        read_test=not no_test,
        overwrite=overwrite,
        resume=resume,
        data_root=data_root,
        device=device,
        precision=precision.value,
        command=shlex.join(["narrows", *sys.argv[1:]]),
    )
    try:
        with watching(quiet=as_json) as watcher:
            finished = run_experiment(asked, how, watcher)
    except KeyboardInterrupt:
        complain(f"stopped; the same command with --resume --out {shlex.quote(str(folder))} goes on from here")
        raise typer.Exit(INTERRUPTED) from None
    show_run(finished, as_json=as_json)


@app.command()
def report(folder: RunFolder, as_json: AsJson = False) -> None:
    """Write a run's report.html and figures anew.

    Example: narrows report runs/quickstart
    """
    from narrows.report import write_report
    from narrows.results import open_run

    path = write_report(open_run(folder).folder)
    typer.echo(json.dumps({"report": str(path)}) if as_json else path)


@app.command()
def doctor(folder: RunFolder, as_json: AsJson = False) -> None:
    """Say what is wrong with a run's figures; exit code 1 where an error is found.

    Example: narrows doctor runs/quickstart
    """
    from narrows.diagnostics import diagnose, exit_code
    from narrows.results import open_run

    findings = diagnose(open_run(folder))
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        show_findings(findings)
    raise typer.Exit(exit_code(findings))


@data_app.command("list")
def data_list(data_root: DataRoot = None, as_json: AsJson = False) -> None:
    """The data sets, and whether their files are there.

    Example: narrows data list
    """
    sets = list_sets(data_root)
    if as_json:
        typer.echo(json.dumps(sets, indent=2))
    else:
        show_sets(sets)


@data_app.command("download")
def data_download(
    name: Annotated[str, typer.Argument(help="A name that 'narrows data list' shows.", show_default=False)],
    data_root: DataRoot = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a data set's official files, checked by their md5.

    Example: narrows data download mnist
    """
    folder = fetch(name, data_root)
    typer.echo(json.dumps({"data_root": str(folder)}) if as_json else f"{name} is in {folder}")


@data_app.command("clear")
def data_clear(as_json: AsJson = False) -> None:
    """Delete the cache of decoded pictures; official files stay.

    Example: narrows data clear
    """
    from narrows.data import cache_folder, clear_cache

    freed = clear_cache()
    text = json.dumps({"freed_bytes": freed}) if as_json else f"freed {freed / 1e6:.1f} MB in {cache_folder()}"
    typer.echo(text)


def fetch(name: str, data_root: Path | None) -> Path:
    """Download with a progress bar."""
    from narrows.data import download

    with bars() as progress:
        tasks: dict[str, Any] = {}

        def tell(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = progress.add_task(label, total=total, detail="")
            progress.update(tasks[label], completed=done, total=total or None)

        return download(name, data_root, tell)


def list_sets(data_root: Path | None) -> list[dict[str, Any]]:
    """The catalogue as plain rows."""
    from narrows.data import CATALOGUE, is_present
    from narrows.data import data_root as root_of

    root = root_of(data_root)
    return [
        {
            "name": entry.name,
            "shows": entry.description,
            "shape": " x ".join(str(size) for size in entry.image_shape),
            "pictures": " / ".join(f"{count:,}".replace(",", "\N{NO-BREAK SPACE}") for count in entry.num_pictures),
            "there": "yes" if is_present(entry, root) else "no",
        }
        for entry in CATALOGUE.values()
    ]
