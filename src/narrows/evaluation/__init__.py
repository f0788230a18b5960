"""A finished model's figures, and arrays to draw."""

from narrows.evaluation.as_measured import AS_MEASURED, fed_bytes, uncentred
from narrows.evaluation.baselines import Constant, Identity
from narrows.evaluation.codes import code_arrays, component_arrays, filter_arrays
from narrows.evaluation.reconstruction import Evaluation, evaluate, reconstruct
from narrows.evaluation.tally import Figure

__all__ = [
    "AS_MEASURED",
    "Constant",
    "Evaluation",
    "Figure",
    "Identity",
    "code_arrays",
    "component_arrays",
    "evaluate",
    "fed_bytes",
    "filter_arrays",
    "reconstruct",
    "uncentred",
]
