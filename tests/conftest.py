"""Settings for the whole suite: shapes are checked at run time, randomness comes from a fixture, one thread."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")

from jaxtyping import install_import_hook

install_import_hook("narrows", "beartype.beartype")

import pytest
import torch

torch.set_num_threads(1)  # sums in one order, so that equal means bit-equal


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
