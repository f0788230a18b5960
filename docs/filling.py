"""Blocks of a page that a script writes, between `<!-- NAME -->` and `<!-- end -->`; the rest is written by hand."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

BLOCK = re.compile(r"(<!-- ([^\n]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(text: str, blocks: Mapping[str, Sequence[str]]) -> str:
    """The page with every block anew, from its lines.

    Raises:
        ValueError: the page asks for a block that is not there, or leaves one out.
    """
    asked = [name for _, name, _ in BLOCK.findall(text)]
    if sorted(asked) != sorted(blocks):
        odd = ", ".join(sorted(set(asked) ^ set(blocks))) or "one twice"
        raise ValueError(f"expected the page to have each block once, found a difference in {odd}; write it in or out")

    def filled(match: re.Match[str]) -> str:
        lines = "".join(f"{line}\n" for line in blocks[match[2]])
        return f"{match[1]}\n{lines}\n{match[3]}"

    return BLOCK.sub(filled, text)


def versions(place: Mapping[str, Any]) -> str:
    """The software that a figure was measured with, from what `environment` kept."""
    return f"Narrows {place['narrows']} ({place['git']}), PyTorch {place['torch']}, Python {place['python']}"
