"""To what size the pictures of a job are brought."""

from pathlib import Path

from narrows.data import CATALOGUE, Size, survey
from narrows.data.loading import parts_of
from narrows.experiments.experiment import Task
from narrows.jobs.job import Job

LONGEST_SIDE: dict[Task, int] = {"compression": 64, "denoising": 128, "inpainting": 64, "separation": 64}
"""Pictures that are larger, or of several sizes, are brought to squares of at most this side."""


def choose_size(job: Job) -> Size | None:
    """The size to bring pictures to: as asked; of folders else their own where it is one and small, or a square.

    None leaves pictures as they are: those of arrays and of sets of the catalogue have one size.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: a folder holds no picture.
    """
    folders = [Path(name).expanduser() for name in dict.fromkeys(parts_of(job.source)) if name not in CATALOGUE]
    if job.size is not None or job.source in CATALOGUE or not all(folder.is_dir() for folder in folders):
        return job.size
    found = sorted(size for folder in folders for size in survey(folder))
    if not found:
        return None
    longest = LONGEST_SIDE[job.task]
    if found[0] == found[-1] and max(found[0]) <= longest:
        return found[0]
    side = min(longest, sorted(min(size) for size in found)[len(found) // 2])
    return side, side
