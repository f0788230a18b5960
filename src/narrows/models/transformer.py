"""A masked transformer: its encoder sees some patches of a picture, its decoder owes the others."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from narrows.models.autoencoder import Autoencoder
from narrows.models.bottleneck import Deterministic
from narrows.models.dense import check_sizes
from narrows.types import Images, ImageShape, Mask


@dataclass(frozen=True)
class MaskedTransformer:
    """Transformer blocks over the visible patches, and smaller ones that fill in the hidden (He et al. 2022).

    For codes learnt without labels: train with `PatchMask` of the same patch_size and counted="hidden". The encoder
    never sees what is hidden, not even its fill value, and is spared its cost. The code is the mean of the encoder's
    tokens, in place of a class token (appendix A.1 of the paper finds both alike); `encode` sees every patch. The
    tokens bypass the code, so it compresses nothing.

    Visible patches come back as they came in, for what the decoder says of them is not trained: where nothing is
    hidden, the reconstruction is the input. Takes pictures of any size, but of one size alone at patch_size 1.

    A patch counts as hidden where any of its pixels is. In training a mask may not cut through patches.

    Raises:
        ValueError: a size is below 1, or a width is not divisible by 4 and by the heads; when called, the pictures of
            a batch hide different numbers of patches, or all, or, in training, a mask cuts through patches.
    """

    patch_size: int = 4
    """Pixels along a patch's side."""
    width: int = 128
    """Numbers in a token of the encoder, and so in the code."""
    depth: int = 4
    """Blocks of the encoder."""
    heads: int = 4
    """Attention heads of a block, in encoder and decoder."""
    decoder_width: int = 64
    decoder_depth: int = 1

    @property
    def code_size(self) -> int:
        """The encoder's width."""
        return self.width

    def __post_init__(self) -> None:
        check_sizes(self.patch_size, self.width, self.depth, self.heads, self.decoder_width, self.decoder_depth)
        for name in ("width", "decoder_width"):
            size = getattr(self, name)
            if size % 4 or size % self.heads:
                raise ValueError(
                    f"expected {name} to be divisible by 4, for sine and cosine of row and column, and by "
                    f"{self.heads} heads, found {size}; choose a multiple of both"
                )

    def build(self, image_shape: ImageShape) -> Autoencoder:
        """An untrained network for pictures of this shape; initialised as in appendix A.1 of the paper."""
        channel = image_shape[0]
        model = Autoencoder(
            self,
            image_shape,
            encoder=PatchEncoder(self, channel),
            decoder=PatchDecoder(self, channel),
            bottleneck=Deterministic(),
            features_shape=(self.width,),
            multiple=self.patch_size,
        )
        for part in model.modules():
            if isinstance(part, nn.Linear):
                nn.init.xavier_uniform_(part.weight)
                nn.init.zeros_(part.bias)
        return model


class PatchEncoder(nn.Module):
    """Tokens of the visible patches, which reach the decoder around the code."""

    def __init__(self, description: MaskedTransformer, channel: int) -> None:
        super().__init__()
        self.patch_size = description.patch_size
        self.embed = nn.Linear(channel * self.patch_size**2, description.width)
        self.blocks = blocks(description.width, description.heads, description.depth)

    def forward(self, images: Images, hidden: Mask | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The tokens' mean (batch, width); the tokens, the patches they were made of, and where those stand.

        The bypass is (batch, visible patch, width), (batch, visible patch, number) and true where a patch is visible,
        (batch, row, column).
        """
        patches = cut(images, self.patch_size)
        count, rows, columns, _ = patches.shape
        visible = patches.new_ones(count, rows, columns, dtype=torch.bool) if hidden is None else self.visible(hidden)
        places = positions(rows, columns, self.embed.out_features, images.device).expand(count, -1, -1, -1)
        # every picture shows equally many patches, so that the visible ones of a batch stack
        seen, placed = (each[visible].unflatten(0, (count, -1)) for each in (patches, places))
        tokens: Tensor = self.blocks(self.embed(seen) + placed)
        return tokens.mean(1), (tokens, seen, visible)

    def visible(self, hidden: Mask) -> Tensor:
        """True where a patch has no hidden pixel: (batch, row, column)."""
        pixels = cut(hidden, self.patch_size)
        covered = pixels.any(-1)
        if torch.compiler.is_compiling():
            return ~covered  # a graph holds no question whose answer decides what comes next
        cure = f"use PatchMask with patch_size={self.patch_size}"
        if self.training and not torch.equal(covered, pixels.all(-1)):
            raise ValueError(
                f"expected a mask that hides whole patches of {self.patch_size} x {self.patch_size} pixels in "
                f"training, found one that cuts through patches; {cure}"
            )
        patches = covered[0].numel()
        fewest, most = (int(count) for count in covered.flatten(1).sum(1).aminmax())
        if fewest < most:
            raise ValueError(
                f"expected the pictures of a batch to hide equally many patches, found {fewest} to {most} of {patches};"
                f" {cure}"
            )
        if most == patches:
            raise ValueError(
                f"expected at least one visible patch for a transformer to see, found all {patches} hidden; "
                f"lower the mask's ratio, and {cure}"
            )
        return ~covered


class PatchDecoder(nn.Module):
    """Tokens in their places, one learnt token in every hidden place, through blocks to pixels."""

    def __init__(self, description: MaskedTransformer, channel: int) -> None:
        super().__init__()
        self.patch_size = description.patch_size
        self.embed = nn.Linear(description.width, description.decoder_width)
        self.mask_token = nn.Parameter(0.02 * torch.randn(description.decoder_width))
        self.blocks = blocks(description.decoder_width, description.heads, description.decoder_depth)
        self.last = nn.Linear(description.decoder_width, channel * self.patch_size**2)

    def forward(self, code: Tensor, bypass: tuple[Tensor, ...]) -> Images:  # noqa: ARG002  the tokens' mean
        """Pictures (batch, channel, height, width), at the padded size; visible patches are the encoder's own."""
        tokens, seen, visible = bypass
        embedded = self.embed(tokens)
        hidden = self.mask_token.to(embedded.dtype).expand(*visible.shape, -1)
        placed = hidden.masked_scatter(visible[..., None], embedded)
        rows, columns = visible.shape[1:]
        placed = placed + positions(rows, columns, placed.shape[-1], placed.device)
        pixels = self.last(self.blocks(placed.flatten(1, 2))).unflatten(1, (rows, columns))
        return join(pixels.to(seen.dtype).masked_scatter(visible[..., None], seen), self.patch_size)


class Block(nn.Module):
    """Attention between tokens, then an MLP of four times the width, normalised before each (Xiong et al. 2020)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Shape (batch, token, width) in and out."""
        projected = self.project(self.norm(tokens)).unflatten(-1, (3, self.heads, -1))
        queries, keys, values = projected.permute(2, 0, 3, 1, 4)
        # Spelt out: backwards, in bfloat16 on one CPU core, the fused attention of PyTorch 2.13 takes 90 ms for 1 024
        # heads of 16 tokens and 32 numbers, this 2.5 ms (best of 4).
        scores = queries @ keys.mT / math.sqrt(queries.shape[-1])
        attended = scores.softmax(-1) @ values
        tokens = tokens + self.mix(attended.transpose(1, 2).flatten(2))
        transformed: Tensor = self.mlp(tokens)
        return tokens + transformed


def blocks(width: int, heads: int, depth: int) -> nn.Sequential:
    """Blocks one after the other, and a normalisation at the end."""
    return nn.Sequential(*(Block(width, heads) for _ in range(depth)), nn.LayerNorm(width))


def positions(rows: int, columns: int, width: int, device: torch.device) -> Tensor:
    """Where each patch of a grid stands: (row, column, width), in [-1, 1]; nothing is stored, so any grid will do.

    A quarter of the width each: sin(row f), cos(row f), sin(column f) and cos(column f), with f = 10000^(-4 k / width)
    for k from 0 to width / 4 - 1 (Vaswani et al. 2017, section 3.5, with half of the width for each axis).
    """
    quarter = width // 4
    frequencies = 10_000.0 ** (-torch.arange(quarter, device=device) / quarter)
    down, right = (torch.arange(length, device=device)[:, None] * frequencies for length in (rows, columns))
    row = torch.cat([down.sin(), down.cos()], -1)[:, None].expand(-1, columns, -1)
    column = torch.cat([right.sin(), right.cos()], -1).expand(rows, -1, -1)
    return torch.cat([row, column], -1)


def cut(images: Tensor, patch_size: int) -> Tensor:
    """Patches (batch, row, column, number) of pictures (batch, channel, height, width), the numbers channel by channel.

    Height and width are multiples of the patch.
    """
    return nn.functional.pixel_unshuffle(images, patch_size).movedim(1, -1)


def join(patches: Tensor, patch_size: int) -> Images:
    """The pictures that `cut` took apart."""
    return nn.functional.pixel_shuffle(patches.movedim(-1, 1), patch_size)
