"""The verbs that use a trained model: words to function calls.

Each verb imports what it needs when it is used, so that `narrows --help` loads nothing heavy.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from narrows.cli.options import AsJson, DataRoot, Device, EncodingPrecision, Precision
from narrows.cli.progress import watching
from narrows.cli.show import printable, show_table

Model = Annotated[
    Path, typer.Argument(metavar="RUN", help="A run folder, or RUN/ARM-SEED where it has several models.")
]
Pictures = Annotated[str, typer.Argument(help="A folder of pictures, a .npy or .npz file, or a set of the catalogue.")]
Out = Annotated[Path, typer.Option(help="The folder to write to; nothing in it is replaced.", show_default=False)]
SHOWN = 5
"""Odd pictures on the terminal."""


def apply(
    run: Model,
    pictures: Annotated[Path, typer.Argument(metavar="INPUT", help="A picture, a folder of them, or a .npy file.")],
    out: Out,
    mask: Annotated[
        Path | None, typer.Option(help="A picture whose bright part is hidden, or a folder of one for each.")
    ] = None,
    sheet: Annotated[bool, typer.Option("--sheet", help="Write a sheet of before and after as well.")] = False,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Denoise, fill in, take apart or reconstruct pictures, under their names and in their sizes.

    Example: narrows apply runs/denoiser ./noisy --out ./clean --sheet
    """
    from narrows.apply import Run, apply_files

    with watching(quiet=as_json) as watcher:
        watcher.stage(f"applying {run.name}")
        done = apply_files(
            Run.open(run, device=device), pictures, out, mask=mask, sheet=sheet, on_progress=watcher.counted
        )
    if as_json:
        typer.echo(json.dumps({"out": str(out), **done._asdict()}, indent=2))
        return
    typer.echo(f"{len(done.written)} pictures in {out}")
    tell_each("left out", done.left_out)
    tell_each("doubtful", done.doubtful)


def encode(
    run: Model,
    pictures: Pictures,
    out: Annotated[Path, typer.Option(help="A file that ends in .npz or .parquet.", show_default=False)],
    data_root: DataRoot = None,
    device: Device = "cpu",
    precision: EncodingPrecision = Precision.float32,
    as_json: AsJson = False,
) -> None:
    """Write the codes of pictures, with their files and labels.

    Example: narrows encode runs/photos ./photos --out codes.npz
    """
    from narrows.apply import Run, encode_to_file, gather
    from narrows.apply.codes import SUFFIXES
    from narrows.apply.files import check_new

    check_new(out, SUFFIXES)
    opened = Run.open(run, device=device)
    with watching(quiet=as_json) as watcher:
        watcher.stage(f"encoding {pictures}")
        gathered = gather(opened, pictures, root=data_root, on_progress=watcher.counted)
        codes = encode_to_file(opened, gathered, out, watcher.counted, precision=precision.in_full)
    if as_json:
        told = {"out": str(out), "pictures": len(codes), "code_size": codes.shape[1], "left_out": gathered.unreadable}
        typer.echo(json.dumps(told, indent=2))
        return
    typer.echo(f"{len(codes)} codes of {codes.shape[1]} numbers in {out}")
    tell_each("left out", gathered.unreadable)


def decode(
    run: Model,
    codes: Annotated[Path, typer.Argument(help="A file that 'narrows encode' wrote.")],
    out: Out,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Write the pictures of codes, as PNG.

    Example: narrows decode runs/photos codes.npz --out ./decoded
    """
    from narrows.apply import Run, decode_to_files

    with watching(quiet=as_json) as watcher:
        watcher.stage(f"decoding {codes.name}")
        written = decode_to_files(Run.open(run, device=device), codes, out, watcher.counted)
    typer.echo(json.dumps({"out": str(out), "written": written}) if as_json else f"{len(written)} pictures in {out}")


def evaluate(
    run: Model,
    pictures: Pictures,
    per_picture: Annotated[
        Path | None, typer.Option(help="A .csv file of every picture's error, the largest first.")
    ] = None,
    data_root: DataRoot = None,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Judge a model on further pictures, and show the odd ones in its report.

    Example: narrows evaluate runs/digits ./scans --per-picture errors.csv
    """
    import numpy as np

    from narrows.apply import Run, gather, judge
    from narrows.apply.files import check_new

    if per_picture is not None:
        check_new(per_picture, (".csv",))
    opened = Run.open(run, device=device)
    with watching(quiet=as_json) as watcher:
        watcher.stage(f"evaluating {pictures}")
        gathered = gather(opened, pictures, root=data_root, on_progress=watcher.counted)
        watcher.stage("judging, and writing the report")
        judged = judge(opened, gathered, per_picture)
    order = np.argsort(-judged.errors, kind="stable")[:SHOWN]
    odd = [
        {"picture": gathered.files[place], "squared error": round(float(judged.errors[place]), 4)} for place in order
    ]
    if as_json:
        told = {"metrics": judged.metrics, "odd": odd, "left_out": gathered.unreadable, "report": str(judged.report)}
        typer.echo(json.dumps(told, indent=2))
        return
    show_table(f"{len(gathered.files)} pictures of {gathered.name}", [judged.metrics], numeric=True)
    show_table("The odd ones first", odd, numeric=True)
    tell_each("left out", gathered.unreadable)
    typer.echo(f"\nreport: {judged.report.resolve().as_uri()}")


def probe(
    run: Model,
    data: Annotated[
        str, typer.Argument(help="A folder of class folders, a .npz file with labels, or a set of the catalogue.")
    ],
    shares: Annotated[
        str, typer.Option(help="Shares of the training labels, as 0.01,0.1,1; or those that are usual.")
    ] = "",
    data_root: DataRoot = None,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Classify pictures by a model's frozen codes, with few labels to all, and show how well in its report.

    Example: narrows probe runs/photos ./photos --shares 0.05,0.2,1
    """
    from narrows.apply import Run
    from narrows.apply import probe as classify

    asked = parse_shares(shares)
    opened = Run.open(run, device=device)
    with watching(quiet=as_json) as watcher:
        watcher.stage(f"probing {data}")
        found = classify(opened, data, asked, root=data_root, on_progress=watcher.counted)
    ways = {"codes": found.codes, "raw pixels": found.pixels, "largest class": found.largest_class}
    if as_json:
        told = {
            "shares": found.shares,
            "num_labels": found.num_labels,
            "num_judged": found.num_judged,
            "accuracy": {name.replace(" ", "_"): values for name, values in ways.items()},
            "confusion": found.confusion.tolist(),
            "class_names": found.class_names,
            "left_out": found.unreadable,
            "report": str(found.report),
        }
        typer.echo(json.dumps(told, indent=2))
        return
    heads = [f"{count} labels" for count in found.num_labels]
    rows = [
        {"learnt from": name, **dict(zip(heads, (f"{value:.4f}" for value in values), strict=True))}
        for name, values in ways.items()
    ]
    show_table(f"Share of {found.num_judged} test pictures whose class is named", rows, numeric=True)
    tell_each("left out", found.unreadable)
    typer.echo(f"\nreport: {found.report.resolve().as_uri()}")


def parse_shares(text: str) -> tuple[float, ...]:
    """Shares with commas between them; none of empty text.

    Raises:
        ValueError: one is no number.
    """
    try:
        return tuple(float(share) for share in text.split(",")) if text else ()
    except ValueError:
        raise ValueError(
            f"expected shares of the labels with commas between them, found {text!r}; for example 0.01,0.1,1"
        ) from None


def tell_each(what: str, found: tuple[tuple[str, str], ...]) -> None:
    """Files and what is to be said of each, on standard error."""
    for name, reason in found:
        typer.echo(printable(f"{what}: {name}: {reason}"), err=True)
