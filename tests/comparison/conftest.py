"""Small runs on the embedded digits, each made once, when a test asks for it."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from narrows.corruption import GaussianNoise
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.models import Dense
from narrows.objective import L1, Objective
from narrows.training import Training

Runs = Callable[..., list[Path]]
"""Folders of the runs of these names."""

NET = Arm("improved, net", Dense((), 4), Training(epochs=2, batch_size=256))
SPARSE = replace(NET, name="compared, sparse", objective=Objective("mse", (L1(1e-3),)))


def of(*arms: Arm) -> Experiment:
    return Experiment("small", "Small", "Which is better?", "", 0.1, "digits", arms)


ASKED: Mapping[str, tuple[Experiment, RunSettings]] = {
    "plain": (of(NET, SPARSE), RunSettings(Path(), seeds=2)),
    "longer": (of(replace(NET, training=replace(NET.training, epochs=6)), SPARSE), RunSettings(Path(), seeds=3)),
    "wider": (of(replace(NET, model=Dense((), 8))), RunSettings(Path())),
    "faster": (of(replace(NET, training=replace(NET.training, learning_rate=0.01))), RunSettings(Path())),
    "smaller": (of(replace(NET, training=replace(NET.training, batch_size=64))), RunSettings(Path())),
    "noisy": (of(replace(NET, corruption=GaussianNoise(0.3))), RunSettings(Path())),
    "untested": (of(NET), RunSettings(Path(), read_test=False)),
}
FIVE = ("plain", "longer", "wider", "faster", "smaller")


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    root = tmp_path_factory.mktemp("runs")

    def made(*names: str) -> list[Path]:
        for name in names:
            if not (root / name).exists():
                experiment, settings = ASKED[name]
                with pytest.MonkeyPatch.context() as patch:
                    # a run's own page takes longer than the run, and a comparison does not read it
                    patch.setattr("narrows.experiments.run.write_report", lambda folder: folder)
                    run_experiment(experiment, replace(settings, folder=root / name), Nobody())
        return [root / name for name in names]

    return made


def bare(run: Path, folder: Path) -> Path:
    """A copy of a run with its figures alone, of which a page is soon drawn."""
    shutil.copytree(run, folder, ignore=shutil.ignore_patterns("arrays", "models", "history.csv"))
    return folder


def tell(run: Path, **facts: bool) -> None:
    """Change what a run says of how it was made."""
    path = run / "environment.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))
