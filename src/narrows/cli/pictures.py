"""The verbs for one's own pictures: words to function calls.

Each verb imports what it needs when it is used, so that `narrows --help` loads nothing heavy.
"""

import json
import os
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    Seeds,
    Settings,
    TrainingPrecision,
)
from narrows.cli.progress import watching
from narrows.cli.show import show_run
from narrows.cli.stopping import going_on

if TYPE_CHECKING:
    from narrows.jobs import Outlook


class Model(StrEnum):
    """Networks by their families."""

    dense = "dense"
    convolutional = "convolutional"
    unet = "unet"
    masked = "masked"


Data = Annotated[
    str,
    typer.Argument(help="A folder of pictures, a .npy or .npz file, or a name that 'narrows data list' shows."),
]
Corrupt = Annotated[
    str, typer.Option(help="noise:0.3, noise:25/255, mask:0.75, patches:0.75 or mix; without it, to compress.")
]
Network = Annotated[Model | None, typer.Option(help="The network; chosen for the task without it.")]
CodeSize = Annotated[int | None, typer.Option(min=1, help="Numbers in the code.", show_default=False)]
SizeText = Annotated[str, typer.Option(help="Side of the pictures, or height,width; chosen without it.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Passes over the pictures.", show_default=False)]
Minutes = Annotated[float | None, typer.Option(help="Training time in place of epochs.", show_default=False)]


def train(
    data: Data,
    out: Annotated[Path | None, typer.Option(help="The run folder; by default a new one under runs/.")] = None,
    corrupt: Corrupt = "",
    model: Network = None,
    code_size: CodeSize = None,
    size: SizeText = "",
    epochs: Epochs = None,
    minutes: Minutes = None,
    settings: Settings = None,
    seeds: Seeds = 1,
    quick: Quick = False,
    no_test: NoTest = False,
    resume: Resume = False,
    overwrite: Overwrite = False,
    data_root: DataRoot = None,
    device: Device = "cpu",
    precision: TrainingPrecision = Precision.auto,
    log: LogTo = None,
    as_json: AsJson = False,
) -> None:
    """Train a model on your own pictures, to compress, denoise, inpaint or separate.

    Example: narrows train ./photos --corrupt noise:25/255 --out runs/denoiser
    """
    from narrows.data import parse_size
    from narrows.experiments.folder import default_folder
    from narrows.experiments.session import RunSettings
    from narrows.jobs import Job, carry_out

    job = Job(
        data,
        corrupt,
        None if model is None else model.value,
        code_size,
        parse_size(size) if size else None,
        epochs,
        minutes,
        tuple(settings or ()),
    )
    folder = out or default_folder(run_name(data), again=overwrite or resume)
    how = RunSettings(
        folder=folder,
        seeds=seeds,
        quick=quick,
        read_test=not no_test,
        overwrite=overwrite,
        resume=resume,
        data_root=data_root,
        device=device,
        precision=precision.in_full,
        log="tensorboard" if log else "",
        command=shlex.join(["narrows", *sys.argv[1:]]),
    )
    with going_on(folder, "--resume"), watching(quiet=as_json) as watcher:
        finished = carry_out(job, how, watcher, lambda outlook: watcher.say(describe_outlook(outlook)))
    show_run(finished, as_json=as_json)


def run_name(data: str) -> str:
    """What a run is called after its data; never empty, and never a step out of the folder of runs."""
    from narrows.data.loading import parts_of

    # not resolve: of a link that leads to itself it makes a RuntimeError, before it can be told
    names = (Path(os.path.realpath(Path(part).expanduser())).name for part in parts_of(data))
    return "-".join(name for name in names if name) or "train"


def describe_outlook(outlook: "Outlook") -> str:
    """What was chosen and what it costs, in a few lines."""
    arm, training = outlook.arm, outlook.arm.training
    channels, height, width = outlook.image_shape
    left_out = f", {outlook.num_unreadable} left out as unreadable" if outlook.num_unreadable else ""
    how_long = f"{training.minutes:g} minutes" if training.minutes is not None else f"{training.epochs} epochs"
    corruption = json.dumps(arm.description()["corruption"])
    lines = (
        f"pictures  {outlook.num_pictures} for training and validation, {height} x {width}, {channels} channels"
        f"{left_out}",
        f"task      {arm.task}, {corruption}",
        f"network   {type(arm.model).__name__}, {outlook.num_parameters} weights. {arm.note}",
        f"training  {how_long} in batches of {training.batch_size}, about {duration(outlook.training_seconds)} "
        f"and {outlook.num_bytes / 1e6:.0f} MB of memory beside the program",
    )
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever is short."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
