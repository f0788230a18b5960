"""A finished model's figures, and arrays to draw."""

from narrows.evaluation.as_measured import AS_MEASURED, fed_bytes, uncentred
from narrows.evaluation.baselines import Constant, Identity
from narrows.evaluation.codes import code_arrays, component_arrays, filter_arrays
from narrows.evaluation.out_of_distribution import NOISE, OutOfDistribution
from narrows.evaluation.reconstruction import Evaluation, Model, evaluate, reconstruct
from narrows.evaluation.tally import Figure
from narrows.evaluation.under_noise import UnderNoise

__all__ = [
    "AS_MEASURED",
    "NOISE",
    "Constant",
    "Evaluation",
    "Figure",
    "Identity",
    "Model",
    "OutOfDistribution",
    "UnderNoise",
    "code_arrays",
    "component_arrays",
    "evaluate",
    "fed_bytes",
    "filter_arrays",
    "reconstruct",
    "uncentred",
]
