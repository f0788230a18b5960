"""Fitting a model, and keeping it."""

from narrows.training.checkpoint import load_model, parameter_count, save_model
from narrows.training.classify import Classifier, fit_classifier, score
from narrows.training.fit import as_images, fit
from narrows.training.optimize import History, Progress, optimize
from narrows.training.settings import COSINE, Augmentation, Training, choose_precision
from narrows.training.state_file import HistoryEntry, StateFile

__all__ = [
    "COSINE",
    "Augmentation",
    "Classifier",
    "History",
    "HistoryEntry",
    "Progress",
    "StateFile",
    "Training",
    "as_images",
    "choose_precision",
    "fit",
    "fit_classifier",
    "load_model",
    "optimize",
    "parameter_count",
    "save_model",
    "score",
]
