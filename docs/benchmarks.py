"""Write the figures of docs/benchmarks.md anew, from what `make bench` measured.

python docs/benchmarks.py

Read are the files under docs/benchmarks/; a subject that was not measured yet is said to be so.
"""

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from filling import fill
from record import DOCS

from narrows.files import write_atomic
from narrows.report.numbers import duration
from narrows.results import interval

PAGE, MEASURED = DOCS / "benchmarks.md", DOCS / "benchmarks"
OWN = "Narrows"


class Target(NamedTuple):
    """What is aimed at in one row of a table."""

    name: str
    aim: float


STARTS = (
    Target("narrows --help", 0.3),
    Target("narrows list", 0.5),
    Target("narrows run, to the first step", 4.0),
    Target("narrows report", 3.0),
)
TRAINING = {
    "dense": {"pythae": 3.0, "autoencoders": 3.0, "notebook": 5.0},
    "convolutional": {"pythae": 3.0, "autoencoders": 3.0},
}
"""How many times as long the others are to take, at least."""
SHARES = {("dense", 256): 0.35, ("dense", 1024): 0.6}
"""Of the machine's rate, by network and batch, at least."""
MEGABYTES, DECODING = 1500, 0.9
"""Of memory at most, and of Pillow's rate at least."""


def main() -> None:
    """Write the page anew."""
    write_atomic(PAGE, fill(PAGE.read_text(encoding="utf-8"), blocks(read(MEASURED))).encode())


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """What was measured, by subject.

    Raises:
        ValueError: a quick look lies among the figures.
    """
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    if quick := [name for name, content in found.items() if content["quick"]]:
        raise ValueError(
            f"expected full measurements in {folder}, found a quick look at {quick[0]}; measure it in full"
        )
    return found


def blocks(found: Mapping[str, dict[str, Any]]) -> dict[str, list[str]]:
    """The lines of every block of the page."""
    return {subject: list(lines(subject, found.get(subject))) for subject in SUBJECTS}


def lines(subject: str, content: dict[str, Any] | None) -> Iterator[str]:
    """A subject's table, and where it was measured."""
    if content is None:
        yield f"Not measured yet: `make bench NAME={subject}`."
        return
    yield from SUBJECTS[subject](content["measured"])
    yield ""
    yield from where(content["environment"])


def where(place: Mapping[str, Any]) -> Iterator[str]:
    """Machine, versions, commit and command, in one sentence."""
    packages = ("torch", "pythae", "autoencoders", "onnxruntime", "pillow")
    versions = ", ".join(f"{name} {place[name]}" for name in packages)
    yield f"{place['processor']}, {place['cores']} cores, {place['threads']} threads; precision: {place['precision']}."
    yield f"{versions}, Python {place['python']}; Narrows {place['narrows']} ({place['git']}), {place['date']}."
    yield f"`{place['command']}`, {duration(place['seconds'])}."


def training(subject: str, measured: Mapping[str, Any]) -> Iterator[str]:
    """Seconds an epoch and the error at its end, of every trainer."""
    rounds, aims = measured["rounds"], TRAINING[subject]
    yield f"{measured['pictures']:,} pictures ({measured['data']}), {measured['epochs']} epochs, {count(rounds)} seeds."
    yield ""
    yield "| trained by | s an epoch | times Narrows | aim | mse at the end |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, values in rounds.items():
        slower = "" if name == OWN else ratio(values["seconds"], rounds[OWN]["seconds"])
        aim = f"{aims[name]:g}" if name in aims else ""
        yield f"| {name} | {spread(values['seconds'])} | {slower} | {aim} | {interval(values['mse'])} |"


def share(measured: Mapping[str, Any]) -> Iterator[str]:
    """The share of the matrix-product rate, and what takes the time."""
    cases = measured["cases"]
    parts = list(cases[0]["parts"])
    yield "Shares of the time are PyTorch's profiler's; the machine's rate is that of products of two matrices of"
    yield f"{measured['side']} x {measured['side']} in {measured['precision']}."
    yield ""
    yield (
        "| network | batch | GFLOP a step | ms a step | GFLOP/s | of the machine's | aim | " + " | ".join(parts) + " |"
    )
    yield "| --- |" + " ---: |" * (6 + len(parts))
    for case in cases:
        steps, rates = case["rounds"]["training"]["seconds"], case["rounds"]["matrix product"]["rate"]
        reached = [case["operations"] / step for step in steps]
        shares = " | ".join(percent(case["parts"][part]) for part in parts)
        aim = SHARES.get((case["name"], case["batch_size"]))
        yield (
            f"| {case['name']} | {case['batch_size']} | {short(case['operations'] / 1e9)} | "
            f"{short(1e3 * statistics.median(steps))} | {short(statistics.median(reached) / 1e9)} | "
            f"{percent(statistics.median(map(divide, reached, rates)))} | "
            f"{'' if aim is None else percent(aim)} | {shares} |"
        )


def applying(measured: Mapping[str, Any]) -> Iterator[str]:
    """Pictures a second."""
    yield "| what | by | at once | pictures/s | times plain PyTorch |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for what, content in measured.items():
        for name, values in content["rounds"].items():
            faster = "" if name == "PyTorch" else ratio(values["rate"], content["rounds"]["PyTorch"]["rate"])
            yield f"| {what} | {name} | {content['at_once']} | {spread(values['rate'])} | {faster} |"


def decoding(measured: Mapping[str, Any]) -> Iterator[str]:
    """Pictures a second, from files."""
    rounds = measured["rounds"]
    side = measured["side"]
    yield f"{measured['pictures']} JPEG files of {side} x {side}, {measured['threads']} threads."
    yield ""
    yield "| by | pictures/s | of Pillow alone | aim |"
    yield "| --- | ---: | ---: | ---: |"
    alone = rounds["Pillow"]["rate"]
    for name, values in rounds.items():
        share = "" if name == "Pillow" else ratio(values["rate"], alone)
        aim = f"{DECODING:g}" if name == OWN else ""
        yield f"| {name} | {spread(values['rate'])} | {share} | {aim} |"


def memory(measured: Mapping[str, Any]) -> Iterator[str]:
    """Peak memory, and the curve of cost a picture."""
    before, size = measured["megabytes_before"], measured["file_bytes"] / 1e9
    peak = measured["megabytes_peak"]
    yield f"One epoch on a mapped file of {size:.2g} GB raises anonymous memory from {before:.0f} to {peak:.0f} MB"
    yield f"at its peak (aim: {MEGABYTES:,} MB)."
    yield ""
    yield "| pictures | microseconds a picture |"
    yield "| ---: | ---: |"
    for name, values in measured["rounds"].items():
        yield f"| {int(name):,} | {spread(values['microseconds'])} |"


def start(measured: Mapping[str, Any]) -> Iterator[str]:
    """Seconds of whole processes."""
    yield "| command | seconds | aim, at most |"
    yield "| --- | ---: | ---: |"
    for target in STARTS:
        yield f"| {target.name} | {spread(measured['rounds'][target.name]['seconds'])} | {target.aim:g} |"


def speedups(measured: Mapping[str, Any]) -> Iterator[str]:
    """What each is worth."""
    yield "| what | ms a step with | without | times faster with | first step with, s | without |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for name, rounds in measured.items():
        using, without = rounds["with"], rounds["without"]
        steps = [spread([1e3 * value for value in way["seconds"]]) for way in (using, without)]
        gain = ratio(without["seconds"], using["seconds"])
        yield f"| {name} | {steps[0]} | {steps[1]} | {gain} | {spread(using['first'])} | {spread(without['first'])} |"


SUBJECTS: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "dense": lambda measured: training("dense", measured),
    "convolutional": lambda measured: training("convolutional", measured),
    "share": share,
    "speedups": speedups,
    "applying": applying,
    "decoding": decoding,
    "memory": memory,
    "start": start,
}
"""What is measured, by the names of the scripts in benchmarks/, in the page's order."""


def count(rounds: Mapping[str, Mapping[str, Sequence[float]]]) -> int:
    """How many rounds there were."""
    return len(next(iter(next(iter(rounds.values())).values())))


def spread(values: Sequence[float]) -> str:
    """The median, and from the lowest to the highest."""
    low, high = min(values), max(values)
    return f"{short(statistics.median(values))} ({short(low)} to {short(high)})"


def short(value: float) -> str:
    """Three digits, and commas between thousands."""
    return f"{float(f'{value:.3g}'):,.10g}"


def ratio(above: Sequence[float], below: Sequence[float]) -> str:
    """The median and the spread of the quotients within each round, which share what disturbed the machine."""
    return spread([divide(*pair) for pair in zip(above, below, strict=True)])


def divide(above: float, below: float) -> float:
    """A quotient."""
    return above / below


def percent(value: float) -> str:
    """A share in per cent."""
    return f"{100 * value:.0f} %"


if __name__ == "__main__":
    main()
