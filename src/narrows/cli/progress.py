"""What a run is doing, on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from narrows.cli.show import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from narrows.training import Progress


@contextmanager
def bars(*, quiet: bool = False) -> Iterator["Bars"]:
    """Progress bars on standard error, with time left; where it is to be quiet, nothing is written."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, quiet=quiet), disable=quiet) as progress:
        yield progress


class Display:
    """A run's stages as progress bars; where nobody watches a terminal, one line a stage."""

    def __init__(self, bars: "Bars") -> None:
        self.bars = bars
        self.task: Any = None

    def stage(self, label: str) -> None:
        """The bar before is full, a new one begins."""
        self.end()
        if self.bars.console.is_terminal:
            self.task = self.bars.add_task(printable(label), total=None, detail="")
        else:
            self.bars.console.print(printable(label), markup=False)

    def progress(self, progress: "Progress") -> None:
        """Share of the budget, loss, and steps a second."""
        if self.task is None:
            return
        task = next(task for task in self.bars.tasks if task.id == self.task)
        rate = progress.step / task.elapsed if task.elapsed else 0
        detail = f"epoch {progress.epoch + 1}, loss {progress.losses['loss']:.4g}, {rate:.0f} steps/s"
        self.bars.update(self.task, total=1, completed=progress.share, detail=detail)

    def counted(self, label: str, done: int, total: int) -> None:
        """Share of what is to be done."""
        if self.task is not None:
            self.bars.update(self.task, total=total or None, completed=done, detail=label)

    def say(self, text: str) -> None:
        """Lines that stay above the bars."""
        self.bars.console.print(
            "\n".join(map(printable, text.splitlines())), highlight=False, markup=False, soft_wrap=True
        )

    def clear(self) -> None:
        """Take the bars away: what they told of is done, and more follows than a screen holds."""
        for task in self.bars.task_ids:
            self.bars.remove_task(task)
        self.task = None

    def end(self) -> None:
        """Fill the last bar."""
        if self.task is not None:
            self.bars.update(self.task, total=1, completed=1)


@contextmanager
def watching(*, quiet: bool) -> Iterator[Display]:
    """Who watches a run; where it is to be quiet, nothing is written."""
    with bars(quiet=quiet) as progress:
        display = Display(progress)
        yield display
        display.end()
