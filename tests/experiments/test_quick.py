"""A quick run is quick in everything that takes time: pictures, epochs, and what its studies train."""

import numpy as np
import pytest

from narrows.data import Dataset, Pictures, from_array
from narrows.evaluation import MLP, FineTuned, LabelEfficiency, Linear, LinearProbe
from narrows.experiments.experiment import Arm, Experiment
from narrows.experiments.quick import QUICK_EPOCHS, QUICK_ITERATIONS, STUDY_EPOCHS, few, quick
from narrows.models import PCA, Dense
from narrows.training import Training


@pytest.mark.parametrize(("side", "expected"), [(8, (500, 62)), (64, (268, 33)), (700, (100, 12))])
def test_the_larger_the_pictures_the_fewer_are_taken(side: int, expected: tuple[int, int]) -> None:
    # one picture seen as many, so that the large ones need no memory
    images = np.broadcast_to(np.zeros((1, 3, side, side), np.uint8), (4000 if side < 700 else 200, 3, side, side))
    taken = few(from_array(images))
    assert (len(taken.train), len(taken.validation)) == tuple(
        min(count, most) for count, most in zip(expected, (len(images) * 8 // 10, len(images) // 10), strict=True)
    )


def test_a_mixture_counts_as_itself_and_its_sources() -> None:
    images = np.broadcast_to(np.zeros((1, 2, 3, 32, 32), np.uint8), (1000, 2, 3, 32, 32))
    mixed = Pictures(images, source_names=("one", "other"))
    data = Dataset("mixed", mixed, np.arange(900, 1000), lambda: mixed)
    assert len(few(data).train) == 3_300_000 // (3 * 3 * 32 * 32)


def test_arms_and_studies_that_train_do_so_for_two_epochs_and_what_is_in_closed_form_stays() -> None:
    long = Training(epochs=50, minutes=3.0)
    trained = Arm("improved, net", Dense((), 4), long, studies=(FineTuned(training=long), LinearProbe()))
    once = Arm("as reported", Dense((), 4), Training(epochs=1))
    closed = Arm("compared, PCA", PCA(4), Training(epochs=0))
    experiment = Experiment(
        "x", "x", "x?", "x", 1.0, "digits", (trained, closed, once), studies=(FineTuned(training=long),)
    )
    found = quick(experiment)
    assert (found.arms[0].training.epochs, found.arms[0].training.minutes) == (QUICK_EPOCHS, None)
    assert found.arms[1:] == (closed, once)
    for study in (found.arms[0].studies[0], found.studies[0]):
        assert isinstance(study, FineTuned)
        assert (study.training.epochs, study.training.minutes) == (STUDY_EPOCHS, None)
    assert found.arms[0].studies[1] == LinearProbe()


def test_of_each_kind_of_classifier_one_learns_for_two_epochs() -> None:
    study = LabelEfficiency((Linear(1.0), Linear(), MLP((8,), Training(epochs=50, minutes=1.0))))
    arm = Arm("improved, net", Dense((), 4), studies=(study,))
    ((found,),) = (arm.studies for arm in quick(Experiment("x", "x", "x?", "x", 1.0, "digits", (arm,))).arms)
    brief = Linear(max_iterations=QUICK_ITERATIONS), MLP((8,), Training(epochs=QUICK_EPOCHS))
    assert found == LabelEfficiency(brief, shares=(0.01, 1.0))
