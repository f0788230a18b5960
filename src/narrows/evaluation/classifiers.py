"""Classifiers of features that stay as they are: each learns from labelled ones, and scores the classes of others."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import torch
from torch import nn

from narrows.training import Training, optimize
from narrows.training.classify import cross_entropy
from narrows.training.fit import epoch_positions
from narrows.types import Codes, Labels, Losses, Scores

CHUNK = 1000
"""Pictures whose features are looked at together."""
CURVES = ("train_cross_entropy", "train_accuracy", "validation_cross_entropy", "validation_accuracy")
"""What learning curves show, of labelled training pictures and of validation under the same weights."""


class Labelled(NamedTuple):
    """Features of pictures, (picture, number), and the pictures' classes, numbered from 0; on the CPU."""

    features: Codes
    labels: Labels


class Fitted(NamedTuple):
    """What a classifier has learnt."""

    scores: Callable[[Codes], Scores]
    """Logarithms of each class's probability, up to a constant a picture, in float32."""
    curves: Mapping[str, list[float]] = {}
    """Values of `CURVES` after every epoch; empty where nothing is trained by epochs."""
    by_heart: bool = False
    """Whether it knows each labelled picture, so that its answers on them tell nothing."""


@runtime_checkable
class FeatureClassifier(Protocol):
    """A way to learn classes from features; a frozen dataclass."""

    @property
    def title(self) -> str:
        """What reports call it."""
        ...

    def fit(self, learnt: Labelled, validation: Labelled, num_classes: int, seed: int) -> Fitted:
        """Learn from labelled features; those of validation are only looked at for learning curves."""
        ...


Attempt: TypeAlias = tuple[FeatureClassifier, int, int]
"""A classifier, the seed, and the number of labelled pictures that it draws."""


class Tried(NamedTuple):
    """A classifier that has learnt, and its cross-entropy in nats and accuracy."""

    classifier: FeatureClassifier
    fitted: Fitted
    on_train: tuple[float, float] | None
    """Of the labelled pictures, after training; None of those that it knows by heart."""
    on_validation: tuple[float, float]


@dataclass(frozen=True)
class MLP:
    """Layers with ReLU between them and a softmax at the end, trained on the cross-entropy.

    Raises:
        ValueError: a width is below 1, or a dropout outside [0, 1).
    """

    widths: tuple[int, ...]
    """Units of the hidden layers."""
    training: Training = Training(epochs=10, batch_size=128, learning_rate=1e-3)
    """How; the seed is the run's, and nothing is shifted or mirrored, since features are no pictures."""
    dropout: float = 0.0
    """Share of the features, and of every hidden layer's units, that is left out in a training step."""

    def __post_init__(self) -> None:
        if any(width < 1 for width in self.widths) or not 0 <= self.dropout < 1:
            raise ValueError(
                f"expected widths of at least 1 and a dropout in [0, 1), found {self.widths} and {self.dropout}"
            )

    @property
    def title(self) -> str:
        """With its widths."""
        return f"MLP {'-'.join(map(str, self.widths))}"

    def fit(self, learnt: Labelled, validation: Labelled, num_classes: int, seed: int) -> Fitted:
        """Trained by `optimize`; initial weights and order of the pictures are the seed's."""
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            module = self.build(learnt.features.shape[1], num_classes)
            history = optimize(
                module,
                FeatureBatches(learnt, replace(self.training, seed=seed)),
                loss,
                self.training,
                validation=lambda trained: validate(trained, learnt, validation),
            )
        curves = {name: [entry.value for entry in history if entry.term == name] for name in CURVES}
        return Fitted(lambda features: forward(module, features), curves)

    def build(self, num_features: int, num_classes: int) -> nn.Sequential:
        """The untrained network."""
        layers: list[nn.Module] = []
        for size, following in pairwise((num_features, *self.widths, num_classes)):
            layers += [nn.Dropout(self.dropout), nn.Linear(size, following), nn.ReLU()]
        return nn.Sequential(*layers[:-1])


@dataclass(frozen=True)
class NearestNeighbours:
    """The classes of the nearest labelled features, each with one vote.

    Of k votes a class that got v has the probability (v + 1 / classes) / (k + 1), so that none is impossible.

    Raises:
        ValueError: fewer than one neighbour.
    """

    k: int = 10
    """At most as many as there are labelled pictures."""
    distance: Literal["cosine", "euclidean"] = "cosine"

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"expected at least 1 neighbour, found {self.k}")

    @property
    def title(self) -> str:
        """With the number of neighbours."""
        return f"{self.k} nearest neighbours, {self.distance}"

    def fit(self, learnt: Labelled, validation: Labelled, num_classes: int, seed: int) -> Fitted:  # noqa: ARG002
        """All labelled features, by heart."""
        k = min(self.k, len(learnt.labels))
        votes = nn.functional.one_hot(learnt.labels, num_classes).float()
        known = self.comparable(learnt.features)
        lengths = torch.cat([chunk.float().square().sum(1) for chunk in known.split(CHUNK)])

        def scores(features: Codes) -> Scores:
            parts = []
            for chunk in self.comparable(features).split(CHUNK):
                # squared distances, less the chunk's own lengths, which put no neighbour before another
                nearest = (lengths - 2 * (chunk @ known.T).float()).topk(k, dim=1, largest=False).indices
                parts.append(((votes[nearest].sum(1) + 1 / num_classes) / (k + 1)).log())
            return torch.cat(parts)

        return Fitted(scores, by_heart=True)

    def comparable(self, features: Codes) -> Codes:
        """Features whose euclidean distance is the one asked for: for cosines they have length 1."""
        return nn.functional.normalize(features) if self.distance == "cosine" else features


@dataclass(frozen=True)
class Majority:
    """The classes' shares among the labelled pictures, whatever the features: what any classifier has to beat."""

    @property
    def title(self) -> str:
        """Without settings."""
        return "majority"

    def fit(self, learnt: Labelled, validation: Labelled, num_classes: int, seed: int) -> Fitted:  # noqa: ARG002
        """The logarithm of (pictures + 1 / classes) / (all pictures + 1), so that no class is impossible."""
        counts = torch.bincount(learnt.labels, minlength=num_classes).float()
        shares = ((counts + 1 / num_classes) / (counts.sum() + 1)).log()
        return Fitted(lambda features: shares.expand(len(features), -1))


@dataclass(frozen=True)
class FeatureBatches:
    """Labelled features in an order drawn by (seed, epoch) alone, or as they stand."""

    learnt: Labelled
    training: Training

    def __len__(self) -> int:
        """Steps in an epoch; the last batch may be smaller."""
        return -(-len(self.learnt.labels) // self.training.batch_size)

    def epoch(self, number: int, start: int) -> Iterator[Labelled]:
        """The batches of an epoch from a step on."""
        features, labels = self.learnt
        for positions in epoch_positions(len(labels), self.training, number)[start:]:
            yield Labelled(features[positions].float(), labels[positions])


def loss(module: nn.Module, batch: Labelled) -> Losses:
    """Cross-entropy in nats."""
    return cross_entropy(module(batch.features), batch.labels)


def validate(module: nn.Module, learnt: Labelled, validation: Labelled) -> dict[str, float]:
    """The values of `CURVES`, in float32; what selects the best weights is the loss on validation."""
    values = [value for features, labels in (learnt, validation) for value in judge(forward(module, features), labels)]
    return {"loss": values[2], **dict(zip(CURVES, values, strict=True))}


def judge(scores: Scores, labels: Labels) -> tuple[float, float]:
    """Mean cross-entropy in nats, and accuracy."""
    error = cross_entropy(scores, labels).total.item()
    return error, (scores.argmax(1) == labels).double().mean().item()


def forward(module: nn.Module, features: Codes) -> Scores:
    """A network's scores in float32, chunk by chunk, without gradients."""
    module.eval()
    with torch.inference_mode():
        return torch.cat([module(chunk.float()) for chunk in features.split(CHUNK)])
