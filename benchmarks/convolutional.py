"""A convolutional network on CIFAR-10: seconds an epoch and the loss reached, beside the peers."""

from typing import Any

from networks import COLOUR, CONVOLUTIONAL, pictures
from trainers import Task, by_narrows, ways
from turns import How, in_turns, record

from narrows.training.settings import has_bfloat16_units


def measure(how: How) -> dict[str, Any]:
    """Every round is a seed, so that the losses have a spread as well."""
    source, images = pictures("cifar10", COLOUR, how.count(2560, 16), how)
    task = Task(CONVOLUTIONAL, COLOUR, images, how.count(2, 1), how.scratch)
    every = ways(task)
    if has_bfloat16_units():
        every["Narrows in float32"] = lambda seed: by_narrows(task, seed, "float32")
    return {
        "data": source,
        "pictures": len(images),
        "epochs": task.epochs,
        "rounds": in_turns(every, how.count(5, 1)),
    }


if __name__ == "__main__":
    record("convolutional", measure)
