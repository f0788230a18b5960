"""An autoencoder as a scikit-learn transformer, which drops in where PCA stood."""

import copy
import numbers
import tempfile
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from narrows.corruption import NoCorruption
from narrows.data import Dataset, Pictures
from narrows.data.array import channels_first
from narrows.models import Autoencoder, ResidualDense
from narrows.objective import Objective
from narrows.training import COSINE, Training, fit, load_model, save_model
from narrows.training.fit import device_of
from narrows.training.settings import choose_device
from narrows.types import Architecture, Corruption, ImageShape

Rows: TypeAlias = NDArray[np.floating[Any]]
"""(sample, feature); a picture's features are its pixels, channel by channel."""

NETWORK = ResidualDense(code_size=8, width=256, hidden_width=512, output_activation="linear")
"""Unless an architecture is given."""
TRAINING = replace(COSINE, epochs=60, batch_size=64)
"""Unless another is given."""
PRECISIONS = [np.float64, np.float32]
"""In which codes are computed: the input's, as in scikit-learn's own transformers; of other types the first."""
AT_ONCE = 1000
"""Samples that go through the network together."""


class AutoencoderTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Codes of an autoencoder, as scikit-learn's PCA gives components.

    Takes (sample, feature), or pictures (n, h, w), (n, c, h, w) or (n, h, w, c). The least and the greatest value of
    all that is fitted on become 0 and 1; for training, values in between are rounded to 8 bits, as pictures are. Codes
    and reconstructions are not rounded, and values outside that range are taken as they are. There is no `partial_fit`:
    range, closed forms and schedule of a training need all of the data.

    After `fit`, `model_` is the trained `Autoencoder`, `value_range_` the least and the greatest value, `history_` the
    losses of every step.

    Args:
        n_components: numbers in a code, set into the architecture; None keeps the architecture's, or 8.
        architecture: a description such as Dense((256,), 30); None takes `NETWORK`, residual layers.
        image_shape: channel, height, width into which a row of features is folded for networks that look at
            pictures; None takes (1, 1, features). Of pictures it is known.
        objective: None is the squared error.
        corruption: None is none; its strength is in units of the whole range.
        training: None is `TRAINING`; its seed is not used. Nothing is held out, so the last weights are kept.
        random_state: of weights, order and corruption; the same whole number gives the same model.
        device: cpu, cuda, cuda:1 or mps.
    """

    model_: Autoencoder
    value_range_: tuple[float, float]
    sample_shape_: tuple[int, ...]

    def __init__(  # noqa: PLR0913  scikit-learn wants every setting here
        self,
        n_components: int | None = None,
        *,
        architecture: Architecture | None = None,
        image_shape: ImageShape | None = None,
        objective: Objective | None = None,
        corruption: Corruption | None = None,
        training: Training | None = None,
        random_state: int | np.random.RandomState | None = 0,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.architecture = architecture
        self.image_shape = image_shape
        self.objective = objective
        self.corruption = corruption
        self.training = training
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Any = None) -> "AutoencoderTransformer":  # noqa: ARG002  scikit-learn hands labels over
        """Learn the range, build the network and train it; labels are not looked at.

        Raises:
            ValueError: values that are no finite numbers, or settings that do not fit them or each other.
        """
        rows, image_shape = unfolded(X)
        values: Rows = validate_data(self, rows, dtype=PRECISIONS)
        self.sample_shape_ = values.shape[1:] if image_shape is None else np.shape(X)[1:]
        self.value_range_ = float(values.min()), float(values.max())
        seed = self._seed()
        training = replace(self._training(), seed=seed)
        images = np.rint(self._to_unit(values) * 255).astype(np.uint8)
        folded = Pictures(images.reshape(-1, *self._image_shape(image_shape, values.shape[1])))
        data = Dataset("fitted on", folded, np.arange(0), lambda: folded.take(np.arange(0)))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = self._architecture().build(data.image_shape)
            assert isinstance(model, Autoencoder)
            self.history_ = fit(
                model.to(choose_device(self.device)),
                data,
                self.objective or Objective(),
                corruption=self.corruption or NoCorruption(),
                training=training,
            )
        self.model_ = model
        return self

    def transform(self, X: Any) -> Rows:
        """Codes, (sample, code), in the precision of the input.

        Raises:
            ValueError: another number of features, or pictures of another shape, than it was fitted on.
        """
        values = self._values(X)
        with torch.inference_mode():
            codes = [self._network(values).encode(part).cpu().numpy() for part in self._parts(values)]
        return np.concatenate(codes).astype(values.dtype)

    def inverse_transform(self, X: Any) -> Rows:
        """What codes (sample, code) stand for, in the range and the shape that it was fitted on.

        Raises:
            ValueError: codes of another size, or more than the code reaches the decoder.
        """
        check_is_fitted(self)
        codes = check_array(X, dtype=PRECISIONS)
        network = self._network(codes)
        with torch.inference_mode():
            parts = torch.from_numpy(codes).to(device_of(network)).split(AT_ONCE)
            decoded = [network.decode(part).cpu().numpy() for part in parts]
        low, high = self.value_range_
        images = (np.concatenate(decoded) * (high - low) + low).astype(codes.dtype)
        shape = self.sample_shape_
        if len(shape) == 3 and shape != images.shape[1:]:
            images = np.moveaxis(images, 1, -1)
        return images.reshape(-1, *shape)

    def score(self, X: Any, y: Any = None) -> float:  # noqa: ARG002  scikit-learn hands labels over
        """Share of the variance of X that reconstructions explain: 1 is perfect, 0 is the mean of X; nan of one sample.

        Raises:
            ValueError: another number of features, or pictures of another shape, than it was fitted on.
        """
        values = self._values(X).astype(np.float32)
        with torch.inference_mode():
            found = [self.model_(part).reconstruction.cpu().numpy() for part in self._parts(values)]
        rebuilt = np.concatenate(found).reshape(values.shape)
        return float(r2_score(self._to_unit(values), rebuilt, multioutput="variance_weighted"))

    @property
    def _n_features_out(self) -> int:
        """How many names `get_feature_names_out` gives."""
        return self.model_.code_size

    def _architecture(self) -> Architecture:
        size, given = self.n_components, self.architecture
        if size is not None and not isinstance(size, numbers.Integral):
            raise ValueError(f"expected n_components to be a whole number or None, found {size!r}")
        if given is None:
            return replace(NETWORK, code_size=NETWORK.code_size if size is None else int(size))
        if size is None:
            return given
        if not is_dataclass(given) or "code_size" not in {field.name for field in fields(given)}:
            raise ValueError(
                f"expected n_components=None for {type(given).__name__}, whose code size is set elsewhere, found {size}"
            )
        return replace(given, code_size=int(size))

    def _training(self) -> Training:
        training = self.training or TRAINING
        if training.selection != "last":
            raise ValueError(
                f"expected training.selection 'last', as nothing is held out, found {training.selection!r}; choose "
                "epochs with GridSearchCV"
            )
        return training

    def _seed(self) -> int:
        if isinstance(self.random_state, numbers.Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _image_shape(self, known: ImageShape | None, features: int) -> ImageShape:
        shape = known or self.image_shape or (1, 1, features)
        if np.prod(shape) != features:
            raise ValueError(
                f"expected an image_shape (channel, height, width) of {features} numbers, as a row has, found {shape}"
            )
        return shape

    def _values(self, X: Any) -> Rows:
        """Checked rows of what is asked for after fitting."""
        check_is_fitted(self)
        rows, image_shape = unfolded(X)
        if image_shape not in (None, self.model_.image_shape):
            raise ValueError(f"expected pictures of {self.model_.image_shape} as in fit, found {image_shape}; resize")
        values: Rows = validate_data(self, rows, dtype=PRECISIONS, reset=False)
        return values

    def _to_unit(self, values: Rows) -> Rows:
        low, high = self.value_range_
        return (values - values.dtype.type(low)) / values.dtype.type(high - low or 1.0)

    def _parts(self, values: Rows) -> Iterator[torch.Tensor]:
        """Rows as pictures on the network's device."""
        device = device_of(self.model_)
        for start in range(0, len(values), AT_ONCE):
            unit = self._to_unit(values[start : start + AT_ONCE])
            yield torch.from_numpy(unit.reshape(-1, *self.model_.image_shape)).to(device)

    def _network(self, values: Rows) -> Autoencoder:
        """The model in the precision of values: in single precision a code hangs on how many are computed at once."""
        return self.model_ if values.dtype == np.float32 else copy.deepcopy(self.model_).double()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """The settings, and the model as the two files of its checkpoint, which any version of PyTorch reads."""
        state = dict(super().__getstate__())
        if "model_" in state:
            with tempfile.TemporaryDirectory() as folder:
                save_model(Path(folder), self.model_, {})
                state["model_"] = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The model comes back on the CPU."""
        if "model_" in state:
            with tempfile.TemporaryDirectory() as folder:
                for name, content in state["model_"].items():
                    (Path(folder) / name).write_bytes(content)
                state = state | {"model_": load_model(Path(folder))}
        super().__setstate__(state)


def unfolded(X: Any) -> tuple[Any, ImageShape | None]:
    """Rows of features, and the pictures' shape where these are pictures.

    Raises:
        ValueError: more axes than pictures have, or a layout that could be two.
    """
    if (X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim) < 3:
        return X, None
    images = channels_first(np.asarray(X), None)
    channel, height, width = images.shape[1:]
    return images.reshape(len(images), -1), (channel, height, width)
