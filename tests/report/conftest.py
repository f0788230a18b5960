"""One synthetic run and its report for all tests of the report."""

from pathlib import Path

import pytest

from narrows.report import write_report

from .synthetic import write_run


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def report_path(run_folder: Path) -> Path:
    return write_report(run_folder)


@pytest.fixture(scope="session")
def report_html(report_path: Path) -> str:
    return report_path.read_text(encoding="utf-8")
