"""A disk that is full, small, read-only or gone, two in one folder: one sentence, no broken file, and it goes on."""

import errno
import itertools
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torture.disk import paint
from torture.folder import broken_files, differences

import narrows.data.cache as cache_module
from narrows.apply.kept import keep
from narrows.apply.run import Run
from narrows.cli.verbs import sentence
from narrows.data.cache import clear_cache, decode_files
from narrows.data.folder import read_folder
from narrows.experiments.describe import describe_run
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.files import LOCK, alone_in, replacing, write_atomic

from .test_kill import EXPERIMENT, quickly  # noqa: F401  states are written often, reports are short


def full_from(fatal: int) -> Callable[[int], None]:
    calls = itertools.count(1)

    def sync(_: int) -> None:
        if next(calls) >= fatal:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return sync


def test_a_full_disk_is_a_sentence_with_the_file_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "run"
    run_experiment(EXPERIMENT, RunSettings(whole), Nobody())
    for fatal in (3, 6, 9, 14):
        with monkeypatch.context() as full:
            full.setattr(os, "fsync", full_from(fatal))
            with pytest.raises(OSError, match="No space left") as refused:
                run_experiment(EXPERIMENT, RunSettings(folder, resume=folder.exists()), Nobody())
        told = sentence(refused.value)
        assert told.startswith(f"expected to use {folder}")
        assert told.endswith("found: no space left on device; choose another place or free it")
        assert "/." not in told.removeprefix(f"expected to use {tmp_path}")
        assert broken_files(folder) == []
        assert [path for path in folder.rglob(".*") if path.is_file()] == []
    run_experiment(EXPERIMENT, RunSettings(folder, resume=True), Nobody())
    assert differences(whole, folder) == []


def test_a_file_that_may_not_be_so_large_is_named_and_the_one_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    write_atomic(path, b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="File too large") as refused:
            write_atomic(path, bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sentence(refused.value) == f"expected to use {path}, found: file too large; choose another place or free it"
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.csv"]
    assert path.read_bytes() == b"before"


def test_an_error_with_words_of_its_own_keeps_them(tmp_path: Path) -> None:
    for error in (ConnectionError("no mirror answers"), FileNotFoundError(errno.ENOENT, "gone", "/elsewhere")):
        with pytest.raises(type(error)) as raised, replacing(tmp_path / "file"):
            raise error
        assert raised.value is error
    assert list(tmp_path.iterdir()) == []


HOLDING = """
import sys
from pathlib import Path
from narrows.files import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_one_process_s_and_free_when_that_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run_experiment(EXPERIMENT, RunSettings(folder), Nobody())
    before = (folder / "results.csv").read_bytes()
    command = [sys.executable, "-c", HOLDING, str(folder)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    settings = RunSettings(folder, seeds=2)
    for how in (replace(settings, resume=True), replace(settings, overwrite=True)):
        with pytest.raises(BlockingIOError, match=r"filled by one process at a time, found another at work"):
            run_experiment(EXPERIMENT, how, Nobody())
    with pytest.raises(BlockingIOError, match="found another at work"):
        keep(Run.open(folder), "photos", [], {})
    assert (folder / "results.csv").read_bytes() == before
    other.kill()
    other.wait()
    other.stdout.close()
    assert other.stdin is not None
    other.stdin.close()
    assert (folder / LOCK).exists()
    run_experiment(EXPERIMENT, replace(settings, resume=True), Nobody())
    assert not (folder / LOCK).exists()


def test_a_folder_that_was_filled_while_data_were_read_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"

    def meanwhile(*words: object, **named: object) -> object:
        with monkeypatch.context() as once:
            once.setattr("narrows.experiments.run.describe_run", describe_run)
            run_experiment(EXPERIMENT, RunSettings(folder), Nobody())
        return describe_run(*words, **named)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr("narrows.experiments.run.describe_run", meanwhile)
    with pytest.raises(FileExistsError, match="found a run in"):
        run_experiment(EXPERIMENT, RunSettings(folder), Nobody())


def test_two_in_one_process_are_two(tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(BlockingIOError), alone_in(tmp_path):
        raise AssertionError("both hold the folder")


@pytest.mark.parametrize("reader", ["read_header", "read_picture"])
def test_a_folder_that_vanishes_while_it_is_read_leaves_nothing_behind(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, cache, calls = tmp_path / "photos", tmp_path / "cache", itertools.count()
    paint(photos, 9)
    (photos / "nowhere.png").symlink_to(photos / "missing")  # left out, as before
    read = getattr(cache_module, reader)

    def reading(path: Path, **how: object) -> object:
        if next(calls) == 3:
            photos.rename(tmp_path / "gone")
        return read(path, **how)

    with monkeypatch.context() as once:
        once.setattr(cache_module, reader, reading)
        with pytest.raises(FileNotFoundError, match=r"to stay as it is while it is read, found 00\d.png gone; see"):
            read_folder(photos, cache=cache)
    assert not list(cache.rglob("*"))
    (tmp_path / "gone").rename(photos)
    found = read_folder(photos, cache=cache)
    assert len(found.files) == 9
    assert [name for name, _ in found.unreadable] == ["nowhere.png"]


def test_what_a_killed_decoding_left_goes_in_time(tmp_path: Path) -> None:
    photos, cache = tmp_path / "photos", tmp_path / "cache"
    paint(photos, 3)
    cache.mkdir()
    old, new = cache / ".0123.npy.abcdefgh", cache / ".4567.npy.ijklmnop"
    for path, age in ((old, 2 * 24 * 3600), (new, 0)):
        path.write_bytes(bytes(9))
        os.utime(path, (path.stat().st_atime - age, path.stat().st_mtime - age))
    assert np.asarray(decode_files(photos, ["000.png"], cache=cache).images).shape == (1, 1, 8, 8)
    assert (old.exists(), new.exists()) == (False, True)  # another process may be writing the new one
    clear_cache(cache)
    assert list(cache.iterdir()) == []
