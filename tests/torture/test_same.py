"""The same pictures whatever the number of threads that decode them; PyTorch's own threads within the tolerance."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torture.disk import paint
from torture.folder import differences, sha256
from torture.same import PRECISION_TOLERANCE, THREADS_TOLERANCE, furthest

from narrows.data.folder import read_folder
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings

from .test_kill import EXPERIMENT, quickly  # noqa: F401  reports are short


def test_any_number_of_workers_decodes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paint(tmp_path / "photos")
    found = set()
    for number in (1, 2, 16):
        monkeypatch.setattr(
            "narrows.data.threads.ThreadPoolExecutor", lambda _, count=number: ThreadPoolExecutor(count)
        )
        cache = tmp_path / str(number)
        read_folder(tmp_path / "photos", size=(6, 5), cache=cache)
        found.add(tuple(sha256(path) for path in sorted(cache.iterdir())))
    assert len(found) == 1


def test_other_threads_and_precisions_stay_within_the_tolerance(tmp_path: Path) -> None:
    whole, again, threads, rough = (tmp_path / name for name in ("whole", "again", "threads", "rough"))
    run_experiment(EXPERIMENT, RunSettings(whole, precision="float32"), Nobody())
    run_experiment(EXPERIMENT, RunSettings(again, precision="float32"), Nobody())
    assert differences(whole, again) == []
    torch.set_num_threads(2)
    try:
        run_experiment(EXPERIMENT, RunSettings(threads, precision="float32"), Nobody())
    finally:
        torch.set_num_threads(1)
    assert furthest(whole, threads) <= THREADS_TOLERANCE
    run_experiment(EXPERIMENT, RunSettings(rough, precision="bfloat16"), Nobody())
    assert 0 < furthest(whole, rough) <= PRECISION_TOLERANCE
