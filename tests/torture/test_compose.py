"""Compositions drawn at random; `python -m torture.compose` tries 10 000."""

import json
import os
import subprocess
import sys

import pytest
from torture.compose import TRAINED

PART, PARTS = 250, 2
"""Compositions a test, and tests, so that they are shared out between processes."""
PROGRAM = (
    "import json, sys, torch\nfrom torture.compose import run\ntorch.set_num_threads(1)\n"
    "outcomes, failures = run(range({}, {}))\nsys.stdout.write(json.dumps([outcomes, failures]))"
)
"""In a process of its own: shapes that are checked at run time, as in all tests, would refuse before the library."""


@pytest.mark.parametrize("part", range(PARTS))
def test_a_composition_trains_and_comes_back_or_is_refused_beforehand(part: int) -> None:
    program = PROGRAM.format(part * PART, (part + 1) * PART)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=900
    )
    outcomes, failures = json.loads(done.stdout)
    assert failures == []
    assert sum(outcomes.values()) == PART
    assert outcomes[TRAINED] >= PART // 10
