"""Options that several verbs share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer


class Precision(StrEnum):
    """Of the matrix products."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"
    bf16 = "bf16"

    @property
    def in_full(self) -> Literal["auto", "float32", "bfloat16"]:
        """What the library calls it; bf16 is short for bfloat16."""
        return "auto" if self is Precision.auto else "float32" if self is Precision.float32 else "bfloat16"


class Log(StrEnum):
    """What shows a run while it trains."""

    tensorboard = "tensorboard"


RunFolder = Annotated[Path, typer.Argument(help="A run folder.", show_default=False)]
DataRoot = Annotated[
    Path | None,
    typer.Option("--data-root", envvar="NARROWS_DATA", help="Folder of the official data files.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:1 or mps.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run, or add seeds to it.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the run in --out.")]
Quick = Annotated[bool, typer.Option("--quick", help="Two epochs on little data: does it work? Marked.")]
NoTest = Annotated[bool, typer.Option("--no-test", help="Leave the test split unread, for tuning.")]
Seeds = Annotated[int, typer.Option(min=1, help="Train every arm with seeds 0 to N-1.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a setting, such as training.epochs=5; repeatable."),
]
LogTo = Annotated[
    Log | None,
    typer.Option("--log", help="Write curves, pictures and codes for TensorBoard as well.", show_default=False),
]
TrainingPrecision = Annotated[Precision, typer.Option(help="Of the matrix products while training.")]
EncodingPrecision = Annotated[
    Precision, typer.Option(help="Of the matrix products; bf16 is faster on processors that have units for it.")
]
