"""Readers on files that are nearly right, drawn by hypothesis; `torture/fuzz.py` tries a million, led by coverage."""

import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torture.fuzz import TARGETS, counts, tried

ODD = (b"", b"\x00", b"\xff\xff\xff\xff", b"-1", b"1e999", b"nan", b"null", b'"', b"[", b"{}", b"\n", b"9" * 30)
"""What readers stumble over."""

edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 6), st.sampled_from(ODD) | st.binary(max_size=4)), max_size=4
)


def edited(content: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """A file with some of its bytes replaced, each change (where, as a share; how many bytes; by what)."""
    for share, length, put in changes:
        place = int(share * len(content))
        content = content[:place] + put + content[place + length :]
    return content


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(data=st.data())
def test_a_reader_takes_a_file_or_refuses_it_as_documented(name: str, tmp_path: Path, data: st.DataObject) -> None:
    content = edited(data.draw(st.sampled_from(TARGETS[name].seeds)), data.draw(edits))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of NumPy and Pillow on broken files
        tried(TARGETS[name], content, tmp_path)


@pytest.mark.parametrize("name", TARGETS)
def test_the_whole_files_that_are_mutated_are_read(name: str, tmp_path: Path) -> None:
    for seed in TARGETS[name].seeds:
        tried(TARGETS[name]._replace(documented=()), seed, tmp_path)


def test_the_inputs_are_shared_out_in_full() -> None:
    assert sum(counts(1_000_000).values()) >= 1_000_000
