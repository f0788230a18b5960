"""A run folder of two arms and the rows that a test gives it."""

from pathlib import Path
from typing import Any

from narrows.files import write_json
from narrows.report.building import build_page
from narrows.report.page import Page, Section, Table
from narrows.results import Result, open_run, write_rows

TEN, BETTER, PCA = "as reported, code 2", "improved, code 2", "PCA, code 2"


def write_small(folder: Path, results: list[Result], **environment: Any) -> Path:
    arms = [{"name": name, "role": name.partition(",")[0], "code_numbers": 2} for name in (TEN, BETTER)]
    write_json(folder / "experiment.json", {"name": "small", "title": "Small", "arms": arms})
    write_json(folder / "environment.json", {"format": 1} | environment)
    write_rows(folder / "results.csv", Result, results)
    return folder


def row(arm: str, value: float, seed: int = 0, evaluation: str = "reconstruction", condition: str = "") -> Result:
    return Result("small", arm, seed, evaluation, condition, "test", "squared_error", value, 100)


def page_of(folder: Path) -> Page:
    return build_page(open_run(folder))


def section(page: Page, anchor: str) -> Section:
    return next(found for found in page.sections if found.anchor == anchor)


def texts(table: Table) -> dict[str, list[str]]:
    """A table's cells by the head of their row."""
    return {line[0].text: [cell.text for cell in line[1:]] for group in table.groups for line in group.rows}
