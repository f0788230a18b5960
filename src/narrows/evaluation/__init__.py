"""A finished model's figures, and arrays to draw."""

from narrows.evaluation.as_measured import (
    AS_MEASURED,
    CrossEntropy,
    FedBytes,
    MatrixProduct,
    PeakOf255,
    Uncentred,
)
from narrows.evaluation.baselines import Constant, Identity
from narrows.evaluation.beside import Beside
from narrows.evaluation.bound import EvidenceLowerBound, PriorSamples
from narrows.evaluation.by_formula import ByFormula
from narrows.evaluation.chosen import ChosenPictures
from narrows.evaluation.code_noise import CodeNoise
from narrows.evaluation.codes import code_arrays, component_arrays, filter_arrays
from narrows.evaluation.fine_tuned import FineTuned
from narrows.evaluation.interpolation import Interpolation, MeanFill, biharmonic, linear
from narrows.evaluation.linear_probe import LinearProbe
from narrows.evaluation.manifold import Manifold
from narrows.evaluation.out_of_distribution import NOISE, OutOfDistribution
from narrows.evaluation.reconstruction import Evaluation, Model, evaluate, reconstruct
from narrows.evaluation.tally import Figure
from narrows.evaluation.under_masks import UnderMasks
from narrows.evaluation.under_noise import UnderNoise

__all__ = [
    "AS_MEASURED",
    "NOISE",
    "Beside",
    "ByFormula",
    "ChosenPictures",
    "CodeNoise",
    "Constant",
    "CrossEntropy",
    "Evaluation",
    "EvidenceLowerBound",
    "FedBytes",
    "Figure",
    "FineTuned",
    "Identity",
    "Interpolation",
    "LinearProbe",
    "Manifold",
    "MatrixProduct",
    "MeanFill",
    "Model",
    "OutOfDistribution",
    "PeakOf255",
    "PriorSamples",
    "Uncentred",
    "UnderMasks",
    "UnderNoise",
    "biharmonic",
    "code_arrays",
    "component_arrays",
    "evaluate",
    "filter_arrays",
    "linear",
    "reconstruct",
]
