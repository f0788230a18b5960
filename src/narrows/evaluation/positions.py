"""Some pictures of a split, by their positions, and the condition that names them in results."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from narrows.data import Pictures


def present(positions: Sequence[int], pictures: Pictures) -> NDArray[np.int64]:
    """The positions that a split has, ascending; as many of its first where it has none of them.

    >>> images = np.zeros((5, 1, 2, 2), dtype=np.uint8)
    >>> present((3, 9), Pictures(images)).tolist(), present((8, 9), Pictures(images)).tolist()
    ([3], [0, 1])
    """
    found = sorted(position for position in positions if position < len(pictures))
    return np.array(found or range(min(len(positions), len(pictures))), dtype=np.int64)


def pictures_condition(index: NDArray[np.int64]) -> str:
    """The condition of some pictures, runs of them joined.

    >>> pictures_condition(np.array([0, 1, 2])), pictures_condition(np.array([3, 7, 8]))
    ('pictures=0-2', 'pictures=3,7-8')
    """
    runs = [list(run) for _, run in groupby(enumerate(index.tolist()), lambda pair: pair[1] - pair[0])]
    parts = [str(run[0][1]) if len(run) == 1 else f"{run[0][1]}-{run[-1][1]}" for run in runs]
    return f"pictures={','.join(parts)}"
