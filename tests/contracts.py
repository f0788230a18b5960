"""The promises that every member of the family keeps; a new one is tested by standing in the library's tables."""

from narrows.models import (
    PCA,
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
    ResidualDense,
    ResNet18,
    Standardised,
    TopK,
    UNet,
)
from narrows.types import Architecture

CODECS: dict[str, Architecture] = {
    "Dense": Dense((32, 16), 6),
    "Dense, ReLU on code and output": Dense(
        (32,), 6, (16, 24), output_activation="relu", bottleneck=Deterministic("relu")
    ),
    "Dense, sigmoid": Dense((32,), 6, hidden_activation="sigmoid", output_activation="sigmoid"),
    "Dense, tanh": Dense((32,), 6, hidden_activation="tanh", output_activation="tanh"),
    "Dense, linear": Dense((), 6),
    "Dense, unit columns": Dense((32,), 6, unit_columns=True),
    "Dense, unit columns, tied at the start": Dense((), 6, unit_columns=True),
    "Dense, TopK": Dense((32,), 12, bottleneck=TopK(3)),
    "Dense, balanced TopK": Dense((32,), 12, bottleneck=TopK(3, balanced=True)),
    "Dense, balanced": Dense((32,), 6, bottleneck=Deterministic(balanced=True)),
    "Dense, Noisy": Dense((32,), 6, bottleneck=Noisy((0.0, 1.0))),
    "Dense, Gaussian": Dense((32,), 6, bottleneck=Gaussian()),
    "ResidualDense": ResidualDense(6, width=32, hidden_width=48),
    "ResidualDense, corrected": ResidualDense(6, width=32, hidden_width=48, num_corrections=2),
    "ResidualDense, corrected, Gaussian": ResidualDense(6, 32, 48, 1, bottleneck=Gaussian(), num_corrections=1),
    "Convolutional": Convolutional((4, 6)),
    "Convolutional, projected": Convolutional((4, 6), code_size=6),
    "Convolutional, Gaussian": Convolutional((4, 6), bottleneck=Gaussian()),
    "Convolutional, upsampling": Convolutional((4, 6), upward="upsampling"),
    "Convolutional, unpooling": Convolutional((4, 6), upward="unpooling"),
    "Convolutional, unpooling and transposed": Convolutional((4, 6), upward="unpooling and transposed"),
    "Convolutional, odd sizes dropped": Convolutional((4, 6, 6), odd_sizes="dropped"),
    "Convolutional, upsampling, odd sizes dropped": Convolutional((4, 6), upward="upsampling", odd_sizes="dropped"),
    "Convolutional, unpooling, odd sizes dropped": Convolutional((4, 6, 6), upward="unpooling", odd_sizes="dropped"),
    "UNet": UNet((4, 6)),
    "MaskedTransformer": MaskedTransformer(4, 16, 2, 2, 8),
    "InpaintingUNet": InpaintingUNet((4, 6)),
    "ParallelDecoders": ParallelDecoders(Dense((16,), 6)),
    "ParallelDecoders, UNet": ParallelDecoders(UNet((4, 6)), num_sources=3),
    "MixtureComplement": MixtureComplement(Dense((16,), 6)),
    "MixtureComplement, grey, second": MixtureComplement(UNet((4, 6)), grey=True, decoded=1),
    "ResNet18": ResNet18((4, 4, 4)),
    "Standardised": Standardised(Convolutional((4, 6), output_activation="tanh")),
    "PCA": PCA(6),
    "RefinedPCA": RefinedPCA(6, (4, 6)),
    "PatchFeatures": PatchFeatures(Dense((), 12, bottleneck=TopK(3, balanced=True)), patch_size=3),
}
"""Every architecture, and every bottleneck and way back up in one."""

SHAPES = ((1, 8, 8), (3, 9, 13))
