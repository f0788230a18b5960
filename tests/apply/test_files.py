from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from narrows import Run
from narrows.apply import apply_files
from narrows.corruption import Mixing, PixelMask
from narrows.data import read_picture
from narrows.models import InpaintingUNet, ParallelDecoders, UNet

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


def test_arrays_may_hold_what_no_file_does(tmp_path: Path) -> None:
    run = complete(tmp_path / "run", (1, 6, 6))
    np.save(tmp_path / "in.npy", random_bytes(2, 7, 9) / 255)
    done = apply_files(run, tmp_path / "in.npy", tmp_path / "out")
    assert done.written == ("00000.png", "00001.png")
    np.save(tmp_path / "out.npy", random_bytes(2, 7, 9) / 100)
    ((_, reason), _) = apply_files(run, tmp_path / "out.npy", tmp_path / "other").left_out
    assert "expected values from 0 to 1" in reason


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
