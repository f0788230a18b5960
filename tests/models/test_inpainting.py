"""What is visible comes back bit for bit, what is hidden is not peeked at, and the fill is what it is said to be."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.restoration import inpaint_biharmonic
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


def test_with_steps_enough_the_fill_has_the_least_squared_laplacian(
    generator: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrows.models.inpainting.STEPS", 300)
    images, hidden = masked((2, 7, 9), generator)
    found = fill(images.masked_fill(hidden, 0).double(), (~hidden).double())
    for image, mask, filled in zip(images.double().numpy(), hidden[:, 0].numpy(), found.numpy(), strict=True):
        for channel, expected in zip(image, filled, strict=True):
            np.testing.assert_allclose(expected, smoothest(channel, mask), atol=1e-5)


def smoothest(image: NDArray[np.float64], hidden: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Least squares over the hidden pixels, with the Laplacian written out as a matrix."""
    height, width = image.shape
    laplacian = np.zeros((image.size, image.size))
    for row in range(height):
        for column in range(width):
            for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                other = np.clip(row + down, 0, height - 1) * width + np.clip(column + right, 0, width - 1)
                laplacian[row * width + column, other] += 1
                laplacian[row * width + column, row * width + column] -= 1
    free = hidden.ravel()
    filled = image.ravel().copy()
    filled[free] = np.linalg.lstsq(laplacian[:, free], -laplacian[:, ~free] @ filled[~free], rcond=None)[0]
    return filled.reshape(image.shape)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_the_fill_comes_as_close_to_a_photograph_as_an_exact_biharmonic_one(
    share: float, generator: torch.Generator
) -> None:
    image = photograph()
    hidden = torch.rand(1, 1, *image.shape[-2:], generator=generator) < share
    found = fill(image.masked_fill(hidden, 0), (~hidden).float())
    exact = torch.from_numpy(inpaint_biharmonic(image[0].numpy(), hidden[0, 0].numpy(), channel_axis=0))
    ours, theirs = ((filled - image[0]).square().mean() for filled in (found[0], exact))
    assert ours < 1.03 * theirs


def photograph() -> Tensor:
    """Scikit-learn's flower, 64 x 64, of every sixth pixel's neighbourhood the mean."""
    from sklearn.datasets import load_sample_image

    pixels = torch.from_numpy(load_sample_image("flower.jpg").copy()).movedim(-1, 0)[None].float() / 255
    return torch.nn.functional.avg_pool2d(pixels[..., :384, :384], 6)


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
