"""What is swept, in a user's words: `--over path=8,16,32`, and `--search path=low:high` or `path=a,b`."""

import ast
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from narrows.experiments.settings import parse_setting

SWEPT = ("model", "training", "objective")
"""Parts of an arm that may differ between points: another corruption would be another task, with errors of its own."""
SEED = "training.seed"
LOG_FROM = 100.0
"""How many times its low end a range's high end is from which on its values are drawn by their logarithms."""
COMMA = re.compile(r",(?![^\[(]*[\])])")
"""Commas that stand in no brackets."""

Settings = tuple[tuple[str, str], ...]
"""Paths and values of one point."""


@dataclass(frozen=True)
class Choices:
    """A path and the values that it takes, as --set takes them."""

    path: str
    values: tuple[str, ...]

    @property
    def words(self) -> str:
        """As the command line takes it."""
        return f"{self.path}={','.join(self.values)}"


@dataclass(frozen=True)
class Range:
    """A path and the numbers between which it is searched, both ends included.

    Raises:
        ValueError: the low end is not below the high one.
    """

    path: str
    low: float
    high: float
    whole: bool
    """Whether only whole numbers are drawn."""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"expected {self.path}=low:high with low below high, found {self.words}")

    @property
    def log(self) -> bool:
        """Whether values are drawn by their logarithms."""
        return self.low > 0 and self.high / self.low >= LOG_FROM

    @property
    def values(self) -> tuple[str, ...]:
        """Its ends as --set takes them."""
        return number(self.low, whole=self.whole), number(self.high, whole=self.whole)

    @property
    def words(self) -> str:
        """As the command line takes it."""
        return f"{self.path}={':'.join(self.values)}"


Axis = Choices | Range


def number(value: float | int, *, whole: bool) -> str:
    """A number as a setting's text."""
    return str(int(value)) if whole else repr(float(value))


def parse_over(text: str) -> Choices:
    """A path and its values; lists stand in brackets.

    Raises:
        ValueError: it is malformed, or sweeps what no point may have of its own.

    >>> parse_over("model.widths=[64,32],[64]").values
    ('[64,32]', '[64]')
    """
    path, values = parse_setting(text)
    if path.split(".")[0] not in SWEPT or path == "training.precision":
        raise ValueError(
            f"expected a path that starts with {', '.join(SWEPT)} to sweep, found {path!r}; points must have the same "
            "pictures and task for their errors to be compared, and --precision is one for all"
        )
    found = tuple(dict.fromkeys(canonical(value.strip()) for value in COMMA.split(values)))
    if "" in found:
        raise ValueError(f"expected values of {path} with commas between them, found {values!r}; as {path}=8,16,32")
    return Choices(path, found)


def parse_search(text: str) -> Axis:
    """A path with a range, whole numbers where both ends are written so, or with the values to choose among.

    Raises:
        ValueError: it is malformed, or searches what no point may have of its own.

    >>> parse_search("training.learning_rate=1e-4:0.1").log, parse_search("model.code_size=8:64").whole
    (True, True)
    """
    choices = parse_over(text)
    if choices.path == SEED:
        raise ValueError(f"expected no search for a seed, found {text!r}; --seeds 3 trains each point three times")
    low, colon, high = choices.values[0].partition(":")
    if len(choices.values) > 1:
        return choices
    try:
        if not colon:
            raise ValueError(text)
        whole = all(re.fullmatch(r"-?\d+", end.strip()) for end in (low, high))
        return Range(choices.path, float(low), float(high), whole)
    except ValueError as error:
        if "with low below high" in str(error):
            raise
        raise ValueError(
            f"expected --search as {choices.path}=low:high or with values to choose among, found {text!r}; as "
            f"training.learning_rate=1e-4:1e-1 or training.optimizer=adam,muon"
        ) from error


def canonical(text: str) -> str:
    """Another way to write a number made the usual one, so that 1e-3 and 0.001 are one value."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return repr(value) if isinstance(value, int | float) else text


def parse_axes(over: Sequence[str], search: Sequence[str], seeds: int) -> tuple[tuple[Axis, ...], int]:
    """All axes, and how many seeds each point is trained with: a swept seed is no axis, but makes intervals.

    Raises:
        ValueError: words that make no sense, together or each.
    """
    choices = [parse_over(text) for text in over]
    swept = [choice for choice in choices if choice.path == SEED]
    choices = [choice for choice in choices if choice.path != SEED]
    if choices and search:
        raise ValueError(
            f"expected --over or --search, found both; --search {choices[0].words} chooses among values as well"
        )
    axes: tuple[Axis, ...] = (*choices, *map(parse_search, search))
    if not axes:
        raise ValueError("expected a path to sweep, found none; as --over model.code_size=8,16,32")
    paths = [axis.path for axis in (*axes, *swept)]
    if twice := [path for path in paths if paths.count(path) > 1]:
        raise ValueError(f"expected each path once, found {twice[0]} twice; give it all its values at once")
    return axes, swept_seeds(swept[0], seeds) if swept else seeds


def swept_seeds(choices: Choices, seeds: int) -> int:
    """How many seeds are swept.

    Raises:
        ValueError: they do not count from 0, or another number of seeds is asked for as well.
    """
    count = len(choices.values)
    if sorted(choices.values) != sorted(map(str, range(count))):
        raise ValueError(f"expected seeds that count from 0, as {SEED}=0,1,2, found {choices.words}")
    if seeds not in (1, count):
        raise ValueError(f"expected one number of seeds, found {choices.words} and --seeds {seeds}; leave one out")
    return count


def grid(axes: Sequence[Axis]) -> Iterator[Settings]:
    """Every point of the product, the last axis fastest."""
    for values in itertools.product(*(axis.values for axis in axes)):
        yield tuple((axis.path, value) for axis, value in zip(axes, values, strict=True))


def labels(paths: Sequence[str]) -> dict[str, str]:
    """What paths are called: their last word, or all of them where two end alike.

    >>> labels(["model.code_size", "training.epochs"])["model.code_size"]
    'code_size'
    """
    ends = [path.rpartition(".")[2] for path in paths]
    return {path: end if ends.count(end) == 1 else path for path, end in zip(paths, ends, strict=True)}


def spoken(settings: Settings) -> str:
    """One point in words: `code_size 16, learning_rate 0.001`."""
    called = labels([path for path, _ in settings])
    return ", ".join(f"{called[path]} {value}" for path, value in settings)


def folder_name(settings: Settings) -> str:
    """The folder of a point of a grid: `code_size=16,learning_rate=0.001`; what no file is called is a hyphen."""
    called = labels([path for path, _ in settings])
    text = ",".join(f"{called[path]}={value}" for path, value in settings)
    return re.sub(r"[^\w.=,+-]+", "-", text)


def as_number(text: str) -> float:
    """The number that a value is; nan of words, lists, true and none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
