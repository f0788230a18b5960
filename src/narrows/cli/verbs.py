"""The verbs: words to function calls.

Each verb imports what it needs when it is used, so that `narrows --help` loads nothing heavy.
"""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from narrows.cli.compare import compare
from narrows.cli.export import export
from narrows.cli.options import (
    AsJson,
    DataRoot,
    Device,
    LogTo,
    NoTest,
    Overwrite,
    Precision,
    Quick,
    Resume,
    RunFolder,
    Seeds,
    Settings,
    TrainingPrecision,
)
from narrows.cli.pictures import train
from narrows.cli.progress import bars, watching
from narrows.cli.show import show_findings, show_run, show_runs, show_sets, show_table
from narrows.cli.stopping import complain, going_on
from narrows.cli.sweep import sweep
from narrows.cli.use import apply, decode, encode, evaluate, probe

USER_ERROR = 2

app = typer.Typer(
    help="Image autoencoders, PCA beside them, and a report that says when a figure cannot be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="The data sets of the catalogue: what is there, and fetching what is not.")
app.add_typer(data_app, name="data", no_args_is_help=True)


def main() -> None:
    """Run the command line; a user's mistake is one sentence and exit code 2."""
    try:
        app(standalone_mode=True)
    except (ValueError, OSError, FloatingPointError, ImportError) as error:
        complain(sentence(error))
        sys.exit(USER_ERROR)


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
def list_all(
    runs: Annotated[
        Path | None, typer.Option(help="A folder of runs to list in their place.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Experiments and data sets, with what each shows and how long it takes; or the runs of a folder.

    Example: narrows list --runs runs
    """
    if runs is not None:
        show_runs(runs, as_json=as_json)
        return
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
    seeds: Seeds = 1,
    settings: Settings = None,
    quick: Quick = False,
    no_test: NoTest = False,
    resume: Resume = False,
    overwrite: Overwrite = False,
    data_root: DataRoot = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch missing data files first.")] = False,
    device: Device = "cpu",
    precision: TrainingPrecision = Precision.auto,
    log: LogTo = None,
    as_json: AsJson = False,
) -> None:
    """Train, evaluate, diagnose and report an experiment.

    Example: narrows run pca_vs_autoencoder --seeds 3

    In several processes, on one machine or more: torchrun --nproc-per-node 2 -m narrows run pca_vs_autoencoder
    """
    from narrows.experiments.folder import default_folder
    from narrows.experiments.index import load_experiment
    from narrows.experiments.run import run_experiment
    from narrows.experiments.session import RunSettings
    from narrows.experiments.settings import change_experiment
    from narrows.training.processes import joined

    asked = change_experiment(load_experiment(experiment), settings or [])
    folder = out or default_folder(asked.name, again=overwrite or resume)
    with joined(device) as (processes, own_device):
        if download:
            with processes.one_first():
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
            device=own_device,
            precision=precision.in_full,
            log="tensorboard" if log else "",
            command=shlex.join(["narrows", *sys.argv[1:]]),
            processes=processes,
        )
        with going_on(folder, "--resume"), watching(quiet=as_json or not processes.leads) as watcher:
            finished = run_experiment(asked, how, watcher)
        if processes.leads:
            show_run(finished, as_json=as_json)


for verb in (train, sweep, apply, encode, decode, evaluate, probe, export, compare):
    app.command()(verb)


@app.command()
def report(folder: RunFolder, as_json: AsJson = False) -> None:
    """Write a run's report.html and figures anew.

    Example: narrows report runs/quickstart
    """
    from narrows.report import write_report
    from narrows.results import open_run

    with watching(quiet=as_json) as watcher:
        watcher.stage(f"drawing {folder.name}")
        path = write_report(open_run(folder).folder)
    typer.echo(json.dumps({"report": str(path)}) if as_json else path)


@app.command()
def doctor(folder: RunFolder, as_json: AsJson = False) -> None:
    """Say what is wrong with a run's figures; exit code 1 where an error is found.

    Each finding is explained, with a picture of the fault, on the page "Why is my number wrong" (docs/wrong.md).

    Example: narrows doctor runs/quickstart
    """
    from narrows.diagnostics import diagnose, exit_code
    from narrows.results import open_run

    run = open_run(folder)
    if not run.finished:
        complain(
            f"{folder} is not finished, and what is missing was not looked at; its own command with --resume goes on"
        )
    findings = diagnose(run)
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        show_findings(findings)
    raise typer.Exit(exit_code(findings))


@data_app.command("list")
def data_list(data_root: DataRoot = None, as_json: AsJson = False) -> None:
    """The data sets, whether their files are there, and the folders that are kept decoded.

    Example: narrows data list
    """
    sets, cached = list_sets(data_root), list_cached()
    if as_json:
        typer.echo(json.dumps({"sets": sets, "cache": cached}, indent=2))
        return
    show_sets(sets)
    if cached:
        show_table("Decoded pictures in the cache: 'narrows data clear' deletes them", cached)


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


def list_cached() -> list[dict[str, Any]]:
    """The cache of decoded folders as plain rows."""
    from narrows.data import list_cache

    return [
        {
            "folder": entry.folder,
            "shape": " x ".join(map(str, entry.image_shape)),
            "pictures": entry.num_pictures,
            "MB": round(entry.num_bytes / 1e6, 1),
        }
        for entry in list_cache()
    ]


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
