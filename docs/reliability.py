"""Write the counts of docs/reliability.md anew, from what `make torture` kept under docs/torture/.

python docs/reliability.py
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filling import fill, versions

from narrows.files import write_atomic
from narrows.report.numbers import duration

DOCS = Path(__file__).parent
PAGE, KEPT = DOCS / "reliability.md", DOCS / "torture"
SUBJECTS = ("kill", "disk", "same", "load", "poison", "pictures", "fuzz", "compose")
"""The scripts of torture/, in the page's order."""


def main() -> None:
    """Fill the page."""
    write_atomic(PAGE, fill(PAGE.read_text(encoding="utf-8"), blocks(KEPT)).encode())


def blocks(folder: Path) -> dict[str, list[str]]:
    """The lines of every subject's block."""
    return {name: list(table(folder / f"{name}.json")) for name in SUBJECTS}


def table(path: Path) -> Iterator[str]:
    """What is promised, what was tried how often, and where; a word where it was not tried yet."""
    if not path.exists():
        yield f"Not recorded yet: `python -m torture.{path.stem}` does."
        return
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    place = content["environment"]
    yield f"> {content['promise']}"
    yield ""
    yield "| tried | times | failed | |"
    yield "| --- | ---: | ---: | --- |"
    for row in content["rows"]:
        failed = f"**{number(row['failed'])}**" if row["failed"] else "0"
        yield f"| {cell(row['what'])} | {number(row['count'])} | {failed} | {cell(row['note'])} |"
    yield ""
    yield (
        f"`{content['command']}`, {duration(content['seconds'])}, {place['date']}; {place['processor']}, "
        f"{place['cores']} cores; {versions(place)}"
    )


def cell(text: str) -> str:
    """Text that stays in its cell of a table."""
    return text.replace("|", "\\|")


def number(count: int) -> str:
    """A count with its thousands apart.

    >>> number(1000000)
    '1 000 000'
    """
    return f"{count:,}".replace(",", " ")


if __name__ == "__main__":
    main()
