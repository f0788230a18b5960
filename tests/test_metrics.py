import math

import jaxtyping
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.datasets import load_digits
from sklearn.metrics import r2_score
from torch import Generator, Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from narrows.metrics import (
    PER_IMAGE,
    SquaredSums,
    explained_variance,
    mae,
    mean_metric,
    mse,
    psnr,
    squared_error,
    squared_sums,
    ssim,
    ssim_window,
)
from narrows.results import METRICS

every_metric = pytest.mark.parametrize("name", PER_IMAGE)
MASKED = {"mse": mse, "mae": mae, "squared_error": squared_error, "psnr": psnr}


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def photographs(size: int, channels: int) -> Tensor:
    """Crops of scikit-image's astronaut, a real colour photograph."""
    photograph = torch.from_numpy(data.astronaut()).permute(2, 0, 1).float() / 255
    corners = [(0, 180), (60, 200), (300, 100), (256, 256)]
    return torch.stack([photograph[:channels, y : y + size, x : x + size] for y, x in corners])


def digits() -> Tensor:
    return torch.from_numpy(load_digits().images[:20]).float()[:, None] / 16


def pictures() -> dict[str, tuple[Tensor, Tensor]]:
    """Reconstruction and target of every kind: size, channels, noise, flat, black, photographs, digits."""
    pairs = {}
    for channels in (1, 3):
        for height, width in ((8, 8), (9, 14), (10, 10), (11, 11), (28, 28), (96, 96)):
            target = torch.rand(4, channels, height, width, generator=seeded())
            noisy = target + 0.1 * torch.randn(target.shape, generator=seeded(1))
            pairs[f"random {channels} x {height} x {width}"] = (noisy, target)
        for size in (8, 32, 96):
            target = photographs(size, channels)
            pairs[f"photographs {channels} x {size}"] = (0.8 * target + 0.1, target)
            pairs[f"blurred photographs {channels} x {size}"] = (target.roll(1, -1), target)
    flat = torch.linspace(0, 1, 4).view(4, 1, 1, 1).expand(4, 1, 28, 28)
    pairs["flat"] = (flat.flip(0), flat)
    pairs["almost flat and bright"] = (
        1 - 0.01 * torch.rand(4, 1, 28, 28, generator=seeded()),
        torch.ones(4, 1, 28, 28),
    )
    pairs["black"] = (torch.rand(4, 1, 28, 28, generator=seeded()) / 50, torch.zeros(4, 1, 28, 28))
    pairs["digits"] = (digits().flip(0), digits())
    return pairs


every_pair = pytest.mark.parametrize(("reconstruction", "target"), pictures().values(), ids=pictures().keys())


def test_every_metric_is_described_in_results() -> None:
    assert set(PER_IMAGE) <= set(METRICS)


@every_metric
@every_pair
def test_every_metric_gives_one_float32_a_picture(name: str, reconstruction: Tensor, target: Tensor) -> None:
    values = PER_IMAGE[name](reconstruction, target)
    assert values.shape == (len(target),)
    assert values.dtype == torch.float32
    assert values.isfinite().all()


@every_pair
def test_errors_and_shares_are_numpy_s(reconstruction: Tensor, target: Tensor) -> None:
    r, t = (each.double().numpy().reshape(len(target), -1) for each in (reconstruction, target))
    expected = {
        "mse": np.square(r - t).mean(1),
        "mae": np.abs(r - t).mean(1),
        "squared_error": np.square(r - t).sum(1),
        "threshold_accuracy": (np.abs(r - t) <= 0.1).mean(1),
        "keras_accuracy": ((r > 0.5).astype(float) == t).mean(1),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(PER_IMAGE[name](reconstruction, target), values, rtol=1e-6, err_msg=name)


@every_pair
def test_ssim_equals_scikit_image(reconstruction: Tensor, target: Tensor) -> None:
    side, sigma = ssim_window(*target.shape[-2:])
    expected = [
        structural_similarity(
            a.double().numpy(),
            b.double().numpy(),
            win_size=side,
            gaussian_weights=True,
            sigma=sigma,
            use_sample_covariance=False,
            data_range=1.0,
            channel_axis=0,
        )
        for a, b in zip(reconstruction, target, strict=True)
    ]
    np.testing.assert_allclose(ssim(reconstruction, target), expected, atol=1e-6)


@pytest.mark.parametrize("side", [28, 96])
def test_ssim_equals_torchmetrics_inside_its_border(side: int) -> None:
    target = torch.rand(4, 3, side, side, generator=seeded())
    reconstruction = target.flip(0)
    _, full = structural_similarity_index_measure(
        reconstruction.double(), target.double(), sigma=1.5, data_range=1.0, reduction=None, return_full_image=True
    )
    inside = full[..., 5:-5, 5:-5].mean((1, 2, 3))
    torch.testing.assert_close(ssim(reconstruction, target), inside.float(), atol=1e-6, rtol=0)


def test_other_windows_and_borders_give_another_ssim() -> None:
    target = photographs(96, 3)
    reconstruction = target.roll(1, -1)
    own = ssim(reconstruction, target)
    uniform = [
        structural_similarity(a.numpy(), b.numpy(), data_range=1.0, channel_axis=0)
        for a, b in zip(reconstruction, target, strict=True)
    ]
    reflected = structural_similarity_index_measure(reconstruction, target, data_range=1.0, reduction=None)
    assert isinstance(reflected, Tensor)
    for other in (torch.tensor(uniform), reflected):
        assert (own - other).abs().max() > 1e-3


def test_noise_of_30_decibels_costs_little_ssim_but_where_a_picture_is_flat() -> None:
    noise = 10**-1.5 * torch.randn(1, 1, 64, 64, generator=seeded())
    busy, flat = torch.rand(1, 1, 64, 64, generator=seeded(1)), torch.full((1, 1, 64, 64), 0.5)
    assert ssim(flat + noise, flat).item() < 0.6
    assert ssim(busy + noise, busy).item() > 0.99


@pytest.mark.parametrize(
    ("height", "width", "side"), [(28, 28, 11), (96, 11, 11), (10, 40, 9), (8, 8, 7), (7, 7, 7), (2, 2, 1), (1, 9, 1)]
)
def test_ssim_s_window_is_the_largest_odd_one_that_fits(height: int, width: int, side: int) -> None:
    assert ssim_window(height, width) == (side, 1.5 * side / 11)
    target = torch.rand(2, 1, height, width, generator=seeded())
    assert ssim(target.flip(0), target).isfinite().all()


@every_pair
def test_psnr_equals_scikit_image(reconstruction: Tensor, target: Tensor) -> None:
    expected = [
        peak_signal_noise_ratio(b.double().numpy(), a.double().numpy(), data_range=1.0)
        for a, b in zip(reconstruction, target, strict=True)
    ]
    np.testing.assert_allclose(psnr(reconstruction, target), expected, rtol=1e-6)


def test_a_peak_of_255_gains_48_13_decibels() -> None:
    target, reconstruction = torch.zeros(1, 1, 8, 8), torch.full((1, 1, 8, 8), 0.1)
    misjudged = peak_signal_noise_ratio(target.numpy(), reconstruction.numpy(), data_range=255)
    assert misjudged - psnr(reconstruction, target).item() == pytest.approx(48.13, abs=0.005)


def test_a_constant_error_of_a_tenth_is_20_decibels() -> None:
    target = torch.full((2, 3, 28, 28), 0.5)
    reconstruction = target + 0.1
    # 0.1 is no float32 and 0.5 + 0.1 rounds once more: the error is 0.1 within 3e-8, the psnr 20 within 3e-6.
    assert psnr(reconstruction, target).tolist() == pytest.approx([20, 20], abs=4e-6)
    assert mse(reconstruction, target).tolist() == pytest.approx([0.01, 0.01], rel=1e-6)
    assert mae(reconstruction, target).tolist() == pytest.approx([0.1, 0.1], rel=1e-6)
    assert squared_error(reconstruction, target).tolist() == pytest.approx([23.52, 23.52], rel=1e-6)


def test_a_perfect_picture_has_the_best_value_of_every_metric() -> None:
    target = (torch.rand(3, 1, 16, 16, generator=seeded()) > 0.5).float()
    best = {"mse": 0, "mae": 0, "squared_error": 0, "psnr": math.inf}
    assert {name: metric(target, target).tolist() for name, metric in PER_IMAGE.items()} == {
        name: [best.get(name, 1)] * 3 for name in PER_IMAGE
    }


def test_accuracies_count_pixels() -> None:
    target = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.5]).view(1, 1, 1, 5)
    reconstruction = torch.tensor([0.05, 0.4, 0.51, -2.0, 0.5]).view(1, 1, 1, 5)
    assert PER_IMAGE["threshold_accuracy"](reconstruction, target).tolist() == pytest.approx([2 / 5])
    # Right: 0.05 and 0.4 below, 0.51 above. Wrong: -2, and the grey pixel although it is perfect.
    assert PER_IMAGE["keras_accuracy"](reconstruction, target).tolist() == pytest.approx([3 / 5])


@every_metric
@settings(deadline=None, max_examples=20)  # a busy machine is no failure
@given(count=st.integers(1, 6), side=st.integers(1, 20), seed=st.integers(0, 2**32))
def test_permuting_a_batch_permutes_the_outcome(name: str, count: int, side: int, seed: int) -> None:
    generator = seeded(seed)
    target = torch.rand(count, 2, side, side, generator=generator)
    reconstruction = torch.rand(count, 2, side, side, generator=generator)
    order = torch.randperm(count, generator=generator)
    metric = PER_IMAGE[name]
    torch.testing.assert_close(metric(reconstruction[order], target[order]), metric(reconstruction, target)[order])


@every_metric
def test_sources_count_as_channels_of_one_picture(name: str) -> None:
    target = torch.rand(4, 2, 3, 16, 16, generator=seeded())
    metric, reconstruction = PER_IMAGE[name], target.flip(0)
    as_channels = metric(reconstruction.flatten(1, 2), target.flatten(1, 2))
    assert torch.equal(metric(reconstruction, target), as_channels)
    if name != "psnr":  # which is no mean over pixels
        each = torch.stack([metric(reconstruction[:, i], target[:, i]) for i in range(2)])
        expected = each.sum(0) if name == "squared_error" else each.mean(0)
        torch.testing.assert_close(as_channels, expected)


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("lead", [(3,), (2, 3)], ids=["images", "sources"])
def test_a_mask_counts_its_pixels_only(name: str, lead: tuple[int, ...]) -> None:
    target = torch.rand(4, *lead, 6, 5, generator=seeded())
    reconstruction = torch.rand(4, *lead, 6, 5, generator=seeded(1))
    hidden = torch.rand(4, 1, 6, 5, generator=seeded(2)) < 0.4
    metric = MASKED[name]
    for where in (hidden, ~hidden):
        # The marked pixels laid out as a picture of their own.
        marked = [
            (r[..., w[0]][..., None, :], t[..., w[0]][..., None, :])
            for r, t, w in zip(reconstruction, target, where, strict=True)
        ]
        expected = torch.cat([metric(r[None], t[None]) for r, t in marked])
        torch.testing.assert_close(metric(reconstruction, target, where=where), expected)
    everywhere = torch.ones_like(hidden)
    torch.testing.assert_close(metric(reconstruction, target, where=everywhere), metric(reconstruction, target))


def test_a_picture_without_marked_pixels_has_no_mean() -> None:
    nowhere = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    target = torch.zeros(1, 1, 4, 4)
    assert all(metric(target, target, where=nowhere).isnan().all() for metric in (mse, mae, psnr))
    assert squared_error(target + 1, target, where=nowhere).tolist() == [0]


def test_explained_variance_over_batches_equals_scikit_learn() -> None:
    target = torch.rand(50, 1, 4, 4, generator=seeded())
    reconstruction = target + 0.1 * torch.randn(target.shape, generator=seeded(1))
    mean_picture = target.mean(0)
    parts = [squared_sums(r, t, mean_picture) for r, t in zip(reconstruction.split(7), target.split(7), strict=True)]
    expected = r2_score(target.flatten(1), reconstruction.flatten(1), multioutput="variance_weighted")
    assert explained_variance(parts) == pytest.approx(expected, abs=1e-6)


def test_explained_variance_knows_its_landmarks() -> None:
    target = torch.rand(6, 2, 1, 4, 4, generator=seeded())
    mean_picture = target.mean(0)
    assert explained_variance([squared_sums(target, target, mean_picture)]) == 1
    assert explained_variance([squared_sums(mean_picture.expand_as(target), target, mean_picture)]) == 0
    assert math.isnan(explained_variance([SquaredSums(0.0, 0.0)]))


def test_the_mean_of_psnr_is_not_the_psnr_of_the_mean() -> None:
    target = torch.zeros(2, 1, 4, 4)
    reconstruction = torch.tensor([0.1, 0.001]).view(2, 1, 1, 1).expand(2, 1, 4, 4)
    assert mean_metric("psnr", psnr(reconstruction, target)).mean == pytest.approx(40, abs=1e-4)
    assert -10 * math.log10(mse(reconstruction, target).mean().item()) == pytest.approx(23.01, abs=0.01)


def test_perfect_pictures_are_counted_apart_and_others_never_vanish() -> None:
    assert mean_metric("psnr", torch.tensor([20.0, math.inf, 30.0, math.inf])) == (25.0, 2)
    assert mean_metric("input_psnr", torch.tensor([math.inf])) == (math.inf, 0)
    assert math.isnan(mean_metric("psnr", torch.tensor([20.0, math.nan])).mean)
    assert mean_metric("mse", torch.tensor([1.0, math.inf])) == (math.inf, 2)


@every_metric
def test_half_precision_costs_no_more_than_its_own_rounding(name: str) -> None:
    target = photographs(32, 3)
    halved = (target.roll(1, -1)).bfloat16()
    assert torch.equal(PER_IMAGE[name](halved, target), PER_IMAGE[name](halved.float(), target))


@every_metric
def test_shapes_that_differ_are_both_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # the library's own sentence, as a user meets it
    with pytest.raises(ValueError, match=r"found \(2, 1, 8, 8\) and \(2, 1, 8, 1\)"):
        PER_IMAGE[name](torch.zeros(2, 1, 8, 8), torch.zeros(2, 1, 8, 1))


@every_metric
@pytest.mark.parametrize("wrong", [torch.zeros(2, 8), torch.zeros(2, 1, 8, 8, dtype=torch.uint8)])
def test_what_is_no_picture_is_refused(name: str, wrong: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(ValueError, match=r"expected floats of shape .* divide 8 bits by 255"):
        PER_IMAGE[name](wrong, wrong)


@pytest.mark.parametrize("name", ["psnr", "ssim", "threshold_accuracy", "keras_accuracy"])
@pytest.mark.parametrize(("scale", "found"), [(255.0, "127.5 to 255"), (-1.0, "-1 to -0.5"), (math.nan, "nan to nan")])
def test_the_range_is_never_guessed(name: str, scale: float, found: str) -> None:
    target = scale * torch.tensor([0.5, 1.0]).view(1, 1, 1, 2)
    with pytest.raises(ValueError, match=rf"expected a target in \[0, 1\], found .*{found}; divide 8 bits by 255"):
        PER_IMAGE[name](torch.zeros_like(target), target)


def test_shapes_are_checked_at_run_time_by_this_suite() -> None:
    with pytest.raises(jaxtyping.TypeCheckError):
        mse(torch.rand(2, 8, 8), torch.rand(2, 8, 8))


def test_errors_are_taken_in_float64(generator: torch.Generator) -> None:
    reconstruction, target = torch.rand(2, 20, 3, 64, 64, generator=generator)
    exact = (reconstruction.numpy().astype(np.float64) - target.numpy()) ** 2
    assert np.array_equal(squared_error(reconstruction, target).numpy(), exact.sum((1, 2, 3)).astype(np.float32))
    assert np.array_equal(mse(reconstruction, target).numpy(), exact.mean((1, 2, 3)).astype(np.float32))


def test_a_picture_that_is_merely_rounded_to_8_bits_has_a_psnr_of_59(generator: torch.Generator) -> None:
    target = torch.rand(1, 1, 256, 256, generator=generator)
    assert psnr((target * 255).round() / 255, target).item() == pytest.approx(58.92, abs=0.1)


def test_a_mask_of_another_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    target = torch.zeros(2, 3, 4, 4)
    with pytest.raises(ValueError, match=r"expected a bool mask of shape \(2, 1, 4, 4\) .* of shape \(2, 3, 4, 4\)"):
        mse(target, target, where=torch.ones(2, 3, 4, 4, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"shape of one target \(3, 4, 4\), found \(1, 3, 4, 4\)"):
        squared_sums(target, target, torch.zeros(1, 3, 4, 4))
