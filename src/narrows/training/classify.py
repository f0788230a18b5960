"""Training a classifier: labelled uint8 pictures, a linear head on a model's codes, and the encoder with it."""

from collections.abc import Callable

import torch
from torch import nn

from narrows.data import Pictures
from narrows.models import Autoencoder, Balance
from narrows.training.fit import PictureBatch, PictureBatches, channels_last, device_of, put_channels_last, to_unit
from narrows.training.optimize import History, Progress, optimize
from narrows.training.settings import Training
from narrows.training.state_file import StateFile
from narrows.types import Images, Labels, Losses, Scores

BATCH_SIZE = 1000
"""Pictures classified at a time."""


class Classifier(nn.Module):
    """images --encode--> code --balance, head--> scores, one a class.

    Softmax makes probabilities of the scores. The head starts at zero, so that whatever the codes are, each class is
    as probable as the others; a code that is the same for all pictures then stays so, since neither head nor encoder
    has a gradient. Code numbers are brought to mean 0 and variance 1, whatever unit a model gave them.

    Raises:
        ValueError: fewer than two classes.
    """

    def __init__(self, model: Autoencoder, num_classes: int) -> None:
        """A classifier on the codes of this very model, whose encoder is trained with it."""
        super().__init__()
        if num_classes < 2:
            raise ValueError(f"expected at least 2 classes to tell apart, found {num_classes}; label more pictures")
        self.model = model
        self.balance = Balance(model.code_size)
        self.head = nn.Linear(model.code_size, num_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, images: Images) -> Scores:
        """Scores of pictures in [0, 1]; gradients reach the encoder.

        Raises:
            ValueError: the pictures have another shape than the model's.
        """
        scores: Scores = self.head(self.balance(self.model.encode(images)))
        return scores


def fit_classifier(
    classifier: Classifier,
    pictures: Pictures,
    *,
    training: Training = Training(),
    validation: Pictures | None = None,
    state: StateFile | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> History:
    """Train a classifier in place on labelled pictures: head and encoder, by the cross-entropy in nats.

    Parameters of the model that want no gradient stay as they are.

    Args:
        classifier: on the device where it is to be trained; left in evaluation mode.
        pictures: uint8 pictures with labels of two classes or more.
        training: how; its augmentation acts on the pictures.
        validation: labelled pictures on which loss and accuracy are measured after every epoch.
        state: where to save the state at intervals, and to go on from.
        on_progress: told after every step.

    Raises:
        FloatingPointError: the loss is not finite.
        ValueError: pictures without labels, of one class, of a class that the classifier has no score for, or of
            another shape than the model's.
    """
    labels = checked_labels(pictures, classifier)
    if labels.unique().numel() < 2:
        raise ValueError(f"expected pictures of at least 2 classes, found class {labels[0]} alone; label others too")
    truth = None if validation is None else checked_labels(validation, classifier)
    convolutional = put_channels_last(classifier)

    def loss(module: nn.Module, batch: PictureBatch) -> Losses:
        images = channels_last(batch.images) if convolutional else batch.images
        return cross_entropy(module(images), labels[batch.positions])

    def validate(module: nn.Module) -> dict[str, float]:
        assert validation is not None
        assert truth is not None
        scores = score(module, validation)
        error = cross_entropy(scores, truth).total.item()
        accuracy = (scores.argmax(1) == truth).double().mean().item()
        return {"loss": error, "cross_entropy": error, "accuracy": accuracy}

    return optimize(
        classifier,
        PictureBatches(pictures, training, device_of(classifier)),
        loss,
        training,
        validation=None if validation is None else validate,
        state=state,
        on_progress=on_progress,
    )


def score(classifier: nn.Module, pictures: Pictures) -> Scores:
    """Scores of all pictures in float32, on the CPU, no gradients; the classifier is put into evaluation mode."""
    classifier.eval()
    device = device_of(classifier)
    with torch.inference_mode():
        batches = torch.from_numpy(pictures.images).split(BATCH_SIZE)
        return torch.cat([classifier(to_unit(images, device)).cpu() for images in batches])


def cross_entropy(scores: Scores, labels: Labels) -> Losses:
    """Minus the log of the true class's probability, in nats, mean over the batch."""
    # autocast hands over bfloat16
    error = nn.functional.cross_entropy(scores.float(), labels.to(scores.device))
    return Losses(error, {"cross_entropy": error})


def checked_labels(pictures: Pictures, classifier: Classifier) -> Labels:
    """The labels of pictures, all of them classes that the classifier has a score for.

    Raises:
        ValueError: there are none, or one is out of range.
    """
    if pictures.labels is None:
        raise ValueError(f"expected pictures with labels, found {len(pictures)} without; give each its class")
    labels, num_classes = torch.from_numpy(pictures.labels), classifier.head.out_features
    if wrong := labels[(labels < 0) | (labels >= num_classes)].tolist():
        raise ValueError(
            f"expected labels from 0 to {num_classes - 1}, found {wrong[0]}; build the classifier for all classes"
        )
    return labels
