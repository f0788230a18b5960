"""Compositions drawn at random; `python -m torture.compose` tries 10 000."""

import pytest
from torture.compose import TRAINED, described, outcome

PART, PARTS = 50, 10
"""Compositions a test, so that they are shared out between processes, and tests."""


@pytest.mark.parametrize("part", range(PARTS))
def test_a_composition_trains_and_comes_back_or_is_refused_beforehand(part: int) -> None:
    found = []
    for seed in range(part * PART, (part + 1) * PART):
        try:
            found.append(outcome(seed))
        except Exception as error:
            raise AssertionError(f"seed {seed}: {described(seed)}") from error
    assert found.count(TRAINED) >= PART // 10
    assert len(set(found)) > 1
