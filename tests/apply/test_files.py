from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from narrows import Run
from narrows.apply import apply_files
from narrows.corruption import Mixing, PixelMask
from narrows.data import read_picture
from narrows.models import Dense, InpaintingUNet, MixtureComplement, ParallelDecoders, UNet
from narrows.training import load_model, save_model

from ..data.layouts import random_bytes, write_picture
from .small import complete, write_run


def test_names_and_sizes_are_the_input_s(tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (3, 6, 6))
    pixels = {
        name: write_picture(tmp_path / "in" / name, 5 + number, 9, seed=number, grey=grey)
        for number, (name, grey) in enumerate(
            {"a.png": False, "deep/b.bmp": False, "c.tif": True, "d.webp": False}.items()
        )
    }
    (tmp_path / "in" / "broken.png").write_text("no picture")
    write_picture(tmp_path / "in" / "e.gif", 8, 8)
    told: list[int] = []
    done = apply_files(
        run, tmp_path / "in", tmp_path / "out", sheet=True, on_progress=lambda *seen: told.append(seen[1])
    )
    assert set(done.written) == {"a.png", "deep/b.bmp", "c.tif", "d.webp", "e.gif.png", "before-and-after.png"}
    assert [name for name, _ in done.left_out] == ["broken.png"]
    assert told[-1] == 6
    for name in ("a.png", "deep/b.bmp", "c.tif"):
        found = read_picture(tmp_path / "out" / name).astype(int)
        assert found.shape == pixels[name].shape
        assert np.abs(found - pixels[name]).max() <= 1, name
    assert read_picture(tmp_path / "out" / "e.gif.png").shape == (3, 8, 8)
    assert read_picture(tmp_path / "out" / "before-and-after.png").shape[0] == 3
    with pytest.raises(FileExistsError, match=r"expected no file at .*a.png, found one; choose another --out"):
        apply_files(run, tmp_path / "in" / "a.png", tmp_path / "out")


def test_what_is_written_has_8_bits_and_a_jpeg_is_one_again(tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (1, 6, 6))
    (tmp_path / "in").mkdir()
    Image.fromarray(random_bytes(7, 9).astype(np.uint16) * 257).save(tmp_path / "in" / "deep.png")
    Image.fromarray(random_bytes(7, 9)).save(tmp_path / "in" / "photo.jpg")
    apply_files(run, tmp_path / "in", tmp_path / "out")
    with Image.open(tmp_path / "out" / "deep.png") as image:
        assert image.mode == "L"
        assert np.abs(np.asarray(image).astype(int) - random_bytes(7, 9)).max() <= 1
    with Image.open(tmp_path / "out" / "photo.jpg") as image:
        assert image.format == "JPEG"


@pytest.mark.parametrize("kind", ["last", "sheet"])
def test_what_is_there_is_refused_before_the_first_picture_is_written(kind: str, tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (3, 6, 6))
    for name in ("a.png", "b.gif"):
        write_picture(tmp_path / "in" / name, 6, 6)
    there = {"last": "b.gif.png", "sheet": "before-and-after.png"}[kind]
    write_picture(tmp_path / "out" / there, 2, 2)
    with pytest.raises(FileExistsError, match=rf"expected no file at .*{there}, found one; choose another --out"):
        apply_files(run, tmp_path / "in", tmp_path / "out", sheet=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [there]


@pytest.mark.parametrize(("first", "second"), [("a.gif", "a.gif.png"), ("a.png", "before-and-after.png")])
def test_two_files_of_one_name_are_refused_before_the_first_is_written(first: str, second: str, tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (3, 6, 6))
    for name in (first, second):
        write_picture(tmp_path / "in" / name, 6, 6)
    with pytest.raises(ValueError, match=rf"expected a name of its own for each picture, found {second} twice"):
        apply_files(run, tmp_path / "in", tmp_path / "out", sheet=True)
    assert not (tmp_path / "out").exists()


def test_arrays_may_hold_what_no_file_does(tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (1, 6, 6))
    np.save(tmp_path / "in.npy", random_bytes(2, 7, 9) / 255)
    done = apply_files(run, tmp_path / "in.npy", tmp_path / "out")
    assert done.written == ("00000.png", "00001.png")
    np.save(tmp_path / "out.npy", random_bytes(2, 7, 9) / 100)
    ((_, reason), _) = apply_files(run, tmp_path / "out.npy", tmp_path / "other").left_out
    assert "expected values from 0 to 1" in reason
    (tmp_path / "broken.npz").write_text("no zip")
    with pytest.raises(ValueError, match=r"file of plain arrays in .*broken.npz, found one that cannot be read"):
        apply_files(run, tmp_path / "broken.npz", tmp_path / "broken")


@pytest.fixture
def filler(tmp_path: Path) -> Run:
    architecture = InpaintingUNet((4, 6))
    return Run.open(write_run(tmp_path / "run", architecture, (3, 8, 8), task="inpainting", corruption=PixelMask(0.5)))


@pytest.mark.parametrize("kind", ["transparency", "file", "folder"])
def test_what_is_hidden_is_said_by_transparency_a_file_or_a_folder(filler: Run, kind: str, tmp_path: Path) -> None:
    pixels = random_bytes(12, 10, 3)
    hidden = np.zeros((12, 10), dtype=bool)
    hidden[3:6, 2:7] = True
    picture, mask = Image.fromarray(pixels), Image.fromarray(np.where(hidden, 255, 0).astype(np.uint8))
    if kind == "transparency":
        picture.putalpha(Image.fromarray(np.where(hidden, 0, 255).astype(np.uint8)))
    (tmp_path / "in").mkdir()
    (tmp_path / "masks").mkdir()
    picture.save(tmp_path / "in" / "a.png")
    mask.save(tmp_path / "masks" / "a.bmp")
    where = {"transparency": None, "file": tmp_path / "masks" / "a.bmp", "folder": tmp_path / "masks"}[kind]
    apply_files(filler, tmp_path / "in", tmp_path / "out", mask=where)
    found = read_picture(tmp_path / "out" / "a.png").transpose(1, 2, 0)
    assert np.array_equal(found[~hidden], pixels[~hidden])
    assert np.abs(found[hidden].astype(int) - pixels[hidden]).max() > 5
    assert found[hidden].std() < pixels[hidden].std()  # a smooth fill of noise


def test_one_mask_hides_the_same_in_every_picture_of_an_array_file(filler: Run, tmp_path: Path) -> None:
    pixels = random_bytes(2, 12, 10, 3)
    np.savez(tmp_path / "in.npz", images=pixels)
    hidden = np.zeros((12, 10), dtype=bool)
    hidden[3:6, 2:7] = True
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.where(hidden, 255, 0).astype(np.uint8)).save(tmp_path / "masks" / "a.png")
    done = apply_files(filler, tmp_path / "in.npz", tmp_path / "out", mask=tmp_path / "masks" / "a.png")
    for name, picture in zip(done.written, pixels, strict=True):
        found = read_picture(tmp_path / "out" / name).transpose(1, 2, 0)
        assert np.array_equal(found[~hidden], picture[~hidden])
        assert np.abs(found[hidden].astype(int) - picture[hidden]).max() > 5
    with pytest.raises(ValueError, match=r"expected one mask for the pictures of in.npz, found the folder .*; name it"):
        apply_files(filler, tmp_path / "in.npz", tmp_path / "other", mask=tmp_path / "masks")
    with pytest.raises(FileNotFoundError, match="expected a mask, or a folder of masks, at"):
        apply_files(filler, tmp_path / "in.npz", tmp_path / "other", mask=tmp_path / "nowhere")


def test_masks_that_are_missing_or_not_wanted_are_refused(filler: Run, tmp_path: Path) -> None:
    write_picture(tmp_path / "in" / "a.png", 8, 8)
    (tmp_path / "masks").mkdir()
    ((_, reason),) = apply_files(filler, tmp_path / "in", tmp_path / "out", mask=tmp_path / "masks").left_out
    assert "expected a mask called a in masks, found none" in reason
    with pytest.raises(FileNotFoundError, match="expected a mask, or a folder of masks, at"):
        apply_files(filler, tmp_path / "in", tmp_path / "out", mask=tmp_path / "nowhere")
    plain = complete(tmp_path / "plain", (3, 8, 8))
    with pytest.raises(ValueError, match="expected no mask for a model that was trained for compression"):
        apply_files(plain, tmp_path / "in", tmp_path / "out", mask=tmp_path / "masks")


def test_sources_get_a_folder_each_and_what_does_not_add_up_is_doubted(tmp_path: Path) -> None:
    architecture = ParallelDecoders(UNet((4, 6)))
    folder = write_run(
        tmp_path / "run", architecture, (3, 8, 8), task="separation", corruption=Mixing(), sources=("face", "mark")
    )
    write_picture(tmp_path / "in" / "a.png", 11, 9)
    done = apply_files(Run.open(folder), tmp_path / "in", tmp_path / "out", sheet=True)
    assert done.written == ("face/a.png", "mark/a.png", "before-and-after.png")
    ((name, reason),) = done.doubtful  # an untrained network's parts are no parts of anything
    assert name == "a.png"
    assert "likely no mixture of what the model was trained on" in reason


def test_what_the_mixture_leaves_over_always_adds_up_and_is_not_doubted(tmp_path: Path) -> None:
    folder = write_run(
        tmp_path / "run", MixtureComplement(UNet((4, 6))), (3, 8, 8), task="separation", corruption=Mixing(),
        sources=("face", "mark"),
    )  # fmt: skip
    write_picture(tmp_path / "in" / "a.png", 11, 9)
    done = apply_files(Run.open(folder), tmp_path / "in", tmp_path / "out")
    assert done.doubtful == ()
    for name in done.written:
        assert read_picture(tmp_path / "out" / name).shape == (3, 11, 9)


def test_a_mixture_of_what_was_learnt_is_not_doubted_and_another_picture_is(tmp_path: Path) -> None:
    """A model whose sources are an upper and a lower half, each of any brightness: two numbers and two patterns."""
    folder = write_run(
        tmp_path / "run", ParallelDecoders(Dense((), 2)), (1, 8, 8), task="separation", corruption=Mixing(),
        sources=("upper", "lower"),
    )  # fmt: skip
    patterns = torch.zeros(2, 8, 8)
    patterns[0, :4] = patterns[1, 4:] = 1.0
    model = load_model(folder / "models" / "improved-small-0")
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for parameter in weights.values():
            parameter.zero_()
        weights["project.weight"].copy_(2 * patterns.flatten(1) / 32)
        for place, pattern in enumerate(patterns):
            weights[f"decoder.decoders.{place}.layers.0.weight"][:, place] = pattern.flatten()
    save_model(folder / "models" / "improved-small-0", model, {})
    (tmp_path / "in").mkdir()
    mixture = (0.9 * patterns[0] + 0.4 * patterns[1]) / 2
    Image.fromarray((mixture * 255).round().byte().numpy()).save(tmp_path / "in" / "mixture.png")
    Image.fromarray(random_bytes(8, 8)).save(tmp_path / "in" / "ordinary.png")
    done = apply_files(Run.open(folder), tmp_path / "in", tmp_path / "out")
    assert [name for name, _ in done.doubtful] == ["ordinary.png"]
    found = read_picture(tmp_path / "out" / "upper" / "mixture.png")[0] / 255
    np.testing.assert_allclose(found, 0.9 * patterns[0], atol=2 / 255)
