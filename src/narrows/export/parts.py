"""What a model is exported as: networks of tensors alone, and the graphs that PyTorch makes of them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from narrows.models import Autoencoder, bypass_numbers
from narrows.models.autoencoder import pad
from narrows.types import Codes, Images, Mask, Sources


class Part(NamedTuple):
    """A network of tensors alone, and what it is called with."""

    name: str
    network: nn.Module
    inputs: Mapping[str, Tensor]
    output: str
    sizes: tuple[Any, ...]
    """Of each input, which axes may have another length in use: axis to its `Dim`."""


class Whole(nn.Module):
    """Pictures to reconstructions."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Images) -> Images | Sources:
        """Of any number of pictures."""
        found: Images | Sources = self.model(images).reconstruction
        return found


class Filling(nn.Module):
    """Pictures and what is hidden of them to reconstructions; what the hidden pixels hold does not matter."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Images, hidden: Mask) -> Images | Sources:
        """Of any number of pictures."""
        found: Images | Sources = self.model(images.masked_fill(hidden, 0.0), hidden).reconstruction
        return found


class Encoder(nn.Module):
    """Pictures to codes."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Images) -> Codes:
        """Of any number of pictures."""
        return self.model.encode(images)


class Decoder(nn.Module):
    """Codes to reconstructions."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, codes: Codes) -> Images | Sources:
        """Of any number of codes."""
        return self.model.decode(codes)


def parts_of(model: Autoencoder, images: Images, hidden: Mask | None) -> Iterator[Part]:
    """What a model is exported as."""
    batch = Dim("batch")
    if hidden is not None:
        yield Part("whole", Filling(model), {"images": images, "hidden": hidden}, "reconstruction", ({0: batch},) * 2)
    elif model.takes_any_size and len(model.code_shape) > 1:
        sizes = {0: batch, 2: model.multiple * Dim("height"), 3: model.multiple * Dim("width")}
        yield Part("whole", Whole(model), {"images": pad(images, model.multiple)}, "reconstruction", (sizes,))
    else:
        yield Part("whole", Whole(model), {"images": images}, "reconstruction", ({0: batch},))
    yield Part("encoder", Encoder(model), {"images": images}, "codes", ({0: batch},))
    if not bypass_numbers(model):
        with torch.no_grad():
            codes = model.encode(images)
        yield Part("decoder", Decoder(model), {"codes": codes}, "reconstruction", ({0: batch},))


def captured(part: Part) -> ExportedProgram:
    """The operations of a part, for any batch.

    Raises:
        ValueError: they hang on what the pictures hold.
    """
    # a batch of one would be taken for a constant
    some = tuple(torch.cat([tensor, tensor])[:2] for tensor in part.inputs.values())
    try:
        with torch.no_grad():
            program = torch.export.export(part.network, some, dynamic_shapes=part.sizes)
    except Exception as error:  # PyTorch raises many kinds
        reason = " ".join(str(error).split())[:300]
        raise ValueError(
            f"expected a network that can be exported, found a {part.name} that cannot: {reason}"
        ) from error
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # paths of this machine
    return program
