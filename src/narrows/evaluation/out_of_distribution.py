"""Pictures that a model was never trained on: are they told apart by their reconstruction error?"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from narrows.data import Pictures
from narrows.evaluation.beside import Beside
from narrows.evaluation.reconstruction import Evaluation, Model, evaluate
from narrows.evaluation.tally import Figure

NOISE = "noise"
"""Pictures of independent, evenly drawn grey values."""
NUM_NOISE = 1000
NUM_SHOWN = 8


@dataclass(frozen=True)
class OutOfDistribution:
    """Error on other data sets beside the model's own, and the AUC of telling them apart by it.

    The AUC is the chance that a picture of the other set has a larger squared error than one of the model's own:
    1 tells all apart, 0.5 none.
    """

    sets: tuple[str, ...] = (NOISE,)
    """Names of the catalogue, or "noise"."""
    name: ClassVar[str] = "out_of_distribution"

    @property
    def needs(self) -> tuple[str, ...]:
        """The sets that lie on disk."""
        return tuple(name for name in self.sets if name != NOISE)

    def __call__(self, model: Model, pictures: Pictures, beside: Beside) -> Evaluation:
        """Figures with a condition data=NAME; arrays of errors and a few pictures of each set.

        Args:
            model: an Autoencoder or a baseline.
            pictures: the model's own split.
            beside: the way to the other sets.

        Raises:
            ValueError: another set's pictures have another shape.
        """
        from sklearn.metrics import roc_auc_score

        own = evaluate(model, pictures, examples=range(NUM_SHOWN))
        errors = own.arrays["per_picture"]
        figures: list[Figure] = []
        arrays: dict[str, NDArray[Any]] = {"names": np.array(["own", *self.sets]), **labelled("own", own)}
        for name in self.sets:
            strangers = noise_pictures(pictures) if name == NOISE else beside.other(name)
            if strangers.image_shape != pictures.image_shape:
                raise ValueError(
                    f"expected pictures of shape {pictures.image_shape} from {name}, found {strangers.image_shape}; "
                    f"name a set of that shape"
                )
            found = evaluate(model, strangers, examples=range(NUM_SHOWN))
            theirs = found.arrays["per_picture"]
            truth = np.repeat([0, 1], [len(errors), len(theirs)])
            auc = float(roc_auc_score(truth, np.concatenate([errors, theirs])))
            condition = f"data={name}"
            figures += [
                Figure(self.name, condition, metric, found.metrics[metric], len(theirs))
                for metric in ("squared_error", "mse", "psnr", "ssim")
                if metric in found.metrics
            ]
            figures.append(Figure(self.name, condition, "auc", auc, len(truth)))
            arrays |= labelled(name, found)
        return Evaluation(figures, arrays)


def labelled(name: str, found: Evaluation) -> dict[str, NDArray[Any]]:
    """The arrays that are drawn of one set."""
    kept = {"error": "per_picture", "target": "target", "reconstruction": "reconstruction"}
    return {f"{key}_{name}": found.arrays[array] for key, array in kept.items()}


def noise_pictures(pictures: Pictures) -> Pictures:
    """As many random pictures as there are, 1 000 at most, of the same shape; always the same ones."""
    shape = (min(NUM_NOISE, len(pictures)), *pictures.image_shape)
    return Pictures(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
