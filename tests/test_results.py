import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from narrows.results import HistoryRow, Reported, Result, interval, open_run, read_rows, slug, write_arrays, write_rows


def test_slug_follows_the_design_s_rule() -> None:
    assert slug("as reported, 784-512-256-128-30, batch 32", 2) == "as-reported-784-512-256-128-30-batch-32-2"
    assert slug("sparse, L1 1.5", 0) == "sparse-l1-1.5-0"


def test_interval_is_student_s_over_seeds() -> None:
    # t(0.975, 2 degrees of freedom) = 4.302653 (any statistics table); deviation of 1, 2, 3 is 1.
    found = interval([1.0, 2.0, 3.0])
    assert found.mean == 2.0
    assert found.half_width == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert math.isnan(interval([1.0]).half_width)
    assert interval([0.1, 0.1, 0.1]) == (0.1, 0.0, 3)


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (Result, Result("e", "improved, code 30", 1, "reconstruction", "noise=0.5", "test", "mse", 1 / 3, 10000)),
        (HistoryRow, HistoryRow("a", 0, 3, 1, 0.25, "mse", "train", 1e-7)),
        (Reported, Reported("004", "e", "a, b", "mnist", "", "train", "mse", 0.0173, "yes", 'mean, "file order"')),
    ],
)
def test_rows_come_back_as_they_were_written(tmp_path: Path, kind: Any, row: Any) -> None:
    write_rows(tmp_path / "rows.csv", kind, [row])
    assert read_rows(tmp_path / "rows.csv", kind) == [row]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("experiment,arm\nx,y\n", 1),
        (f"{','.join(Result._fields)}\ne,a,0,r,,test,mse,0.5\n", 2),
        (f"{','.join(Result._fields)}\n\ne,a,0,r,,test,mse,half,9\n", 3),
    ],
    ids=["a column short", "a value short", "a word for a number"],
)
def test_a_broken_row_names_file_line_and_columns(text: str, line: int, tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text(text)
    with pytest.raises(ValueError, match=rf"results.csv, line {line}: expected the columns experiment, arm, seed"):
        read_rows(tmp_path / "results.csv", Result)


def test_arrays_come_back_and_absent_ones_are_empty(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text("{}")
    (tmp_path / "environment.json").write_text("{}")
    run = open_run(tmp_path)
    write_arrays(tmp_path / "arrays" / slug("a, b", 0) / "reconstruction.npz", {"index": np.arange(3)})
    assert run.arrays("a, b", 0, "reconstruction")["index"].tolist() == [0, 1, 2]
    assert run.arrays("a, b", 1, "reconstruction") == {}


def test_a_folder_without_a_run_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"found none in .*'narrows run EXPERIMENT' makes one"):
        open_run(tmp_path)


def test_a_run_of_a_later_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text("{}")
    (tmp_path / "environment.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="install a newer one"):
        open_run(tmp_path)
