"""A quick look at an experiment: a minute that shows that everything works, on few pictures and for few steps."""

import math
from dataclasses import replace

from narrows.data import Dataset
from narrows.evaluation import MLP, FineTuned, LabelEfficiency, Linear
from narrows.evaluation.classifiers import FeatureClassifier
from narrows.experiments.experiment import Experiment, Study
from narrows.training import Training

QUICK_EPOCHS = 2
STUDY_EPOCHS = 1
"""Of what a study trains, which is one model for each number of labels."""
QUICK_ITERATIONS = 10
"""Of linear classifiers, on features of which there may be thousands."""
QUICK_NUMBERS = 3_300_000
"""Numbers in the training pictures of a quick run: 268 photographs of 64 x 64, enough for PCA with 256 numbers.

A mixture counts as itself and its sources, each of which is decoded.
"""
QUICK_TRAIN = 500
"""Most training pictures; each other split has an eighth of them."""
QUICK_LEAST = 100
"""Training pictures that even the largest are given."""


def few(data: Dataset) -> Dataset:
    """As many pictures as a quick run has time for, the fewer the larger they are."""
    numbers = (1 + len(data.official_train.source_names)) * math.prod(data.image_shape)
    train = min(QUICK_TRAIN, max(QUICK_LEAST, QUICK_NUMBERS // numbers))
    return data.few(train, train // 8)


def quick(experiment: Experiment) -> Experiment:
    """An experiment whose arms train for two epochs, and whose studies train as briefly."""

    def briefly(training: Training, epochs: int) -> Training:
        most = epochs if training.minutes is not None else min(epochs, training.epochs)
        return replace(training, epochs=most, minutes=None)

    def quick_classifier(classifier: FeatureClassifier) -> FeatureClassifier:
        if isinstance(classifier, MLP):
            return replace(classifier, training=briefly(classifier.training, QUICK_EPOCHS))
        return replace(classifier, max_iterations=QUICK_ITERATIONS) if isinstance(classifier, Linear) else classifier

    def quick_study(study: Study) -> Study:
        if isinstance(study, FineTuned):
            return replace(study, training=briefly(study.training, STUDY_EPOCHS))
        if isinstance(study, LabelEfficiency):
            ends = tuple(dict.fromkeys((min(study.shares), max(study.shares))))
            one_a_kind = {type(each): quick_classifier(each) for each in study.classifiers}
            return replace(study, classifiers=tuple(one_a_kind.values()), shares=ends)
        return study

    arms = (
        replace(arm, training=briefly(arm.training, QUICK_EPOCHS), studies=tuple(map(quick_study, arm.studies)))
        for arm in experiment.arms
    )
    return replace(experiment, arms=tuple(arms), studies=tuple(map(quick_study, experiment.studies)), also_studied=())
