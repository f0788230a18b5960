"""U-Nets normalise over the batch: what one picture, one pixel and another batch change."""

import pytest
import torch

from narrows.models import UNet


@pytest.mark.parametrize("pictures", [1, 2])
def test_it_trains_on_one_picture_whose_lowest_level_is_one_pixel(pictures: int) -> None:
    model = UNet((4, 6, 8)).build((1, 4, 4)).train()
    model(torch.rand(pictures, 1, 4, 4)).reconstruction.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_a_trained_one_gives_a_picture_the_same_in_any_batch() -> None:
    torch.manual_seed(0)
    model = UNet((4, 6)).build((1, 8, 8)).train()
    images = torch.rand(16, 1, 8, 8)
    for _ in range(3):
        model(images)
    model.eval()
    torch.testing.assert_close(model(images).reconstruction[:1], model(images[:1]).reconstruction)


def test_running_averages_reach_the_batch_s_own() -> None:
    torch.manual_seed(0)
    model = UNet((4, 6)).build((1, 8, 8)).train()
    images = torch.rand(64, 1, 8, 8)
    for _ in range(100):
        trained = model(images).reconstruction
    torch.testing.assert_close(model.eval()(images).reconstruction, trained, rtol=0.05, atol=0.02)
