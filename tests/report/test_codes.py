"""Codes of single pictures as grids, how many units are active, and what that costs; filters unit by unit."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from narrows.files import write_json
from narrows.report.page import Gallery, Plot, Table
from narrows.results import Result, slug, write_arrays

from .small import BETTER, TEN, page_of, row, section, texts, write_small

ARMS = {TEN: (0.5, 90.0), BETTER: (40.0, 4.0), "compared, wide": (10.0, 8.0), "compared, all": (1156.0, 6.0)}
"""Active units and squared error."""


def write_active(folder: Path, arms: dict[str, tuple[float, float]]) -> Path:
    rows: list[Result] = []
    for arm, (active, error) in arms.items():
        rows.append(row(arm, error))
        checked = row(arm, active, evaluation="checks")
        rows += [checked._replace(metric="active_units"), checked._replace(metric="dead_units", value=0.25)]
    write_small(folder, rows)
    write_json(folder / "experiment.json", {"arms": [{"name": arm, "code_numbers": 1156} for arm in arms]})
    return folder


def write_codes(folder: Path, arm: str, codes: NDArray[Any]) -> None:
    target = np.zeros((len(codes), 1, 4, 4), np.float32)
    shown: dict[str, NDArray[Any]] = {"index": np.arange(len(codes)), "target": target, "reconstruction": target,
                                      "error": np.zeros(len(codes))}  # fmt: skip
    write_arrays(folder / "arrays" / slug(arm, 0) / "reconstruction.npz", shown)
    write_arrays(folder / "arrays" / slug(arm, 0) / "codes.npz", {"example_codes": codes})


def test_codes_become_near_square_grids_with_a_scale_of_their_own(tmp_path: Path) -> None:
    write_small(tmp_path, [row(TEN, 1.0), row(BETTER, 1.0)])
    wide, signed = np.zeros((2, 1156), np.float32), np.zeros((2, 30), np.float32)
    wide[0, :3] = 2.5
    signed[:, 0] = -1.5
    write_codes(tmp_path, TEN, wide)
    write_codes(tmp_path, BETTER, signed)
    (gallery,) = section(page_of(tmp_path), "codes").blocks
    assert isinstance(gallery, Gallery)
    _, first, second = gallery.strips
    assert [strip.note for strip in (first, second)] == ["1156 units, up to 2.5", "30 units, up to 1.5"]
    assert first.pictures[0].pixels.shape == (34, 34, 4)
    assert second.pictures[0].pixels.shape == (5, 6, 4)
    assert [picture.caption for picture in first.pictures] == ["3", "0"]
    grid = first.pictures[0].pixels
    assert (grid[..., 3] == 255).sum() == 3  # where nothing is active, the page's ground
    assert second.pictures[0].pixels[0, 0].tolist() == [0, 114, 178, 255]
    assert gallery.claim == f"On these pictures “{TEN}” has 0.13\u202f% of its units active, “{BETTER}” 3.3\u202f%."


def test_active_and_dead_units_stand_beside_the_error(tmp_path: Path) -> None:
    table = section(page_of(write_active(tmp_path, ARMS)), "codes").blocks[0]
    assert isinstance(table, Table)
    assert texts(table)[BETTER] == ["1156", "40", "25\u202f%", "4"]


def test_the_error_over_active_units_leaves_out_what_collapsed(tmp_path: Path) -> None:
    plot = section(page_of(write_active(tmp_path, ARMS)), "codes").blocks[-1]
    assert isinstance(plot, Plot)
    assert plot.claim == (
        f"Of 1156 units, 40 active give the best squared error, 4 (“{BETTER}”);"
        " the fewest, 10, give 8 (“compared, wide”)."
    )
    assert plot.caption.endswith(f"Left out, with less than one active unit a picture: “{TEN}”.")
    assert len(plot.panels[0].marks) == 3


def test_two_counts_of_active_units_make_no_figure(tmp_path: Path) -> None:
    few = {arm: ARMS[arm] for arm in (BETTER, "compared, wide")}
    (table,) = section(page_of(write_active(tmp_path, few)), "codes").blocks
    assert isinstance(table, Table)


def test_dense_codes_make_no_figure_of_active_units(tmp_path: Path) -> None:
    dense = {TEN: (800.0, 9.0), BETTER: (1156.0, 4.0), "compared, wide": (1000.0, 8.0)}
    (table,) = section(page_of(write_active(tmp_path, dense)), "codes").blocks
    assert isinstance(table, Table)


def test_a_wide_layer_is_shown_whole_behind_a_fold_and_two_of_its_units_enlarged(tmp_path: Path) -> None:
    write_small(tmp_path, [row(TEN, 1.0), row(BETTER, 1.0)])
    random = np.random.default_rng(0)
    for arm, units in ((TEN, 1156), (BETTER, 64)):
        weights = random.standard_normal((units, 1, 28, 28)).astype(np.float32)
        write_arrays(tmp_path / "arrays" / slug(arm, 0) / "filters.npz", {"first_layer": weights})
    first, single, whole = section(page_of(tmp_path), "filters").blocks
    assert isinstance(first, Gallery)
    assert isinstance(single, Gallery)
    assert isinstance(whole, Gallery)
    assert [picture.pixels.shape for picture in first.strips[0].pictures] == [(231, 231, 4)] * 2
    assert [picture.pixels.shape for picture in single.strips[0].pictures] == [(84, 174, 4)] * 2
    assert whole.strips[0].pictures[0].pixels.shape == (985, 985, 4)
    assert (whole.fold, whole.exact) == (f"all 1156 units of {TEN}", True)


def test_filters_as_large_as_photographs_are_not_shown_whole(tmp_path: Path) -> None:
    write_small(tmp_path, [row(TEN, 1.0)])
    weights = np.random.default_rng(0).standard_normal((512, 3, 64, 64)).astype(np.float32)
    write_arrays(tmp_path / "arrays" / slug(TEN, 0) / "filters.npz", {"first_layer": weights})
    (first,) = section(page_of(tmp_path), "filters").blocks
    assert isinstance(first, Gallery)
    assert len(first.strips[0].pictures) == 1
