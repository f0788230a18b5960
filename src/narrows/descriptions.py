"""Frozen dataclasses to JSON and back, and changed by a path, as `--set path=value` does.

Only types named in an explicit table come back from a file: no import by name, no pickle.
"""

import ast
import difflib
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

LARGEST = 2**63
"""What no whole number of a description reaches; beyond, PyTorch counts no further."""


def describe(value: Any) -> Any:
    """The JSON form of a description: {"type": class name, field: ...}, tuples as lists.

    Raises:
        TypeError: something in it is neither a dataclass, a tuple, a mapping nor plain.
    """
    if is_dataclass(value) and not isinstance(value, type):
        content = {field.name: describe(getattr(value, field.name)) for field in fields(value)}
        return {"type": type(value).__name__, **content}
    if isinstance(value, Mapping):
        return {str(key): describe(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [describe(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"expected a frozen dataclass or plain values in a description, found {type(value).__name__}")


def restore(content: Any, types: Mapping[str, type]) -> Any:
    """The description that `describe` wrote, made from the types in the table; lists become tuples.

    Raises:
        ValueError: a type is not in the table, or a field is unknown or makes no sense.
    """
    if isinstance(content, list):
        return tuple(restore(item, types) for item in content)
    if not isinstance(content, dict):
        return content
    name = content.get("type")
    if not isinstance(name, str) or name not in types:
        raise ValueError(f"expected one of {', '.join(types)} in a description, found {name!r}")
    arguments = {key: restore(item, types) for key, item in content.items() if key != "type"}
    hints = get_type_hints(types[name])
    for key, value in arguments.items():
        check_kind(f"{key} of {name}", value, hints.get(key, object))
    try:
        return types[name](**arguments)
    except TypeError as error:
        raise ValueError(f"the description of {name} does not fit this version of Narrows: {error}") from error


def change(description: Any, path: str, text: str) -> Any:
    """A copy of a description with the field at a dotted path set to what a text says, as in "training.epochs", "3".

    Raises:
        ValueError: the path names no field (with a suggestion), or the text has the wrong type.
    """
    name, _, rest = path.partition(".")
    known = [field.name for field in fields(description)] if is_dataclass(description) else []
    if name not in known:
        raise ValueError(
            f"expected a setting of {type(description).__name__}, found {name!r}{suggest(name, known)}"
            f"; it has {', '.join(known) or 'none'}"
        )
    old = getattr(description, name)
    new = change(old, rest, text) if rest else parse(text, old, path)
    check_kind(path, new, get_type_hints(type(description))[name])
    return replace(description, **{name: new})


def parse(text: str, old: Any, path: str) -> Any:
    """A setting's text as the type that it replaces: number, word, true or false, none, or a list in brackets.

    Raises:
        ValueError: it is of another type than the old value.
    """
    try:
        new = ast.literal_eval({"true": "True", "false": "False", "none": "None"}.get(text.lower(), text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # the last three of deep or odd brackets
        new = text
    if isinstance(old, tuple) and not isinstance(new, tuple):
        new = tuple(new) if isinstance(new, list) else (new,)
    if isinstance(old, float) and type(new) is int and abs(new) < LARGEST:
        new = float(new)
    if old is not None and new is not None and type(new) is not type(old):
        raise ValueError(f"expected {path} to be of type {type(old).__name__} as {old!r} is, found {text!r}")
    return new


def check_kind(name: str, value: Any, kind: Any) -> None:
    """Refuse a value of another type than a field's, as a file or a command line may bring it.

    Raises:
        ValueError: it is of another type, or has a number that is not finite, or a whole one from `LARGEST` on.
    """
    if not fits(value, kind):
        words = f"of type {kind.__name__ if isinstance(kind, type) else kind}".replace("narrows.", "")
        if get_origin(kind) is Literal:
            words = f"one of {', '.join(get_args(kind))}"
        raise ValueError(f"expected {name} to be {words}, found {value!r:.80}")


def fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a type: a class, a union, a tuple or given words; numbers are finite, whole ones small.

    >>> fits((1, 2.5), tuple[float, ...] | None), fits(True, int)
    (True, False)
    """
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(fits(value, each) for each in inside)
    if origin is Literal:
        return isinstance(value, str) and value in inside
    if origin is tuple:
        each = inside[:1] * len(value) if isinstance(value, tuple) and inside[1:] == (...,) else inside
        return isinstance(value, tuple) and len(value) == len(each) and all(map(fits, value, each))
    if kind in (int, float):
        return type(value) in (int, kind) and abs(value) < (LARGEST if type(value) is int else math.inf)
    return kind is Any or isinstance(value, origin or kind)


def suggest(name: str, known: list[str]) -> str:
    """A hint after an unknown name, empty where nothing is near.

    >>> suggest("epoch", ["epochs", "seed"])
    "; did you mean 'epochs'?"
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""
