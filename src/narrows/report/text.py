"""Text from outside made fit to show."""

import re
from collections.abc import Sequence

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """Text with every character that is unseen, turns the line's direction or is no character replaced by a sign."""
    return _UNSEEN.sub("\ufffd", text)


def file_name(text: str) -> str:
    """Text as part of a file's name: lower-case letters and digits, each other character a hyphen."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower())


def listed(parts: Sequence[str]) -> str:
    """One or more parts as a sentence names them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
