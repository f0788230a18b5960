"""The same network, pictures, batches and optimiser in Narrows, in its peers' own trainers and in a notebook's loop.

All start from the same weights, take Adam at 1e-3 and shuffle. Peers are used as their documentation does: pictures
as float32 in memory, their own trainer, no workers. Timed is the training call alone, not what prepares the data.
"""

import contextlib
import io
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from networks import Plain, build, plain, whole
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset
from turns import Figures, in_turns, seconds_of

from narrows.models import Convolutional, Dense
from narrows.objective import Objective
from narrows.training import Training, fit
from narrows.training.settings import Precision, has_bfloat16_units
from narrows.types import ImageShape

RATE, BATCH = 1e-3, 256
JUDGED = 2000
"""Training pictures on which the loss is taken at the end, by the same lines for all, in float32."""


class Task(NamedTuple):
    """What all train."""

    architecture: Dense | Convolutional
    shape: ImageShape
    images: NDArray[np.uint8]
    epochs: int
    folder: Path
    """Where a peer writes what it cannot help writing."""

    def floats(self) -> Tensor:
        """The pictures as the peers want them."""
        return torch.from_numpy(self.images).float() / 255


def ways(task: Task) -> dict[str, Callable[[int], Figures]]:
    """Narrows at the precision that it chooses, in float32 too where that is another, and the peers, each by seed."""
    every = {
        "Narrows": lambda seed: by_narrows(task, seed, "auto"),
        "pythae": lambda seed: by_pythae(task, seed),
        "autoencoders": lambda seed: by_autoencoders(task, seed),
    }
    if has_bfloat16_units():
        every["Narrows in float32"] = lambda seed: by_narrows(task, seed, "float32")
    return every


def trained(source: str, task: Task, every: Mapping[str, Callable[[int], Figures]], rounds: int) -> dict[str, Any]:
    """What is kept of trainings by these ways; every round is a seed, so that the losses have a spread as well."""
    return {
        "data": source,
        "pictures": len(task.images),
        "epochs": task.epochs,
        "rounds": in_turns(every, rounds),
    }


def by_narrows(task: Task, seed: int, precision: Precision) -> Figures:
    """`fit` on uint8 pictures."""
    model, data = build(task.architecture, task.shape, seed), whole(task.images)
    training = Training(epochs=task.epochs, batch_size=BATCH, learning_rate=RATE, precision=precision, seed=seed)
    seconds = seconds_of(lambda: fit(model, data, Objective("mse"), training=training))
    return figures(task, seconds, lambda images: model(images).reconstruction)


def by_pythae(task: Task, seed: int) -> Figures:
    """Its BaseTrainer. It keeps the best epoch's weights as a copy; judged are the last."""
    from pythae.data.preprocessors import DataProcessor
    from pythae.models import AE, AEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    class Encoder(BaseEncoder):  # type: ignore[misc]  # the package has no types
        def __init__(self, layers: nn.Module) -> None:
            BaseEncoder.__init__(self)
            self.layers = layers

        def forward(self, images: Tensor) -> Any:
            return ModelOutput(embedding=self.layers(images))

    class Decoder(BaseDecoder):  # type: ignore[misc]  # the package has no types
        def __init__(self, layers: nn.Module) -> None:
            BaseDecoder.__init__(self)
            self.layers = layers

        def forward(self, codes: Tensor) -> Any:
            return ModelOutput(reconstruction=self.layers(codes))

    network = plain(build(task.architecture, task.shape, seed))
    with silence():
        model = AE(
            AEConfig(input_dim=task.shape, latent_dim=task.architecture.code_size),
            Encoder(network.encoder),
            Decoder(network.decoder),
        )
        processor = DataProcessor()
        config = BaseTrainerConfig(
            output_dir=str(task.folder / "pythae"),
            num_epochs=task.epochs,
            learning_rate=RATE,
            per_device_train_batch_size=BATCH,
            optimizer_cls="Adam",
            seed=seed,
            no_cuda=True,
        )
        data = processor.to_dataset(processor.process_data(task.floats()))
        trainer = BaseTrainer(model, data, training_config=config)
        seconds = seconds_of(trainer.train)
    return figures(task, seconds, reconstruct(network))


def by_autoencoders(task: Task, seed: int) -> Figures:
    """Its AETrainer. It wants pictures for validation and test, and gets one of each."""
    from autoencoders import AutoencoderConfig, AutoencoderModel
    from autoencoders.data.base import DatasetLoaders, TensorSpec
    from autoencoders.training import AETrainer, TrainingConfig

    network = plain(build(task.architecture, task.shape, seed))
    torch.manual_seed(seed)
    floats = task.floats()
    with silence():
        model = AutoencoderModel(
            config=AutoencoderConfig(),
            sample_spec=TensorSpec(shape=task.shape),
            encoder=network.encoder,
            decoder=network.decoder,
        )
        settings = TrainingConfig(
            output_dir=str(task.folder / "autoencoders"),
            epochs=task.epochs,
            learning_rate=RATE,
            optimizer_name="adam",
            batch_size=BATCH,
            device="cpu",
            seed=seed,
        )
        train = DataLoader(Rows(floats), batch_size=BATCH, shuffle=True)
        one = DataLoader(Rows(floats[:1]), batch_size=1)
        trainer = AETrainer(model, settings)
        seconds = seconds_of(lambda: trainer.fit(DatasetLoaders(train, one, one)))
    return figures(task, seconds, reconstruct(network))


def by_notebook(task: Task, seed: int) -> Figures:
    """A loop as in many a notebook: a data set that gives one transformed picture at a time, and a DataLoader."""
    network = plain(build(task.architecture, task.shape, seed))
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam([*network.encoder.parameters(), *network.decoder.parameters()], lr=RATE)
    loader = DataLoader(Transformed(task.images), batch_size=BATCH, shuffle=True)
    criterion = nn.MSELoss()

    def train() -> None:
        for _ in range(task.epochs):
            running = 0.0
            for images in loader:
                loss = criterion(network.decoder(network.encoder(images)), images)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                running += loss.item()

    return figures(task, seconds_of(train), reconstruct(network))


class Rows(TorchDataset[Tensor]):
    """Pictures one by one."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        """One of them."""
        return self.images[index]


class Transformed(TorchDataset[Tensor]):
    """Pictures one by one through Pillow to a tensor, as torchvision's data sets and ToTensor do."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self.images = images

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        """One of them, (channel, height, width) in [0, 1]."""
        planes = self.images[index]
        picture = Image.fromarray(planes[0] if len(planes) == 1 else planes.transpose(1, 2, 0))
        pixels = torch.from_numpy(np.array(picture, copy=True))
        return pixels.reshape(*planes.shape[1:], len(planes)).permute(2, 0, 1).contiguous().float().div(255)


def reconstruct(network: Plain) -> Callable[[Tensor], Tensor]:
    """Encoder and decoder in a row."""

    def through(images: Tensor) -> Tensor:
        found: Tensor = network.decoder(network.encoder(images))
        return found

    return through


def figures(task: Task, seconds: float, reconstructed: Callable[[Tensor], Tensor]) -> Figures:
    """Seconds an epoch, and the mean squared error of the trained network."""
    images = torch.from_numpy(task.images[:JUDGED]).float() / 255
    with torch.no_grad():
        error = (reconstructed(images) - images).square().mean().item()
    return {"seconds": seconds / task.epochs, "mse": error}


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """What trainers print goes nowhere; that they print stays part of their time."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)
