"""The catalogue of experiments: a literal table, read without loading what an experiment needs."""

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from narrows.descriptions import suggest

if TYPE_CHECKING:
    from narrows.experiments.experiment import Experiment


class Entry(NamedTuple):
    """One line of `narrows list`."""

    module: str
    """Holds a function of the experiment's name."""
    shows: str
    data: str
    minutes: float
    """On 2 cores, one seed."""


EXPERIMENTS: dict[str, Entry] = {
    "quickstart": Entry(
        "narrows.experiments.quickstart", "eight numbers a digit: PCA and two autoencoders, in a minute", "digits", 0.5
    ),
    "pca_vs_autoencoder": Entry(
        "narrows.experiments.pca_vs_autoencoder",
        "thirty numbers a digit: PCA, the reports' autoencoders, a better one",
        "mnist",
        8.0,
    ),
    "hinton_speedrun": Entry(
        "narrows.experiments.hinton_speedrun",
        "seconds until thirty numbers a digit have the error of 2006",
        "mnist",
        4.0,
    ),
    "hidden_size": Entry(
        "narrows.experiments.hidden_size", "64, 128 and 256 units, PCA beside them, garments and noise", "mnist", 7.0
    ),
    "sparse": Entry(
        "narrows.experiments.sparse", "1 156 units of which few are active: L1 and k-sparse", "mnist", 10.0
    ),
    "denoising": Entry("narrows.experiments.denoising", "noise of 0.3 to 0.9 taken out of digits", "mnist", 13.0),
    "manifold": Entry(
        "narrows.experiments.manifold", "eight numbers a digit: noise on the code, and what lies between", "mnist", 5.0
    ),
    "convolutional": Entry(
        "narrows.experiments.convolutional", "unpooling, deconvolution and what passes around the code", "mnist", 6.0
    ),
    "family": Entry(
        "narrows.experiments.family", "every member with 32 numbers and one minute of training", "mnist", 12.0
    ),
    "bottleneck": Entry(
        "narrows.experiments.bottleneck", "noisy photographs through 256 to 16 numbers, below PCA", "voc2007", 5.0
    ),
    "masking": Entry(
        "narrows.experiments.masking", "hidden pixels put back: 16 numbers, interpolation, a U-Net", "voc2007", 16.0
    ),
    "masked_transformer": Entry(
        "narrows.experiments.masked_transformer",
        "hidden patches and classes, by a transformer and convolutions in equal minutes",
        "cifar10",
        18.0,
    ),
    "masked_transformer_voc": Entry(
        "narrows.experiments.masked_transformer", "the same on few photographs, without classes", "voc2007", 7.0
    ),
    "mean_image": Entry(
        "narrows.experiments.mean_image",
        "the mean of a photograph and a digit through 64 to 256 numbers, and PCA",
        "mean_of_cifar10_and_mnist",
        10.0,
    ),
    "label_efficiency": Entry(
        "narrows.experiments.label_efficiency",
        "classes from 1 % of the labels to all: frozen, fine-tuned, from scratch",
        "cifar10",
        57.0,
    ),
    "separation": Entry(
        "narrows.experiments.separation", "a photograph and a digit told apart from their mean", "cifar10+mnist", 15.0
    ),
    "separation_exchangeable": Entry(
        "narrows.experiments.separation", "two digits told apart, neither of which comes first", "mnist+mnist", 7.0
    ),
    "separation_grey": Entry(
        "narrows.experiments.separation",
        "a digit and a garment told apart from their mean",
        "mnist+fashion_mnist",
        5.0,
    ),
}


def load_experiment(name: str) -> "Experiment":
    """The experiment of this name.

    Raises:
        ValueError: there is none; the nearest is suggested.
    """
    if name not in EXPERIMENTS:
        names = list(EXPERIMENTS)
        raise ValueError(
            f"expected an experiment out of {', '.join(names)}, found {name!r}{suggest(name, names)}; "
            f"'narrows list' shows them"
        )
    experiment: Experiment = getattr(import_module(EXPERIMENTS[name].module), name)()
    return experiment
