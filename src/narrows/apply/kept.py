"""What is found out about a finished run's model, kept in its folder beside what the run measured."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from narrows.apply.run import Run
from narrows.files import alone_in
from narrows.results import Result, data_condition, read_rows, slug, write_arrays, write_rows


def keep(run: Run, data: str, rows: list[Result], arrays: Mapping[str, Mapping[str, NDArray[Any]]]) -> None:
    """Write rows and arrays of evaluations into the run folder.

    Args:
        run: the model; of what was kept of it, the figures of the same evaluations and data are replaced, and the
            arrays of any data.
        data: name of what was judged on.
        rows: all of the run's arm and seed, under conditions that begin with data=NAME.
        arrays: by evaluation.

    Raises:
        BlockingIOError: another process writes to the run, and would not see these rows.
    """
    folder, arm = run.record.folder, run.arm["name"]
    first = data_condition(data)

    def replaced(row: Result) -> bool:
        same_model = (row.arm, row.seed) == (arm, run.seed)
        return same_model and row.evaluation in arrays and row.condition.split()[:1] == [first]

    with alone_in(folder):
        before = [row for row in read_rows(folder / "results.csv", Result) if not replaced(row)]
        write_rows(folder / "results.csv", Result, before + rows)
        for evaluation, content in arrays.items():
            write_arrays(folder / "arrays" / slug(arm, run.seed) / f"{evaluation}.npz", content)
