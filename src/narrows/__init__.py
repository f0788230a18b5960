"""Narrows: image autoencoders, PCA beside them, and an honest report.

    clean --corruption--> (input, target, weight, hidden) --model--> (reconstruction, latent) --objective--> losses

The public names below are imported on first use, so that `import narrows` loads no PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from narrows.apply import Run, probe
    from narrows.comparison import compare
    from narrows.corruption import (
        Binarise,
        GaussianNoise,
        Mixing,
        NoCorruption,
        PatchMask,
        PhotographNoise,
        PixelMask,
        SaltAndPepper,
    )
    from narrows.data import Dataset, Pictures, download, from_array, label_budget, load, pair
    from narrows.diagnostics import diagnose
    from narrows.estimator import AutoencoderTransformer
    from narrows.evaluation import evaluate
    from narrows.export import export_model, export_run
    from narrows.jobs import train
    from narrows.models import (
        PCA,
        Autoencoder,
        Convolutional,
        Dense,
        Deterministic,
        Gaussian,
        InpaintingUNet,
        MaskedTransformer,
        MixtureComplement,
        Noisy,
        ParallelDecoders,
        PatchFeatures,
        RefinedPCA,
        Residual,
        ResidualDense,
        ResNet18,
        Standardised,
        TopK,
        UNet,
    )
    from narrows.objective import L1, KLSparsity, KLToPrior, Objective
    from narrows.report import write_report
    from narrows.results import open_run
    from narrows.sweeps import sweep
    from narrows.training import Augmentation, Training, as_images, fit, load_model, save_model

HOMES = {
    "narrows.apply": ("Run", "probe"),
    "narrows.comparison": ("compare",),
    "narrows.corruption": (
        "Binarise",
        "GaussianNoise",
        "Mixing",
        "NoCorruption",
        "PatchMask",
        "PhotographNoise",
        "PixelMask",
        "SaltAndPepper",
    ),
    "narrows.data": ("Dataset", "Pictures", "download", "from_array", "label_budget", "load", "pair"),
    "narrows.diagnostics": ("diagnose",),
    "narrows.estimator": ("AutoencoderTransformer",),
    "narrows.evaluation": ("evaluate",),
    "narrows.export": ("export_model", "export_run"),
    "narrows.jobs": ("train",),
    "narrows.models": (
        "PCA",
        "Autoencoder",
        "Convolutional",
        "Dense",
        "Deterministic",
        "Gaussian",
        "MaskedTransformer",
        "MixtureComplement",
        "InpaintingUNet",
        "Noisy",
        "ParallelDecoders",
        "PatchFeatures",
        "RefinedPCA",
        "ResNet18",
        "Residual",
        "ResidualDense",
        "Standardised",
        "TopK",
        "UNet",
    ),
    "narrows.objective": ("KLSparsity", "KLToPrior", "L1", "Objective"),
    "narrows.report": ("write_report",),
    "narrows.results": ("open_run",),
    "narrows.sweeps": ("sweep",),
    "narrows.training": ("Augmentation", "Training", "as_images", "fit", "load_model", "save_model"),
}
"""Where each public name is defined."""

__all__ = [
    "L1",
    "PCA",
    "Augmentation",
    "Autoencoder",
    "AutoencoderTransformer",
    "Binarise",
    "Convolutional",
    "Dataset",
    "Dense",
    "Deterministic",
    "Gaussian",
    "GaussianNoise",
    "InpaintingUNet",
    "KLSparsity",
    "KLToPrior",
    "MaskedTransformer",
    "Mixing",
    "MixtureComplement",
    "NoCorruption",
    "Noisy",
    "Objective",
    "ParallelDecoders",
    "PatchFeatures",
    "PatchMask",
    "PhotographNoise",
    "Pictures",
    "PixelMask",
    "RefinedPCA",
    "ResNet18",
    "Residual",
    "ResidualDense",
    "Run",
    "SaltAndPepper",
    "Standardised",
    "TopK",
    "Training",
    "UNet",
    "as_images",
    "compare",
    "diagnose",
    "download",
    "evaluate",
    "export_model",
    "export_run",
    "fit",
    "from_array",
    "label_budget",
    "load",
    "load_model",
    "open_run",
    "pair",
    "probe",
    "save_model",
    "sweep",
    "train",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    for home, names in HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"expected one of narrows' names {', '.join(__all__)}, found {name!r}")


def __dir__() -> list[str]:
    """The public names, for completion."""
    return __all__
