from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from narrows.data import Pictures, read_picture, resize
from narrows.data.picture import as_size, parse_size, read_header, read_mask, read_transparent

from .layouts import random_bytes, write_picture


def test_lossless_pictures_come_back_as_they_are(tmp_path: Path) -> None:
    for name, grey in [("a.png", True), ("b.png", False), ("c.bmp", False), ("d.tif", False), ("e.ppm", False)]:
        pixels = write_picture(tmp_path / name, 4, 6, grey=grey)
        assert np.array_equal(read_picture(tmp_path / name), pixels), name
        assert read_header(tmp_path / name) == ((4, 6), 1 if grey else 3), name


def test_16_bit_greys_are_scaled_not_cut_off(tmp_path: Path) -> None:
    values = np.array([[0, 257, 65535], [128, 129, 32896]], dtype=np.uint16)
    for name in ("a.png", "a.tif"):
        Image.fromarray(values).save(tmp_path / name)
        assert read_picture(tmp_path / name).tolist() == [[[0, 1, 255], [0, 1, 128]]], name
        assert read_header(tmp_path / name).channels == 1


def test_what_is_transparent_is_laid_over_white(tmp_path: Path) -> None:
    colour = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], dtype=np.uint8)
    Image.fromarray(colour, "RGBA").save(tmp_path / "rgba.png")
    assert read_picture(tmp_path / "rgba.png").transpose(1, 2, 0).tolist() == [
        [[10, 20, 30], [255, 255, 255], [204, 204, 204]]
    ]
    grey = np.array([[[40, 255], [40, 0]]], dtype=np.uint8)
    Image.fromarray(grey, "LA").save(tmp_path / "la.png")
    assert read_picture(tmp_path / "la.png").tolist() == [[[40, 255]]]


def test_a_mask_is_what_is_bright_and_a_hole_what_is_more_transparent_than_not(tmp_path: Path) -> None:
    levels = np.array([[0, 127, 128, 255]], dtype=np.uint8)
    Image.fromarray(levels).save(tmp_path / "mask.png")
    assert read_mask(tmp_path / "mask.png").tolist() == [[False, False, True, True]]
    picture = Image.new("L", (4, 1), 200)
    picture.save(tmp_path / "whole.png")
    assert read_transparent(tmp_path / "whole.png") is None
    picture.putalpha(Image.fromarray(levels))
    picture.save(tmp_path / "holes.png")
    found = read_transparent(tmp_path / "holes.png")
    assert found is not None
    assert found.tolist() == [[True, True, False, False]]


def test_palettes_become_colours_with_their_transparent_entry(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 100, 50, 1, 2, 3])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.png", transparency=bytes([255, 0]))
    image.save(tmp_path / "c.gif", transparency=1)
    assert read_picture(tmp_path / "a.png")[:, 0].T.tolist() == [[200, 100, 50], [1, 2, 3]]
    assert read_picture(tmp_path / "b.png")[:, 0].T.tolist() == [[200, 100, 50], [255, 255, 255]]
    assert read_picture(tmp_path / "c.gif")[:, 0].T.tolist() == [[200, 100, 50], [255, 255, 255]]


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "red.tif")
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "red.jpg", quality=95)
    for name in ("red.tif", "red.jpg"):
        red, green, blue = read_picture(tmp_path / name)
        assert red.min() >= 250, name
        assert max(green.max(), blue.max()) <= 5, name


def test_a_camera_s_turn_is_undone(tmp_path: Path) -> None:
    pixels = np.zeros((32, 64), dtype=np.uint8)
    pixels[:, :32] = 255  # bright on the left; orientation 6 is shown turned clockwise: bright on top
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.jpg", exif=exif, quality=95)
    found = read_picture(tmp_path / "a.jpg")
    assert found.shape == (1, 64, 32)
    assert found[0, :32].min() > 240
    assert found[0, 32:].max() < 15
    assert read_header(tmp_path / "a.jpg") == ((64, 32), 1)
    assert read_picture(tmp_path / "a.jpg", size=(8, 4)).shape == (1, 8, 4)
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_picture(tmp_path / "a.png")[0], np.rot90(pixels, -1))
    assert read_header(tmp_path / "a.png") == ((64, 32), 1)


def test_black_and_white_is_grey(tmp_path: Path) -> None:
    Image.new("1", (3, 2), 1).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").tolist() == [[[255] * 3] * 2]


def test_channels_can_be_asked_for(tmp_path: Path) -> None:
    grey = write_picture(tmp_path / "grey.png", 4, 6, grey=True)
    write_picture(tmp_path / "colour.png", 4, 6)
    assert np.array_equal(read_picture(tmp_path / "grey.png", channels=3), np.repeat(grey, 3, axis=0))
    assert read_picture(tmp_path / "colour.png", channels=1).shape == (1, 4, 6)


def test_shrinking_averages_and_a_jpeg_decoded_small_looks_the_same(tmp_path: Path) -> None:
    checkers = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    Image.fromarray(checkers).save(tmp_path / "checkers.png")
    assert np.ptp(read_picture(tmp_path / "checkers.png", size=(8, 8))[0, 1:-1, 1:-1]) <= 2
    ramp = np.linspace(0, 255, 512).astype(np.uint8)[None].repeat(512, axis=0)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    Image.fromarray(ramp).save(tmp_path / "ramp.jpg", quality=95)
    small = [read_picture(tmp_path / name, size=(16, 16)).astype(int) for name in ("ramp.png", "ramp.jpg")]
    assert np.abs(small[0] - small[1]).max() <= 2


@pytest.mark.parametrize("mode", ["I", "F"])
def test_values_without_a_known_range_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (4, 4), 70_000).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match=rf"no known range \(mode {mode}\): store it with 8 or 16 bits"):
        read_picture(tmp_path / "a.tif")


def test_only_the_formats_that_pillow_decodes_itself_are_opened(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    with pytest.raises(OSError, match="cannot identify"):
        read_picture(tmp_path / "a.png")


def test_resizing_sets_keeps_labels_and_constant_planes() -> None:
    images = np.stack([np.full((2, 4, 6), value, dtype=np.uint8) for value in (7, 200)])
    resized = resize(Pictures(images, np.array([1, 0])), (5, 3))
    assert resized.images.shape == (2, 2, 5, 3)
    assert resized.labels is not None
    assert resized.labels.tolist() == [1, 0]
    assert (resized.images[0] == 7).all()
    assert (resized.images[1] == 200).all()


@pytest.mark.parametrize("size", [(32, 32), (9, 40), (5, 3), (17, 11), (30, 23)])
def test_pictures_of_a_set_are_resized_as_pillow_resizes_each_alone(size: tuple[int, int]) -> None:
    images = random_bytes(3, 3, 17, 23)
    resized = resize(Pictures(images), size).images
    for picture, found in zip(images, resized, strict=True):
        alone = [np.asarray(Image.fromarray(plane).resize(size[::-1], Image.Resampling.BILINEAR)) for plane in picture]
        np.testing.assert_array_equal(found, np.stack(alone))


def test_resizing_to_the_own_size_or_none_changes_nothing() -> None:
    pictures = Pictures(random_bytes(2, 1, 4, 6))
    assert resize(pictures, (4, 6)) is pictures
    assert resize(pictures, None) is pictures


def test_a_size_is_one_number_or_two() -> None:
    assert as_size(5) == (5, 5)
    assert as_size((5, 6)) == (5, 6)
    assert as_size(None) is None
    assert parse_size("96") == (96, 96)
    assert parse_size("96,128") == (96, 128)
    with pytest.raises(ValueError, match="at least 1 x 1 pixels, found 0 x 0"):
        as_size(0)


@pytest.mark.parametrize("text", ["", "big", "64.5", "0", "4,5,6", "-3"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a size"):
        parse_size(text)
