"""Two processes train as one does: same losses, same weights, uneven shares counted right, resumed as unbroken.

Started by torchrun, this file is what each of the two processes does.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from narrows.corruption import GaussianNoise, NoCorruption, PixelMask
from narrows.data import load
from narrows.experiments.index import load_experiment
from narrows.experiments.run import run_experiment
from narrows.experiments.session import Nobody, RunSettings
from narrows.experiments.settings import change_experiment
from narrows.models import Autoencoder, Convolutional, Dense, Gaussian, PatchFeatures, TopK
from narrows.objective import KLToPrior, Objective
from narrows.results import open_run
from narrows.training import History, Progress, StateFile, Training, fit, load_model, save_model
from narrows.training.processes import ALONE, Processes, joined
from narrows.types import Architecture, Corruption

LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
TRAINING = Training(epochs=4, batch_size=33, precision="float32")


@dataclass(frozen=True)
class Case:
    """A training of which two processes and one are to make the same."""

    architecture: Architecture
    corruption: Corruption
    training: Training
    objective: Objective = Objective()
    pictures: int = 300


CASES = {
    # 300 pictures in batches of 33, which two cannot share evenly, and 3 are left; 111 pictures validate
    "noise": Case(Dense((32,), 4), GaussianNoise(0.3), TRAINING),
    "mask": Case(
        Dense((32,), 4),
        PixelMask(0.5, counted="hidden"),
        replace(TRAINING, clip_norm=0.01, averaging=0.9, selection="best", watch=("psnr", "ssim")),
        Objective("mae"),
    ),
    # the last batch is one picture, of which the other process has none
    "one left": Case(
        Convolutional((4,)), NoCorruption(), replace(TRAINING, batch_size=4, optimizer="muon"), pictures=9
    ),
    "patches": Case(
        PatchFeatures(Dense((), 8, bottleneck=TopK(1), unit_columns=True), patch_size=3, patches_per_picture=2),
        NoCorruption(),
        TRAINING,
    ),
}
DRAWN_INSIDE = Case(
    Dense((32,), 4, bottleneck=Gaussian(), output_activation="sigmoid"),
    NoCorruption(),
    replace(TRAINING, epochs=20),
    Objective("bce", (KLToPrior(1.0),), reduction="sum"),
)


def train(
    case: Case,
    processes: Processes,
    state: StateFile | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> tuple[Autoencoder, History]:
    """Train a case's model from its seed on digits."""
    digits = load("digits").few(case.pictures, 111)
    torch.manual_seed(0)
    model = case.architecture.build(digits.image_shape)
    assert isinstance(model, Autoencoder)
    history = fit(
        model,
        digits,
        case.objective,
        corruption=case.corruption,
        training=case.training,
        state=state,
        on_progress=on_progress,
        processes=processes,
    )
    return model, history


def stop_at_seven(progress: Progress) -> None:
    """As torchrun does where it is stopped, but to one process alone."""
    if progress.step == 7:
        signal.raise_signal(signal.SIGTERM)


def take_part(folder: Path) -> None:
    """What each of two processes does; the first leaves models and losses."""
    torch.set_num_threads(1)
    with joined("cpu") as (processes, _):
        for name, case in {**CASES, "drawn inside": DRAWN_INSIDE}.items():
            model, history = train(case, processes)
            if processes.leads:
                save_model(folder / name, model, {})
                np.save(folder / f"{name}.npy", [entry.value for entry in history])
        state = StateFile(folder / "state.safetensors")
        with pytest.raises(KeyboardInterrupt):
            train(CASES["noise"], processes, state, None if processes.leads else stop_at_seven)
        steps: list[int] = []
        model, _ = train(CASES["noise"], processes, state, lambda progress: steps.append(progress.step))
        assert steps[0] == 9  # the stop is seen at the end of the step after it
        if processes.leads:
            save_model(folder / "resumed", model, {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes have left."""
    folder = tmp_path_factory.mktemp("processes")
    subprocess.run([*LAUNCH, __file__, str(folder)], check=True, timeout=300)
    return folder


@pytest.mark.parametrize("name", CASES)
def test_two_processes_train_as_one_does(name: str, folder: Path) -> None:
    model, history = train(CASES[name], ALONE)
    np.testing.assert_allclose(np.load(folder / f"{name}.npy"), [entry.value for entry in history], rtol=1e-4)
    found = load_model(folder / name).state_dict()
    for key, expected in model.state_dict().items():
        torch.testing.assert_close(found[key], expected, rtol=1e-4, atol=1e-5)


def test_what_is_drawn_inside_a_model_differs_between_processes_and_trains_as_well(folder: Path) -> None:
    history = train(DRAWN_INSIDE, ALONE)[1]
    place = max(place for place, entry in enumerate(history) if entry.term == "loss")
    found = np.load(folder / "drawn inside.npy")[place]
    assert found != history[place].value
    np.testing.assert_allclose(found, history[place].value, rtol=0.05)


def test_a_stop_of_one_stops_both_and_both_go_on_to_the_same_bits(folder: Path) -> None:
    unbroken, resumed = ((folder / name / "model.safetensors").read_bytes() for name in ("noise", "resumed"))
    assert unbroken == resumed


def test_a_run_in_two_processes_is_one_folder_with_the_figures_of_one(tmp_path: Path) -> None:
    settings = ["arms=compared*", "training.epochs=2"]
    command = ["-m", "narrows", "run", "quickstart", "--out", "both", "--json"]
    told = subprocess.run(
        [*LAUNCH, *command, *(word for setting in settings for word in ("--set", setting))],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.count('"run"') == 1
    both = open_run(tmp_path / "both")
    one = run_experiment(
        change_experiment(load_experiment("quickstart"), settings), RunSettings(tmp_path / "one"), Nobody()
    )
    assert [row[:-2] for row in one.results] == [row[:-2] for row in both.results]
    found, expected = ([row.value for row in run.results if row.metric != "training_seconds"] for run in (both, one))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
    assert (one.environment["processes"], both.environment["processes"]) == (1, 2)
    assert (both.folder / "report.html").exists()


if __name__ == "__main__":
    take_part(Path(sys.argv[1]))
