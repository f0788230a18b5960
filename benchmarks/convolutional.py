"""A convolutional network on CIFAR-10: seconds an epoch and the loss reached, beside the peers."""

from typing import Any

from networks import COLOUR, CONVOLUTIONAL, pictures
from trainers import Task, trained, ways
from turns import How, record


def measure(how: How) -> dict[str, Any]:
    """A few epochs of each way, from the same weights."""
    source, images = pictures("cifar10", COLOUR, how.count(2560, 16), how)
    task = Task(CONVOLUTIONAL, COLOUR, images, how.count(2, 1), how.scratch)
    return trained(source, task, ways(task), how.count(5, 1))


if __name__ == "__main__":
    record("convolutional", measure)
