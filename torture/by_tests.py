"""Promises that ordinary tests hold: pytest runs their files, and what passed is counted."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from torture.record import Row, asked_count, tell, write_record


def record_tests(name: str, description: str | None, promise: str, files: Mapping[str, str]) -> None:
    """Run files of tests as often as the command line asks, once unless told, and keep what came of it.

    Args:
        name: the script's own.
        description: its docstring, for --help.
        promise: one sentence, which the page shows.
        files: paths, and what their tests are of.
    """
    count, started = asked_count(description, 1), time.perf_counter()
    write_record(name, promise, tested(files, count), time.perf_counter() - started)


def tested(files: Mapping[str, str], count: int) -> list[Row]:
    """A row a file of tests, each run as often as asked; a file without any test counts as failed."""
    rows = []
    for done, (path, what) in enumerate(files.items(), start=1):
        outcomes: Counter[str] = Counter()
        for _ in range(count):
            outcomes += outcomes_of(path)
        ran = outcomes["passed"] + outcomes["failed"]
        note = path + (f", {outcomes['skipped']} left out here" if outcomes["skipped"] else "")
        rows.append(Row(what, max(ran, 1), outcomes["failed"] + (ran == 0), note))
        tell("files of tests", done, len(files))
    return rows


def outcomes_of(path: str) -> Counter[str]:
    """How many of a file's tests passed, failed and were left out."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [sys.executable, "-m", "pytest", path, f"--junitxml={report}"], stdout=subprocess.DEVNULL, check=False
        )
        cases = ElementTree.parse(report).getroot().iter("testcase")
        kinds = {"failure": "failed", "error": "failed", "skipped": "skipped"}
        return Counter(next((kinds[part.tag] for part in case if part.tag in kinds), "passed") for case in cases)
