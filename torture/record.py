"""What a torture found, kept as docs/torture/NAME.json, from which docs/reliability.py fills docs/reliability.md.

A script `torture/NAME.py` is run from the repository's root as `python -m torture.NAME [--count N]`, so that its own
modules are `torture.record` and not those of the same name in docs/. It ends like this:

    from torture.record import Row, asked_count, tell, write_record

    rows = [Row("stopped by kill -9 at a random moment, then resumed", count=50, failed=0, note="3 while reporting")]
    write_record("kill", "A run that is killed goes on, and ends at the same bits.", rows, seconds=81.2)
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from narrows.experiments.environment import environment
from narrows.files import write_json

KEPT = Path(__file__).resolve().parents[1] / "docs" / "torture"


@dataclass(frozen=True)
class Row:
    """One thing that was tried."""

    what: str
    """In words that go into a table."""
    count: int
    """How often."""
    failed: int
    """How often the promise was broken."""
    note: str = ""


def asked_count(description: str | None, default: int) -> int:
    """The value of the script's one option, --count; --help shows the script's docstring."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=default, help="how often; %(default)s unless told")
    return int(parser.parse_args().count)


def tell(what: str, done: int, total: int) -> None:
    """Progress, one line that is written over, on standard error."""
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r{what}: {done} of {total}\033[K{end}")
    sys.stderr.flush()


def write_record(name: str, promise: str, rows: Sequence[Row], seconds: float) -> None:
    """Write docs/torture/NAME.json by rename, with the machine and the source it was measured on.

    Args:
        name: the script's own, without .py.
        promise: one sentence, which the page shows.
        rows: what was tried, in the page's order.
        seconds: of the whole script.

    Raises:
        SystemExit: a row failed (status 1); the file is written before.
    """
    command = " ".join(["python", "-m", f"torture.{name}", *sys.argv[1:]])
    place = environment(command, torch.device("cpu"), "auto")
    content = {
        "name": name,
        "promise": promise,
        "rows": [asdict(row) for row in rows],
        "seconds": round(seconds, 1),
        "command": command,
        "environment": {key: value for key, value in place.items() if key not in ("format", "command")},
    }
    write_json(KEPT / f"{name}.json", content)
    for row in rows:
        sys.stderr.write(f"{'FAILED' if row.failed else 'held'}  {row.count - row.failed} of {row.count}  {row.what}\n")
    if any(row.failed for row in rows):
        raise SystemExit(1)
