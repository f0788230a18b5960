"""What is visible comes back bit for bit, what is hidden is not peeked at, and the fill is what it is said to be."""

import pytest
import torch
from torch import Tensor

from narrows.corruption import PixelMask
from narrows.models import Autoencoder, InpaintingUNet
from narrows.models.inpainting import fill
from narrows.objective import Objective


def perturbed(shape: tuple[int, int, int] = (3, 9, 13)) -> Autoencoder:
    """A network that has left its start, where it is the fill."""
    torch.manual_seed(0)
    model = InpaintingUNet((4, 6)).build(shape)
    for parameter in model.decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def masked(shape: tuple[int, int, int], generator: torch.Generator) -> tuple[Tensor, Tensor]:
    images = torch.rand(5, *shape, generator=generator)
    return images, torch.rand(5, 1, *shape[1:], generator=generator) < 0.6


def test_visible_pixels_come_back_bit_for_bit_and_hidden_ones_do_not(generator: torch.Generator) -> None:
    images, hidden = masked((3, 9, 13), generator)
    found = perturbed()(images, hidden).reconstruction
    everywhere = hidden.expand_as(images)
    assert torch.equal(found[~everywhere], images[~everywhere])
    assert (found[everywhere] != images[everywhere]).all()


def test_with_nothing_hidden_it_is_the_identity(generator: torch.Generator) -> None:
    images, hidden = masked((3, 9, 13), generator)
    for mask in (None, torch.zeros_like(hidden)):
        assert torch.equal(perturbed()(images, mask).reconstruction, images)


def test_what_stands_under_the_mask_changes_nothing(generator: torch.Generator) -> None:
    images, hidden = masked((3, 9, 13), generator)
    other = torch.where(hidden, torch.rand(images.shape, generator=generator), images)
    assert torch.equal(perturbed()(images, hidden).reconstruction, perturbed()(other, hidden).reconstruction)


def test_untrained_it_gives_the_fill_back(generator: torch.Generator) -> None:
    images, hidden = masked((1, 8, 8), generator)
    model = InpaintingUNet((4, 6)).build((1, 8, 8)).eval()
    shown = images.masked_fill(hidden, 0)
    torch.testing.assert_close(model(images, hidden).reconstruction, fill(shown, (~hidden).float()))


@pytest.mark.parametrize("size", [(8, 8), (4, 8)])
def test_the_fill_is_means_of_growing_blocks_weighed_by_what_they_show(
    size: tuple[int, int], generator: torch.Generator
) -> None:
    images, hidden = masked((2, *size), generator)
    visible = (~hidden).float()
    found = fill(images * visible, visible)
    for number in range(len(images)):
        torch.testing.assert_close(found[number], slow_fill(images[number], visible[number, 0]), rtol=1e-5, atol=1e-6)


def slow_fill(image: Tensor, visible: Tensor) -> Tensor:
    """Block by block: a block's mean of what it shows, completed from the coarser blocks by the share it hides."""
    if max(visible.shape) == 1:
        return image * visible / visible.clamp(min=1e-30)
    height, width = -(-visible.shape[0] // 2), -(-visible.shape[1] // 2)
    mean, share = torch.zeros(len(image), height, width), torch.zeros(height, width)
    for row in range(height):
        for column in range(width):
            block = slice(2 * row, 2 * row + 2), slice(2 * column, 2 * column + 2)
            share[row, column] = visible[block].mean()
            if share[row, column]:
                total = (image[:, *block] * visible[block]).sum((1, 2))
                mean[:, row, column] = total / visible[block].sum()
    coarse = slow_fill(mean, share)
    finer = torch.nn.functional.interpolate(coarse[None], size=visible.shape, mode="bilinear")[0]
    return image * visible + (1 - visible) * finer


def test_one_visible_pixel_fills_the_picture_and_none_leaves_it_black() -> None:
    shown, share = torch.zeros(1, 1, 7, 5), torch.zeros(1, 1, 7, 5)
    assert torch.equal(fill(shown, share), shown)
    shown[..., 2, 3], share[..., 2, 3] = 0.7, 1.0
    torch.testing.assert_close(fill(shown, share), torch.full_like(shown, 0.7))


def test_training_brings_hidden_pixels_below_the_fill(generator: torch.Generator) -> None:
    torch.manual_seed(0)
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    phases = 6 * torch.rand(64, 1, 1, 1, generator=generator)
    clean = 0.5 + 0.4 * torch.sin(rows / 2 + columns / 3 + phases)
    model = InpaintingUNet((8, 16)).build((1, 16, 16)).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        batch = PixelMask(0.6, counted="hidden")(clean, generator)
        loss = Objective()(model(batch.input, batch.hidden), batch).total
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]  # the first is the fill's


def test_it_refuses_what_makes_no_levels() -> None:
    with pytest.raises(ValueError, match="at least two levels of channels, found \\(8,\\)"):
        InpaintingUNet((8,))
