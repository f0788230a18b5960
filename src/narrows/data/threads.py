"""Files read by threads, in the order in which they were named."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import TypeVar

from narrows.data.picture import Progress

AHEAD = 16
"""Lots of files that threads are at, or done with, at a time, which bounds how many decoded pictures wait in memory."""

T = TypeVar("T")
Lot = TypeVar("Lot")


def read_each(  # noqa: PLR0913  what is read of what, how it is told, and by whom
    read: Callable[[Path], T],
    folder: Path,
    files: Sequence[str],
    on_progress: Progress,
    label: str,
    *,
    lot: int = 1,
    threads: int | None = None,
) -> Iterator[tuple[str, T | Exception]]:
    """Every file with what was read of it, or what went wrong, in order.

    A thread takes a `lot` of files at a time: more than one pays where a file takes less than a handover. Without a
    number of `threads` there are as many as `concurrent.futures` thinks fit for waiting on files.
    """

    def attempt(name: str) -> T | Exception:
        try:
            return read(folder / name)
        except Exception as error:  # Pillow raises many kinds on broken files
            return error

    lots = [files[start : start + lot] for start in range(0, len(files), lot)]
    found = chain.from_iterable(ahead(lambda names: [attempt(name) for name in names], lots, threads))
    for done, (name, outcome) in enumerate(zip(files, found, strict=True), start=1):
        on_progress(label, done, len(files))
        yield name, outcome


def ahead(work: Callable[[Lot], T], lots: Sequence[Lot], threads: int | None) -> Iterator[T]:
    """What threads make of every lot, in order.

    Raises:
        Exception: whatever `work` raises, in its lot's place.
    """
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for lot in lots:
            waiting.append(pool.submit(work, lot))
            if len(waiting) == AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
