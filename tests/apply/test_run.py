from pathlib import Path

import numpy as np
import pytest

from narrows import Run
from narrows.corruption import GaussianNoise, Mixing, PixelMask
from narrows.models import PCA, Dense, InpaintingUNet, ParallelDecoders, Residual, UNet

from ..data.layouts import random_bytes
from .small import complete, write_run


def test_a_run_opens_at_its_only_trained_model_or_at_the_one_that_is_named(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", Dense((), 3), (1, 8, 8))
    assert Run.open(one).arm["name"] == "improved, small"
    assert Run.open(str(one / "pca-code-2-0")).model.code_size == 2
    assert Run.open(one / "models" / "improved-small-0").model.code_size == 3
    two = write_run(tmp_path / "two", Dense((), 3), (1, 8, 8), seeds=(0, 1))
    assert Run.open(two / "improved-small-1").seed == 1
    with pytest.raises(ValueError, match=r"expected one model out of .*two/improved-small-0, .*found none named"):
        Run.open(two)
    with pytest.raises(ValueError, match="found improved-small-7; name one of them"):
        Run.open(two / "improved-small-7")
    with pytest.raises(FileNotFoundError, match="expected a run folder"):
        Run.open(tmp_path)


def test_decode_of_encode_is_what_apply_gives_at_the_training_size(tmp_path: Path) -> None:
    for shape in ((1, 8, 8), (3, 9, 13)):
        run = Run.open(write_run(tmp_path / str(shape[0]), Dense((16,), 5), shape))
        pictures = random_bytes(4, *shape)
        codes = run.encode(pictures)
        assert codes.shape == (4, 5)
        decoded = run.decode(codes)
        for picture, again in zip(pictures, decoded, strict=True):
            laid = (picture[0], again[0]) if shape[0] == 1 else (np.moveaxis(picture, 0, -1), np.moveaxis(again, 0, -1))
            np.testing.assert_allclose(run.apply(laid[0]), laid[1], atol=1e-6)


def test_models_with_a_bypass_do_not_decode_and_say_why(tmp_path: Path) -> None:
    run = Run.open(write_run(tmp_path, Residual(UNet((4, 6))), (1, 8, 8), task="denoising"))
    with pytest.raises(ValueError, match=r"found improved, small, which sends \d+ numbers a picture around it"):
        run.decode(np.zeros((1, run.model.code_size)))


def test_pictures_come_back_in_the_layout_that_they_came_in(tmp_path: Path) -> None:
    colour = complete(tmp_path / "colour", (3, 6, 6))
    picture = random_bytes(13, 9, 3)
    np.testing.assert_allclose(colour.apply(picture), picture / 255, atol=1e-4)
    np.testing.assert_allclose(colour.apply(picture[..., 0]), picture[..., 0] / 255, atol=1e-4)
    parts = Run.open(
        write_run(
            tmp_path / "parts", ParallelDecoders(UNet((4, 6))), (1, 8, 8), task="separation", corruption=Mixing(),
            sources=("face", "mark"),
        )
    )  # fmt: skip
    assert parts.sources == ("face", "mark")
    assert parts.apply(random_bytes(11, 9)).shape == (2, 11, 9)
    assert parts.apply(random_bytes(11, 9, 3)).shape == (2, 11, 9, 3)


def test_values_outside_what_was_trained_on_are_refused(tmp_path: Path) -> None:
    plain = complete(tmp_path / "plain", (1, 6, 6))
    for wrong in (np.full((6, 6), 1.1), np.full((6, 6), 200.0), np.full((6, 6), np.nan)):
        with pytest.raises(ValueError, match=r"expected values from 0 to 1, as improved, small was trained on, found"):
            plain.apply(wrong)
    with pytest.raises(ValueError, match="expected uint8 or floats, found uint16"):
        plain.apply(np.zeros((6, 6), np.uint16))
    noisy = Run.open(
        write_run(tmp_path / "noisy", PCA(36), (1, 6, 6), task="denoising", corruption=GaussianNoise((0.0, 0.2)))
    )
    assert list(noisy.value_range) == pytest.approx([-1.2, 2.2])
    assert noisy.apply(np.full((6, 6), 2.1)).max() == 1.0
    clipped = GaussianNoise(0.2, clip=True)
    assert Run.open(
        write_run(tmp_path / "clipped", PCA(36), (1, 6, 6), task="denoising", corruption=clipped)
    ).value_range == (0, 1)


def test_only_a_model_that_fills_in_takes_a_mask_of_the_picture_s_size(tmp_path: Path) -> None:
    hidden = np.zeros((9, 9), dtype=bool)
    hidden[2:4, 2:4] = True
    with pytest.raises(ValueError, match="expected no mask for a model that was trained for compression"):
        complete(tmp_path / "plain", (1, 6, 6)).apply(random_bytes(9, 9), hidden)
    run = Run.open(
        write_run(tmp_path / "mask", InpaintingUNet((4, 6)), (1, 8, 8), task="inpainting", corruption=PixelMask(0.5))
    )
    picture = random_bytes(9, 9)
    found = run.apply(picture, hidden)
    np.testing.assert_allclose(found[~hidden], picture[~hidden] / 255, atol=1e-6)
    with pytest.raises(ValueError, match=r"expected a mask of the picture's size \(9, 9\), found \(2, 2\)"):
        run.apply(picture, hidden[:2, :2])
