"""ResNet-18 as an encoder, in the field's own key names, so that weights trained elsewhere load."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from narrows.models.autoencoder import Autoencoder
from narrows.models.bottleneck import Deterministic
from narrows.models.dense import check_sizes
from narrows.types import Images, ImageShape, Mask

FOLD = (2, 16, 16)
"""How the 512 numbers are folded for the decoder (report 003)."""


@dataclass(frozen=True)
class ResNet18:
    """The encoder of He et al. (2016) with 18 layers; its 512 pooled features, folded to 2 x 16 x 16, are the code.

    The decoder has four transposed convolutions, ReLU after all but the last: 3 x 3, then 4 x 4 of stride 2 as often as
    it takes to reach the picture's size, then 3 x 3.

    Raises:
        ValueError: there are not three channel counts, or one is below 1; at `build`, pictures that are neither grey
            nor of three channels, or larger than 128 pixels.
    """

    channels: tuple[int, int, int] = (64, 128, 128)
    """Of the first three transposed convolutions; the fourth gives the picture."""
    weights: str = ""
    """A file of weights for the encoder, set before training: safetensors or PyTorch's own, keys as in torchvision;
    those of the last layer are left aside. None by default: the encoder starts untrained."""
    code_size: ClassVar[int] = math.prod(FOLD)

    def __post_init__(self) -> None:
        check_sizes(*self.channels)
        if len(self.channels) != 3:
            raise ValueError(f"expected 3 channel counts before the picture, found {len(self.channels)}; give 3")

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network for pictures of this shape, 128 pixels a side at most; its encoder repeats grey."""
        channel, height, width = image_shape
        doublings = max(0, math.ceil(math.log2(max(height, width) / FOLD[1])))
        if channel not in (1, 3) or doublings > len(self.channels):
            raise ValueError(
                f"expected grey or colour pictures of at most {FOLD[1] << len(self.channels)} pixels a side for "
                f"ResNet-18, found {channel} x {height} x {width}; resize or convert them"
            )
        return Autoencoder(
            self,
            image_shape,
            encoder=ResNetEncoder(),
            decoder=FoldedDecoder((FOLD[0], *self.channels, channel), doublings),
            bottleneck=Deterministic(),
            features_shape=FOLD,
        )

    def prepare(self, model: Autoencoder, images: NDArray[np.uint8]) -> None:  # noqa: ARG002  not from data
        """Set the encoder's weights from the file, if there is one.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it holds no weights, or not those of a ResNet-18.
        """
        if self.weights:
            encoder = next(part for part in model.modules() if isinstance(part, ResNetEncoder))
            load_encoder(encoder, Path(self.weights))


class ResNetEncoder(nn.Module):
    """ResNet-18 without its last layer: 11 176 512 weights, 120 entries in the state.

    Normalisation, its scale and shift included, is the reference's, so that the entries are.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = Normalise(64)
        self.layer1 = stage(64, 64, stride=1)
        self.layer2 = stage(64, 128, stride=2)
        self.layer3 = stage(128, 256, stride=2)
        self.layer4 = stage(256, 512, stride=2)
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Images, hidden: Mask | None) -> tuple[Tensor, tuple[Tensor, ...]]:  # noqa: ARG002
        """The 512 features, mean over the last maps, folded; a hidden pixel is seen as its fill value."""
        colours = images.expand(-1, 3, -1, -1)
        features = nn.functional.max_pool2d(self.bn1(self.conv1(colours)).relu(), 3, stride=2, padding=1)
        features = self.layer4(self.layer3(self.layer2(self.layer1(features))))
        return features.mean((2, 3)).unflatten(1, FOLD), ()


class Normalise(nn.BatchNorm2d):
    """The reference's normalisation, by running averages where a batch has one number a channel.

    So it is in the last stage, 1 x 1 for pictures of 32 x 32, of a last batch of one picture.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Shape (batch, channel, height, width) in and out."""
        if self.training and input[:, 0].numel() > 1:
            return super().forward(input)
        return nn.functional.batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias)


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions around which the input passes, projected where its shape changes."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.bn1 = Normalise(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.bn2 = Normalise(after)
        self.downsample: nn.Module = nn.Identity()
        if before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride=stride, bias=False), Normalise(after))

    def forward(self, features: Tensor) -> Tensor:
        """Shape (batch, before, height, width) to (batch, after, height / stride, width / stride)."""
        changed = self.bn2(self.conv2(self.bn1(self.conv1(features)).relu()))
        added: Tensor = changed + self.downsample(features)
        return added.relu()


class FoldedDecoder(nn.Module):
    """Transposed convolutions from the folded code to a picture."""

    def __init__(self, channels: tuple[int, ...], doublings: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(itertools.pairwise(channels)):
            doubles = 1 <= index <= doublings
            layers += [
                nn.ConvTranspose2d(before, after, 4 if doubles else 3, stride=2 if doubles else 1, padding=1),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, code: Tensor, bypass: tuple[Tensor, ...]) -> Images:  # noqa: ARG002  nothing bypasses
        """Pictures (batch, channel, height, width), of at least the size that was built for."""
        pictures: Tensor = self.layers(code)
        return pictures


def stage(before: int, after: int, *, stride: int) -> nn.Sequential:
    """Two blocks, the first of which halves height and width where the stride is 2."""
    return nn.Sequential(BasicBlock(before, after, stride), BasicBlock(after, after, 1))


def load_encoder(encoder: ResNetEncoder, path: Path) -> None:
    """Set an encoder's weights from a file of safetensors or of PyTorch's own, which cannot run code here.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds no weights, or not those of a ResNet-18.
    """
    if not path.is_file():
        raise FileNotFoundError(f"expected weights of a ResNet-18 in {path}, found no file; check the path")
    try:
        state = read_tensors(path)
        encoder.load_state_dict({name: tensor for name, tensor in state.items() if not name.startswith("fc.")})
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(
            f"expected weights of a ResNet-18 under torchvision's key names in {path}, found {reason}; save its "
            "state_dict() with safetensors.torch.save_file or torch.save"
        ) from error


def read_tensors(path: Path) -> Mapping[str, Tensor]:
    """The named tensors of a file."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    state: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state
