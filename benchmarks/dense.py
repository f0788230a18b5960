"""A dense network on MNIST: seconds an epoch and the loss reached, beside the peers and a notebook's loop."""

from typing import Any

from networks import DENSE, GREY, pictures
from trainers import Task, by_notebook, trained, ways
from turns import How, record


def measure(how: How) -> dict[str, Any]:
    """A few epochs of each way, from the same weights."""
    source, images = pictures("mnist", GREY, how.count(60_000, 512), how)
    task = Task(DENSE, GREY, images, how.count(3, 1), how.scratch)
    return trained(source, task, ways(task) | {"notebook": lambda seed: by_notebook(task, seed)}, how.count(5, 2))


if __name__ == "__main__":
    record("dense", measure)
