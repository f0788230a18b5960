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
from narrows.evaluation.classifiers import MLP, Majority, NearestNeighbours
from narrows.evaluation.code_noise import CodeNoise
from narrows.evaluation.codes import code_arrays, component_arrays, filter_arrays
from narrows.evaluation.features import FeatureMemory
from narrows.evaluation.fine_tuned import FineTuned
from narrows.evaluation.interpolation import Interpolation, MeanFill, biharmonic, linear
from narrows.evaluation.label_efficiency import LabelEfficiency
from narrows.evaluation.linear_probe import LinearProbe
from narrows.evaluation.logistic import Linear
from narrows.evaluation.manifold import Manifold
from narrows.evaluation.out_of_distribution import NOISE, OutOfDistribution
from narrows.evaluation.reconstruction import Evaluation, Model, evaluate, reconstruct
from narrows.evaluation.tally import Figure
from narrows.evaluation.under_masks import UnderMasks
from narrows.evaluation.under_noise import UnderNoise

__all__ = [
    "AS_MEASURED",
    "MLP",
    "NOISE",
    "Beside",
    "ByFormula",
    "ChosenPictures",
    "CodeNoise",
    "Constant",
    "CrossEntropy",
    "Evaluation",
    "EvidenceLowerBound",
    "FeatureMemory",
    "FedBytes",
    "Figure",
    "FineTuned",
    "Identity",
    "Interpolation",
    "LabelEfficiency",
    "Linear",
    "LinearProbe",
    "Majority",
    "Manifold",
    "MatrixProduct",
    "MeanFill",
    "Model",
    "NearestNeighbours",
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
