"""Networks and their descriptions: one network class, `Autoencoder`, and what stands in its slots."""

from narrows.models.autoencoder import Autoencoder, Balance, Standardise, bypass_numbers
from narrows.models.bottleneck import BOTTLENECKS, Deterministic, Gaussian, Noisy, TopK
from narrows.models.convolutional import Convolutional
from narrows.models.dense import Dense, ResidualDense
from narrows.models.inpainting import InpaintingUNet
from narrows.models.parallel import MixtureComplement, ParallelDecoders
from narrows.models.patch_features import LearnsFromPatches, PatchFeatures
from narrows.models.pca import PCA, Components, prepare, principal_components
from narrows.models.refined import RefinedPCA
from narrows.models.resnet import ResNet18
from narrows.models.standardised import Standardised
from narrows.models.transformer import MaskedTransformer
from narrows.models.unet import UNet

ARCHITECTURES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Dense,
        ResidualDense,
        Convolutional,
        UNet,
        InpaintingUNet,
        MaskedTransformer,
        ResNet18,
        Standardised,
        ParallelDecoders,
        MixtureComplement,
        PCA,
        RefinedPCA,
        PatchFeatures,
    )
}
"""Every architecture, by the name that a checkpoint gives it."""

__all__ = [
    "ARCHITECTURES",
    "BOTTLENECKS",
    "PCA",
    "Autoencoder",
    "Balance",
    "Components",
    "Convolutional",
    "Dense",
    "Deterministic",
    "Gaussian",
    "InpaintingUNet",
    "LearnsFromPatches",
    "MaskedTransformer",
    "MixtureComplement",
    "Noisy",
    "ParallelDecoders",
    "PatchFeatures",
    "RefinedPCA",
    "ResNet18",
    "ResidualDense",
    "Standardise",
    "Standardised",
    "TopK",
    "UNet",
    "bypass_numbers",
    "prepare",
    "principal_components",
]
