"""Runs to a folder that holds what they have in common and what not."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from narrows.comparison.differences import Difference, difference
from narrows.comparison.latex import tabulars
from narrows.comparison.page import build_page
from narrows.comparison.reading import Field, read_field
from narrows.comparison.rows import (
    FigureRow,
    PairedRow,
    SettingRow,
    as_csv,
    figure_rows,
    paired_rows,
    setting_rows,
)
from narrows.comparison.verdict import cautions, rankings, status
from narrows.files import first_free, write_atomic
from narrows.report.page import Cards, Page, Table
from narrows.report.writing import write_page
from narrows.results import Interval

TABLES = ("figures", "settings", "paired")
"""Each a CSV file and a LaTeX one; the CSV files are written first, and tell a comparison from another folder."""


class Standing(NamedTuple):
    """How an arm stands among those that were judged on the same pictures."""

    arm: str
    ground: str
    """The pictures, and what is done to them."""
    metrics: dict[str, Interval]
    """Over seeds."""
    behind: Difference | None
    """What it has more than the best trained arm on the same pictures; None of that arm itself, or where not known."""


class Compared(NamedTuple):
    """What a comparison found, and where it lies."""

    folder: Path
    answer: tuple[str, ...]
    cautions: tuple[str, ...]
    """What may not be compared or quoted, and what to mind."""
    standings: tuple[Standing, ...]
    """Best first, for each kind of pictures and input that several runs were judged on."""

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "report.html"


def compare(runs: Sequence[Path | str], out: Path | str | None = None, *, overwrite: bool = False) -> Compared:
    """Write one report over several finished runs, its figures, and its tables as CSV and LaTeX.

    Only the run folders are read. Arms are compared where they were judged on the same pictures with the same input;
    that others were not is said.

    Args:
        runs: two or more run folders.
        out: the folder to write to; by default a new one under comparisons/.
        overwrite: replace the comparison that is there.

    Raises:
        FileExistsError: the folder holds something else, or a comparison and `overwrite` is not asked for.
        FileNotFoundError: one of `runs` is no run folder.
        ValueError: there are fewer than two runs, one stands twice, or one is not finished.
    """
    field = read_field([Path(run) for run in runs])
    folder = _default_folder(field, again=overwrite) if out is None else Path(out)
    _check_folder(folder, overwrite=overwrite)
    page = build_page(field)
    tables = {name: tabulars(_tables(page, name)).encode() for name in TABLES}
    if folder.exists():
        shutil.rmtree(folder)
    write_atomic(folder / "figures.csv", as_csv(FigureRow, figure_rows(field)))
    write_atomic(folder / "settings.csv", as_csv(SettingRow, setting_rows(field)))
    write_atomic(folder / "paired.csv", as_csv(PairedRow, paired_rows(field)))
    for name, content in tables.items():
        write_atomic(folder / f"{name}.tex", content)
    write_page(page, folder)
    return Compared(folder, page.answer, _cautions(field), _standings(field))


def _default_folder(field: Field, *, again: bool) -> Path:
    names = [entrant.name.replace("/", "-") for entrant in field.entrants]
    name = "-vs-".join(names) if len(names) < 3 else f"{names[0]}-and-{len(names) - 1}-more"
    folder = Path("comparisons") / name
    return folder if again else first_free(folder)


def _check_folder(folder: Path, *, overwrite: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not all((folder / f"{name}.csv").is_file() for name in TABLES):
        raise FileExistsError(f"expected a new or empty output folder, found other files in {folder}; choose another")
    if not overwrite:
        raise FileExistsError(
            f"expected a new or empty output folder, found a comparison in {folder}; "
            "replace it with --overwrite, or choose another --out"
        )


def _tables(page: Page, anchor: str) -> list[Table]:
    blocks = (block for section in page.sections if section.anchor == anchor for block in section.blocks)
    return [block for block in blocks if isinstance(block, Table)]


def _cautions(field: Field) -> tuple[str, ...]:
    section = cautions(field)
    blocks = section.blocks if section else ()
    cards = [card for block in blocks if isinstance(block, Cards) for card in block.items]
    said = [" ".join([f"{card.title}:", *(text for _, text in card.lines)]) for card in cards]
    return (*status(field), *said)


def _standings(field: Field) -> tuple[Standing, ...]:
    found = []
    for ranking in rankings(field):
        first = ranking.trained[0]
        for each in ranking.contenders:
            measures = {metric: each.measure(metric) for metric in ("squared_error", "mse", "psnr", "ssim")}
            metrics = {metric: measure.interval for metric, measure in measures.items() if measure is not None}
            behind = None if each is first else difference(each, first)
            found.append(Standing(each.name, str(ranking.ground), metrics, behind))
    return tuple(found)
