"""A dense network on MNIST: seconds an epoch and the loss reached, beside the peers and a notebook's loop."""

from typing import Any

from networks import DENSE, GREY, pictures
from trainers import Task, by_narrows, by_notebook, ways
from turns import How, in_turns, record

from narrows.training.settings import has_bfloat16_units


def measure(how: How) -> dict[str, Any]:
    """Every round is a seed, so that the losses have a spread as well."""
    source, images = pictures("mnist", GREY, how.count(60_000, 512), how)
    task = Task(DENSE, GREY, images, how.count(3, 1), how.scratch)
    every = ways(task) | {"notebook": lambda seed: by_notebook(task, seed)}
    if has_bfloat16_units():
        every["Narrows in float32"] = lambda seed: by_narrows(task, seed, "float32")
    return {
        "data": source,
        "pictures": len(images),
        "epochs": task.epochs,
        "rounds": in_turns(every, how.count(5, 2)),
    }


if __name__ == "__main__":
    record("dense", measure)
