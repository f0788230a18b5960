"""Record an experiment: run it as it stands, keep its figures under docs/results/, and write docs/results.md anew.

    python docs/record.py NAME [--seeds 3]      run (or go on with) NAME, keep its figures, write the page
    python docs/record.py                       write the page from the figures that are kept

A quick run, a run with changed settings or one that left the test split unread is never recorded.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from filling import versions

from narrows.files import write_atomic
from narrows.results import METRICS, Reported, Run, interval, open_run

DOCS = Path(__file__).parent
KEPT = ("results.csv", "environment.json", "experiment.json", "reported.csv", "findings.json")
SHOWN = ("squared_error", "mse", "psnr", "ssim")
CHECKED = ("active_units", "dead_units")
UNDER = (
    ("reconstruction", "psnr"),
    ("reconstruction", "ssim"),
    ("out_of_distribution", "auc"),
    ("linear_probe", "accuracy"),
    ("label_efficiency", "accuracy"),
    ("label_efficiency", "macro_auc"),
    ("fine_tuned", "accuracy"),
    ("by_formula", "psnr"),
)
"""What is shown under every condition, but for those of single pictures and of visible pixels."""
LEFT_OUT = ("pictures=", "pixels=visible")
MEASURED = ("training", "as measured in the report", "label_efficiency", "reconstruction")
"""The evaluations in which a report's figure may have its rerun."""


def main() -> None:
    """Run, keep, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.name:
        folder = DOCS.parent / "runs" / f"recorded-{arguments.name}"
        go_on = ["--resume"] if (folder / "experiment.json").exists() else []
        command = ["narrows", "run", arguments.name, "--seeds", str(arguments.seeds)]
        subprocess.run([sys.executable, "-m", *command, "--out", str(folder), *go_on], check=True)
        keep(open_run(folder), DOCS / "results" / arguments.name, " ".join(command))
    runs = [open_run(folder) for folder in sorted((DOCS / "results").iterdir()) if folder.is_dir()]
    write_atomic(DOCS / "results.md", "\n".join(page(runs)).encode())


def keep(run: Run, folder: Path, command: str) -> None:
    """Copy what a figure needs to be believed."""
    if run.environment["quick"] or not run.environment["finished"] or not run.experiment["read_test"]:
        raise SystemExit(f"expected a finished run on all pictures, test included, found another in {run.folder}")
    folder.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        shutil.copyfile(run.folder / name, folder / name)
    environment = folder / "environment.json"
    text = environment.read_text(encoding="utf-8")
    spoken = str(run.environment["command"]).replace("\\", "\\\\").replace('"', '\\"')
    write_atomic(environment, text.replace(spoken, command).encode())  # the folder is of no interest


def page(runs: list[Run]) -> Iterator[str]:
    """The lines of docs/results.md."""
    yield "# Results"
    yield ""
    yield "Written by `make results NAME=...` from the figures under `results/`; nothing here is typed by hand. A"
    yield "figure is a mean over seeds with its 95 % interval (Student's t), on the test split, of the raw output."
    for run in runs:
        yield from section(run)


def section(run: Run) -> Iterator[str]:
    """One experiment: what was run on what, its arms, and the source reports' figures beside it."""
    experiment, place = run.experiment, run.environment
    counts = ", ".join(f"{count} {split}" for split, count in experiment["data"]["n"].items())
    yield f"\n## {experiment['name']}: {experiment['title']}\n"
    yield f"{experiment['question']}\n"
    yield f"- `{place['command']}`, {place['seconds'] / 60:.0f} minutes, {place['date']}"
    yield f"- {experiment['data']['name']}: {counts}"
    yield f"- {place['processor']}, {place['cores']} cores, {place['precision']}; {versions(place)}\n"
    yield "| arm | seeds | " + " | ".join(METRICS[metric].label for metric in SHOWN + CHECKED) + " | training, s |"
    yield "| --- | ---: |" + " ---: |" * (len(SHOWN + CHECKED) + 1)
    for arm in run.arms():
        if set(run.values(arm, "input_distance", split="test", evaluation="checks").values()) == {0.0}:
            continue  # what hands its input back is perfect where nothing is corrupted; see the conditions below
        errors = run.values(arm, "mse", split="test")
        if not errors:
            continue  # of another arm's encoder only what it is worth to a classifier is measured
        figures = [spread(run.values(arm, metric, split="test")) for metric in SHOWN]
        figures += [spread(run.values(arm, metric, split="test", evaluation="checks")) for metric in CHECKED]
        seconds = spread(run.values(arm, "training_seconds", split="train", evaluation="training"))
        yield f"| {arm} | {len(errors)} | {' | '.join(figures)} | {seconds} |"
    for evaluation, metric in UNDER:
        yield from under_conditions(run, evaluation, metric)
    if run.reported:
        yield "\n| report | arm | what | reported | valid | rerun |"
        yield "| --- | --- | --- | ---: | --- | ---: |"
        for row in run.reported:
            found = "; ".join(f"{figure} ({evaluation})" for evaluation, figure in reruns(run, row).items())
            yield f"| {row.report} | {row.arm} | {stated(row)} | {row.value:g} | {row.valid} | {found} |"
    findings = [finding for finding in run.findings if finding.arm.startswith("improved")]
    grave = [finding.name for finding in findings if finding.severity != "note"]
    yield f"\nThe doctor on the improved arms: {', '.join(grave) or 'no error, no warning'}."


def stated(row: Reported) -> str:
    """What a report's figure is of."""
    return " ".join(filter(None, (row.split, METRICS[row.metric].label, row.condition)))


def reruns(run: Run, row: Reported) -> dict[str, str]:
    """The rerun's figures that a report's one stands beside, by evaluation."""
    found = {
        evaluation: run.values(row.arm, row.metric, split=row.split, evaluation=evaluation, condition=row.condition)
        for evaluation in MEASURED
    }
    return {evaluation: spread(values) for evaluation, values in found.items() if values}


def under_conditions(run: Run, evaluation: str, metric: str) -> Iterator[str]:
    """One metric of every arm under every condition; nothing where there are none."""
    rows = [row for row in run.results if (row.evaluation, row.metric, row.split) == (evaluation, metric, "test")]
    conditions = dict.fromkeys(
        row.condition for row in rows if row.condition and not any(part in row.condition for part in LEFT_OUT)
    )
    if not conditions:
        return
    said = "" if evaluation == "reconstruction" else f", {evaluation.replace('_', ' ')}"
    yield f"\n| {METRICS[metric].label}{said} | " + " | ".join(conditions) + " |"
    yield "| --- |" + " ---: |" * len(conditions)
    for arm in dict.fromkeys(row.arm for row in rows):
        figures = [
            spread(run.values(arm, metric, split="test", evaluation=evaluation, condition=condition))
            for condition in conditions
        ]
        yield f"| {arm} | " + " | ".join(figures) + " |"


def spread(values: dict[int, float]) -> str:
    """Mean and interval over seeds; empty where nothing was measured."""
    return str(interval(list(values.values()))) if values else ""


if __name__ == "__main__":
    main()
