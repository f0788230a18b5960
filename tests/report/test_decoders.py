"""Decoder weights as grids, and their root mean square beside each other."""

from pathlib import Path

import numpy as np

from narrows.report.page import Gallery, Table
from narrows.results import slug, write_arrays

from .small import BETTER, TEN, page_of, row, section, texts, write_small


def write_kernels(folder: Path) -> Path:
    write_small(folder, [row(TEN, 1.0), row(BETTER, 1.0)])
    deep, last = np.full((3, 5, 3, 3), 0.5, np.float32), np.zeros((1, 3, 4, 4), np.float32)
    deep[1, 2, 0, 0] = -2.0
    last[0, 0] = 1.0
    ours = {"first_layer": np.ones((2, 1, 3, 3), np.float32), "decoder_1": deep, "decoder_0": last}
    write_arrays(folder / "arrays" / slug(TEN, 0) / "filters.npz", ours)
    write_arrays(folder / "arrays" / slug(BETTER, 0) / "filters.npz", {"decoder_0": 0.1 * np.ones((1, 3, 4, 4))})
    return folder


def test_the_size_of_every_stage_stands_under_that_of_the_same_stage(tmp_path: Path) -> None:
    table = section(page_of(write_kernels(tmp_path)), "decoders").blocks[0]
    assert isinstance(table, Table)
    # 134 weights of 0.5 and one of -2; 16 of 48 are 1
    deep, last = ((134 * 0.25 + 4) / 135) ** 0.5, (1 / 3) ** 0.5
    assert texts(table)[TEN] == [f"{deep:.3f}", f"{last:.3f}"]
    assert texts(table)[BETTER] == ["\u2013", "0.100"]
    assert [cell.note for cell in table.groups[0].rows[0][1:3]] == ["5 to 3, 3 \u00d7 3", "3 to 1, 4 \u00d7 4"]


def test_a_row_of_tiles_is_what_one_channel_is_made_of(tmp_path: Path) -> None:
    gallery = section(page_of(write_kernels(tmp_path)), "decoders").blocks[1]
    assert isinstance(gallery, Gallery)
    assert gallery.heads == ("last stage but 1", "last stage")
    assert [[picture.caption for picture in strip.pictures] for strip in gallery.strips] == [
        ["5 to 3, 3 \u00d7 3", "3 to 1, 4 \u00d7 4"],
        ["\u2013", "3 to 1, 4 \u00d7 4"],
    ]
    pixels = gallery.strips[0].pictures[0].pixels
    assert pixels.shape == (3 * 10 - 1, 5 * 10 - 1, 4)
    blue = (pixels[..., :3] == (0, 114, 178)).all(-1)
    rows, columns = np.nonzero(blue)
    # the one negative weight: of the second channel made, from the third given, at the kernel's upper left
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 12, 20, 22)
    assert gallery.strips[0].pictures[1].pixels.shape == (2 * 9 - 1, 2 * 9 - 1, 4)
    assert gallery.claim == (
        f"In the last stage “{TEN}” has the largest weights, 0.577 in root mean square, “{BETTER}” the smallest, 0.100."
    )


def test_a_run_without_kernels_has_no_such_section(tmp_path: Path) -> None:
    page = page_of(write_small(tmp_path, [row(TEN, 1.0)]))
    assert "decoders" not in [found.anchor for found in page.sections]
