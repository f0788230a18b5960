"""The folder of a sweep: what is asked, which process has which point, and which points are done.

SWEEP/sweep.json    what all points share, and the values    SWEEP/points/NAME/   an ordinary run a point
SWEEP/points.csv    a row a point                            SWEEP/locks/         held while a point is trained
SWEEP/report.html   and figures/                             SWEEP/study.journal  a search's, where none is named
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from filelock import FileLock

from narrows import files
from narrows.data import fingerprint
from narrows.experiments.session import RunSettings
from narrows.files import read_json, write_json
from narrows.results import open_run
from narrows.sweeps.axes import Axis, Choices
from narrows.sweeps.subject import Base

FORMAT = 1
DESCRIPTION, POINTS, LOCKS, STUDY = "sweep.json", "points", "locks", "study"


def check_sweep_folder(folder: Path) -> None:
    """Refuse a folder that holds something else than a sweep, or than one leaves that was struck as it began.

    Raises:
        FileExistsError: it does.
    """
    if not folder.exists() or (folder / DESCRIPTION).is_file():
        return
    if not folder.is_dir() or any(path.name.split(".")[0] not in (LOCKS, STUDY, "") for path in folder.iterdir()):
        raise FileExistsError(
            f"expected a new folder or a sweep to go on with, found something else in {folder}; choose another --out"
        )


def read_description(folder: Path) -> dict[str, Any]:
    """What a sweep asks; empty where there is none yet."""
    path = folder / DESCRIPTION
    return read_json(path) if path.is_file() else {}


def identity(base: Base, axes: Sequence[Axis], settings: RunSettings, *, search: bool) -> dict[str, Any]:
    """What all who work on one sweep must agree in; of a grid, values and seeds may be added."""
    return {
        "experiment": base.experiment.name,
        "data": {
            "name": base.data.name,
            "image_shape": list(base.data.image_shape),
            "fingerprint": fingerprint(base.data.official_train),
        },
        "arm": {"name": base.arm.name, **base.arm.description()},
        "precision": settings.precision,
        "quick": settings.quick,
        "search": [axis.words for axis in axes] if search else [],
        "paths": [axis.path for axis in axes],
        **({"seeds": settings.seeds} if search else {}),
    }


def agree(known: dict[str, Any], now: dict[str, Any], where: str) -> None:
    """Refuse to go on with another sweep.

    Raises:
        ValueError: it differs; what does is named.
    """
    if differing := [key for key in now if known.get(key) != now[key]]:
        raise ValueError(
            f"expected the same sweep as in {where}, found others in {', '.join(differing)}; repeat the first command, "
            "with the --epochs that it had, or choose another place"
        )


def begin_grid(folder: Path, now: dict[str, Any], axes: Sequence[Axis], seeds: int) -> tuple[tuple[Axis, ...], int]:
    """Write what a grid asks, or add to what is there; all values and seeds, those from before included.

    Raises:
        ValueError: another sweep is there.
    """
    known = read_description(folder)
    if known:
        agree(known, now, str(folder))
        before = known["values"]
        axes = [Choices(axis.path, tuple(dict.fromkeys((*before[axis.path], *axis.values)))) for axis in axes]
        seeds = max(seeds, known["seeds"])
    values = {axis.path: list(axis.values) for axis in axes}
    write_json(folder / DESCRIPTION, {"format": FORMAT, **now, "values": values, "seeds": seeds})
    return tuple(axes), seeds


def begin_search(folder: Path, now: dict[str, Any]) -> None:
    """Write what a search asks.

    Raises:
        ValueError: another sweep is there.
    """
    if known := read_description(folder):
        agree(known, now, str(folder))
    else:
        write_json(folder / DESCRIPTION, {"format": FORMAT, **now})


def claimed(folder: Path, name: str) -> AbstractContextManager[bool]:
    """Whether this process alone may work on a point."""
    return files.claimed(folder / LOCKS / f"{name}.lock")


def lock_of(folder: Path, name: str) -> FileLock:
    """The lock of the description, to wait for."""
    path = folder / LOCKS / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def is_done(run_folder: Path, seeds: int) -> bool:
    """Whether a point's run is finished, with at least so many seeds, and has its report."""
    if not (run_folder / "experiment.json").is_file() or not (run_folder / "report.html").is_file():
        return False
    run = open_run(run_folder)
    return run.finished and run.experiment["seeds"] >= seeds
