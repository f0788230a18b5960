"""Arrays to pixels and pixels to files."""

import io

import numpy as np
import pytest
from PIL import Image

from narrows.report.raster import near_square, png, signed, unit_grid


@pytest.mark.parametrize(
    ("number", "shape"),
    [(1, (1, 1)), (2, (1, 2)), (3, (2, 2)), (10, (3, 4)), (30, (5, 6)), (64, (8, 8)), (128, (11, 12)),
     (256, (16, 16)), (512, (23, 23)), (1156, (34, 34))],
)  # fmt: skip
def test_a_grid_is_near_square_and_holds_all(number: int, shape: tuple[int, int]) -> None:
    assert near_square(number) == shape
    assert shape[0] * shape[1] >= number


def test_fields_beyond_the_last_unit_stay_clear() -> None:
    grid = unit_grid(np.ones(3), 1.0, two_sided=False)
    assert grid.shape == (2, 2, 4)
    assert grid[..., 3].tolist() == [[255, 255], [255, 0]]


@pytest.mark.parametrize("size", [20, 400])
def test_a_file_holds_the_pixels_whether_it_has_a_palette_or_not(size: int) -> None:
    weights = np.random.default_rng(0).standard_normal((1, size, size))
    coded = np.concatenate([signed(weights, 3.0), np.full((size, size, 1), 255, np.uint8)], -1)
    coded[0] = 0
    many = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    for pixels in (coded, many):
        found = Image.open(io.BytesIO(png(pixels)))
        assert found.mode == ("P" if size == 400 and pixels is coded else "RGBA" if pixels is coded else "RGB")
        assert np.array_equal(np.asarray(found.convert("RGBA"))[..., : pixels.shape[2]], pixels)
