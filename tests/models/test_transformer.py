"""A masked transformer against a slow reference that sees one patch at a time, and what it promises of masks."""

import math
from collections.abc import Callable
from typing import Any

import jaxtyping
import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from narrows.corruption import PatchMask, PixelMask
from narrows.data import Dataset, from_array
from narrows.models import Autoencoder, MaskedTransformer
from narrows.models.transformer import cut, join, positions
from narrows.objective import Objective
from narrows.training import Training, as_images, fit
from narrows.training.settings import Precision
from narrows.types import Images, Mask

SMALL = MaskedTransformer(patch_size=2, width=16, depth=2, heads=4, decoder_width=8, decoder_depth=2)


@pytest.fixture
def model() -> Autoencoder:
    torch.manual_seed(0)
    built = SMALL.build((3, 8, 12))
    with torch.no_grad():  # nothing stays at the 0 or 1 where a fault would not show
        for parameter in built.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return built.eval()


@pytest.fixture
def images(generator: Generator) -> Images:
    return torch.rand(5, 3, 8, 12, generator=generator)


@pytest.fixture
def hidden(images: Images, generator: Generator) -> Mask:
    found = PatchMask(0.75, 2)(images, generator).hidden
    assert found is not None
    return found


@pytest.fixture(scope="module")
def slopes() -> Dataset:
    """Pictures whose brightness, slope down and slope right are drawn: a few patches say what the others are."""
    level, down, right = np.random.default_rng(0).random((3, 600, 1, 1, 1))
    steps = np.linspace(0, 1, 8)
    return from_array((85 * (level + down * steps[:, None] + right * steps)).astype(np.uint8))


def position_reference(row: int, column: int, width: int) -> Tensor:
    """Vaswani et al. 2017, section 3.5, number by number: half of the width for the row, half for the column."""
    numbers = []
    for place in (row, column):
        angles = [place / 10_000 ** (4 * k / width) for k in range(width // 4)]
        numbers += [math.sin(angle) for angle in angles] + [math.cos(angle) for angle in angles]
    return torch.tensor(numbers)


def normalise_reference(token: Tensor, norm: Any) -> Tensor:
    centred = token - token.mean()
    normalised: Tensor = centred / (centred.square().mean() + norm.eps).sqrt() * norm.weight + norm.bias
    return normalised


def block_reference(tokens: list[Tensor], block: Any) -> list[Tensor]:
    """Attention head by head, token by token, then the MLP (Vaswani et al. 2017; Xiong et al. 2020)."""
    width, mlp = len(tokens[0]), block.mlp
    size = width // block.heads
    normed = [normalise_reference(token, block.norm) for token in tokens]
    queries, keys, values = (
        [weight @ token + bias for token in normed]
        for weight, bias in zip(block.project.weight.split(width), block.project.bias.split(width), strict=True)
    )
    after = []
    for token, query in zip(tokens, queries, strict=True):
        mixed = torch.zeros(width)
        for start in range(0, width, size):
            head = slice(start, start + size)
            scores = torch.stack([query[head] @ key[head] / math.sqrt(size) for key in keys])
            shares = scores.exp() / scores.exp().sum()
            mixed[head] = sum(share * value[head] for share, value in zip(shares, values, strict=True))
        attended = token + block.mix.weight @ mixed + block.mix.bias
        inner = mlp[1].weight @ normalise_reference(attended, mlp[0]) + mlp[1].bias
        activated = inner * (1 + torch.erf(inner / math.sqrt(2))) / 2
        after.append(attended + mlp[3].weight @ activated + mlp[3].bias)
    return after


def blocks_reference(tokens: list[Tensor], layers: Any) -> list[Tensor]:
    *blocks, norm = layers
    for block in blocks:
        tokens = block_reference(tokens, block)
    return [normalise_reference(token, norm) for token in tokens]


def reference(model: Any, image: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
    """Code and reconstruction of one picture (channel, height, width) and its mask (height, width)."""
    size, (encoder, decoder) = SMALL.patch_size, (model.encoder, model.decoder)
    tokens, shown, places = [], [], []
    for row in range(image.shape[1] // size):
        for column in range(image.shape[2] // size):
            rows, columns = slice(row * size, (row + 1) * size), slice(column * size, (column + 1) * size)
            places.append((row, column, rows, columns))
            shown.append(not hidden[rows, columns].any())
            if shown[-1]:
                pixels = image[:, rows, columns].flatten()
                tokens.append(encoder.embed.weight @ pixels + encoder.embed.bias)
                tokens[-1] = tokens[-1] + position_reference(row, column, SMALL.width)
    tokens = blocks_reference(tokens, encoder.blocks)
    embedded = iter([decoder.embed.weight @ token + decoder.embed.bias for token in tokens])
    filled = [
        (next(embedded) if seen else decoder.mask_token) + position_reference(row, column, SMALL.decoder_width)
        for seen, (row, column, _, _) in zip(shown, places, strict=True)
    ]
    picture = image.clone()
    for token, seen, (_, _, rows, columns) in zip(blocks_reference(filled, decoder.blocks), shown, places, strict=True):
        if not seen:
            pixels = decoder.last.weight @ token + decoder.last.bias
            picture[:, rows, columns] = pixels.reshape(-1, size, size)
    return torch.stack(tokens).mean(0), picture


@pytest.mark.parametrize("masked", [True, False])
def test_it_is_the_slow_reference(model: Autoencoder, images: Images, hidden: Mask, masked: bool) -> None:
    output = model(images, hidden if masked else None)
    none = torch.zeros(8, 12, dtype=torch.bool)
    with torch.no_grad():
        expected = [
            reference(model, image, mask[0] if masked else none) for image, mask in zip(images, hidden, strict=True)
        ]
    codes, pictures = (torch.stack(each) for each in zip(*expected, strict=True))
    torch.testing.assert_close(output.latent.code, codes, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(output.reconstruction, pictures, rtol=1e-5, atol=1e-5)


def test_training_computes_what_evaluation_does(model: Autoencoder, images: Images, hidden: Mask) -> None:
    evaluated = model(images, hidden)
    trained = model.train()(images, hidden)
    torch.testing.assert_close(trained.reconstruction, evaluated.reconstruction)
    torch.testing.assert_close(trained.latent.code, evaluated.latent.code)


def test_patches_are_joined_as_they_were_cut(images: Images) -> None:
    patches = cut(images, 4)
    assert patches.shape == (5, 2, 3, 48)
    assert torch.equal(patches[1, 1, 2], images[1, :, 4:8, 8:12].flatten())
    assert torch.equal(join(patches, 4), images)


def test_positions_differ_from_place_to_place() -> None:
    found = positions(3, 5, 8, torch.device("cpu"))
    for row in range(3):
        for column in range(5):
            torch.testing.assert_close(found[row, column], position_reference(row, column, 8))
    assert (torch.cdist(found.flatten(0, 1), found.flatten(0, 1)) + torch.eye(15)).min() > 0.4


def test_visible_patches_come_back_bit_for_bit(model: Autoencoder, images: Images, hidden: Mask) -> None:
    found = model(images, hidden).reconstruction
    shown, wide = ~hidden.expand_as(images), hidden.expand_as(images)
    assert torch.equal(found[shown], images[shown])
    assert (found[wide] != images[wide]).all()
    assert torch.equal(model(images).reconstruction, images)


def test_nothing_hidden_leaks(model: Autoencoder, images: Images, hidden: Mask) -> None:
    plain, filled = model(images, hidden), model(images.masked_fill(hidden, 0.7), hidden)
    assert torch.equal(plain.latent.code, filled.latent.code)
    assert torch.equal(plain.reconstruction, filled.reconstruction)
    for before, after in zip(plain.latent.bypass, filled.latent.bypass, strict=True):
        assert torch.equal(before, after)
    seen = model(images.masked_fill(~hidden, 0.7), hidden)
    assert (seen.reconstruction - plain.reconstruction)[hidden.expand_as(images)].abs().mean() > 0.01


def test_each_picture_stands_for_itself(model: Autoencoder, images: Images, hidden: Mask, generator: Generator) -> None:
    order = torch.randperm(len(images), generator=generator)
    found, shuffled = model(images, hidden), model(images[order], hidden[order])
    torch.testing.assert_close(shuffled.reconstruction, found.reconstruction[order])
    torch.testing.assert_close(shuffled.latent.code, found.latent.code[order])
    torch.testing.assert_close(model.encode(images[:1]), model.encode(images)[:1])


def test_encode_sees_every_patch(model: Autoencoder, images: Images) -> None:
    images.requires_grad_()
    model.encode(images).square().sum().backward()
    assert images.grad is not None
    assert (images.grad != 0).all()


def test_other_sizes_are_padded_and_get_their_own_positions(model: Autoencoder, generator: Generator) -> None:
    images = torch.rand(2, 3, 7, 15, generator=generator)
    batch = PatchMask(0.5, 2)(images, generator)
    model.train()  # the cut patches at the edge are hidden whole, or not at all
    found = model(batch.input, batch.hidden)
    assert found.reconstruction.shape == images.shape
    assert [tuple(each.shape) for each in found.latent.bypass] == [(2, 16, 16), (2, 16, 12), (2, 4, 8)]
    padded = functional.pad(images, (0, 1, 0, 1), mode="replicate")
    torch.testing.assert_close(model.encode(images), model.encode(padded))


def test_the_loss_is_the_mean_over_hidden_pixels(model: Autoencoder, images: Images, generator: Generator) -> None:
    batch = PatchMask(0.75, 2, counted="hidden")(images, generator)
    assert batch.hidden is not None
    output = model(batch.input, batch.hidden)
    errors = (output.reconstruction - images).square()
    expected = errors[batch.hidden.expand_as(images)].mean()
    torch.testing.assert_close(Objective()(output, batch).total, expected)


def test_a_gradient_that_is_not_0_reaches_every_parameter(images: Images, hidden: Mask) -> None:
    model = SMALL.build((3, 8, 12)).train()
    model(images, hidden).reconstruction.square().mean().backward()
    gradients = {name: each.grad for name, each in model.named_parameters()}
    assert [name for name, gradient in gradients.items() if gradient is None or not gradient.any()] == []


def test_linear_layers_start_as_glorot_and_bengio_have_it() -> None:
    torch.manual_seed(0)
    model = MaskedTransformer().build((3, 32, 32))
    weights = [part.weight for part in model.modules() if isinstance(part, nn.Linear)]
    for weight in weights:
        limit = math.sqrt(6 / sum(weight.shape))
        assert 0.95 * limit < weight.abs().max() <= limit
    assert 0.01 < model.decoder.get_parameter("mask_token").std() < 0.03


def test_pixel_masks_work_in_evaluation_where_they_hide_equally_many_patches(
    model: Autoencoder, images: Images, hidden: Mask
) -> None:
    corners = torch.zeros_like(hidden)
    corners[..., ::2, ::2] = hidden[..., ::2, ::2]
    assert torch.equal(model(images, corners).reconstruction, model(images, hidden).reconstruction)
    with pytest.raises(ValueError, match=r"whole patches of 2 x 2 pixels in training, found one that cuts.*PatchMask"):
        model.train()(images, corners)


def test_masks_that_cannot_be_stacked_or_hide_all_are_refused(model: Autoencoder, images: Images, hidden: Mask) -> None:
    hidden[0] = False
    with pytest.raises(ValueError, match="equally many patches, found 0 to 18 of 24; use PatchMask with patch_size=2"):
        model(images, hidden)
    with pytest.raises(ValueError, match=r"at least one visible patch.*found all 24 hidden; lower the mask's ratio"):
        model(images, torch.ones_like(hidden))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: MaskedTransformer(depth=0), "sizes of at least 1, found"),
        (lambda: MaskedTransformer(patch_size=0), "sizes of at least 1, found"),
        (lambda: MaskedTransformer(width=90), "width to be divisible by 4, .* by 4 heads, found 90"),
        (lambda: MaskedTransformer(heads=3), "width to be divisible by 4, .* by 3 heads, found 128"),
        (lambda: MaskedTransformer(width=96, heads=6), "decoder_width .* by 6 heads, found 64; choose a multiple"),
    ],
)
def test_senseless_sizes_are_refused(make: Callable[[], Any], sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as from a description on disk
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_learns_to_fill_in_slopes(slopes: Dataset, precision: Precision, generator: Generator) -> None:
    torch.manual_seed(0)
    model = MaskedTransformer(2, 32, 1, 4, 32).build(slopes.image_shape)
    mask = PatchMask(0.5, 2, counted="hidden")
    training = Training(epochs=8, batch_size=16, precision=precision)
    fit(model, slopes, Objective(), corruption=mask, training=training)
    clean = as_images(slopes.validation)
    batch = mask(clean, generator)
    assert batch.hidden is not None
    with torch.no_grad():
        found = model.eval()(batch.input, batch.hidden).reconstruction
    mean = as_images(slopes.train).mean(0).expand_as(clean)
    there = batch.hidden.expand_as(clean)
    errors, baseline = ((each - clean)[there].square().mean() for each in (found, mean))
    assert errors < 0.5 * baseline


def test_pixel_masks_are_refused_by_a_training_with_the_cure(slopes: Dataset) -> None:
    model = SMALL.build(slopes.image_shape)
    with pytest.raises(ValueError, match="use PatchMask with patch_size=2"):
        fit(model, slopes, Objective(), corruption=PixelMask(0.5), training=Training(epochs=1))
