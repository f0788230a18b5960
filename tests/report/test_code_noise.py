"""Noise on the code, and what lies between codes: figures and pictures whose answer is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from narrows.report.colours import CLASS_HUES
from narrows.report.page import Gallery, Line, Page, Plot, Table
from narrows.results import Result, slug, write_arrays

from .small import BETTER, PCA, TEN, page_of, row, section, texts, write_small

ERRORS = {TEN: (0.02, 0.08, 0.05), BETTER: (0.03, 0.05, 0.09), PCA: (0.04, 0.07, 0.06)}
"""Without noise, under one spread of it, and under 5 in the code's own unit."""
SPREADS = {TEN: 5.0, BETTER: 1.0, PCA: 2.0}


def stated(arm: str, value: float, condition: str, metric: str = "mse") -> Result:
    return row(arm, value, evaluation="code_noise", condition=condition)._replace(metric=metric)


@pytest.fixture
def page(tmp_path: Path) -> Page:
    rows = []
    for arm, (clean, one, five) in ERRORS.items():
        rows += [stated(arm, clean, f"code_noise=0.0 unit={unit}") for unit in ("spread", "absolute")]
        rows.append(stated(arm, one, "code_noise=1.0 unit=spread"))
        rows.append(stated(arm, 10 * one, "code_noise=1.0 unit=spread", "recognised"))
        rows.append(stated(arm, five, "code_noise=5.0 unit=absolute"))
    write_small(tmp_path, rows)
    for arm, spread in SPREADS.items():
        folder = tmp_path / "arrays" / slug(arm, 0)
        write_arrays(folder / "code_noise.npz", noisy_arrays(spread))
        write_arrays(folder / "manifold.npz", manifold_arrays(spread / 10))
    return page_of(tmp_path)


def noisy_arrays(spread: float) -> dict[str, Any]:
    """Two black pictures; answers without noise grey of 0.1, under noise of 0.5, draw by draw a little lighter."""
    black = np.zeros((2, 1, 2, 2), np.float32)
    noisy = black[:, None] + 0.5 + np.arange(5, dtype=np.float32).reshape(1, 5, 1, 1, 1) / 10
    return {
        "index": np.array([3, 7]),
        "original": black,
        "reconstruction": black + np.float32(0.1),
        "deviation": np.array([spread, spread]),
        "absolute_amounts": np.array([5.0]),
        "absolute": noisy[None],
        "spread_amounts": np.array([1.0]),
        "spread": noisy[None],
    }


def manifold_arrays(distance: float) -> dict[str, Any]:
    """One pair and two numbers, of which the second moves the picture more; three pictures on a map."""
    black = np.zeros((1, 2, 2), np.float32)
    return {
        "pairs": np.array([[3, 7]]),
        "codes_between": np.stack([black] * 3)[None],
        "pixels_between": np.stack([black] * 3)[None],
        "codes_distance": np.array([[0.0, distance, 0.0]]),
        "pixels_distance": np.array([[0.0, 0.7, 0.0]]),
        "walked": np.array(3),
        "percentiles": np.array([2, 98]),
        "walk_values": np.array([[-1.0, 1.5], [0.0, 2.5]]),
        "walks": np.stack([np.stack([black, black + top]) for top in (np.float32(0.2), np.float32(0.9))]),
        "positions": np.array([[0.0, 0.0], [0.5, 1.0], [1.0, 0.4]], np.float32),
        "labels": np.array([0, 1, 2]),
        "across": np.array(4),
        "thumbnail_index": np.array([0, 1]),
        "thumbnails": np.stack([black + np.float32(0.25), black + np.float32(0.5)]),
    }


def test_curves_begin_at_the_error_without_noise(page: Page) -> None:
    plot = section(page, "code-noise").blocks[0]
    assert isinstance(plot, Plot)
    curves = {line.label: (line.x.tolist(), line.y.tolist()) for line in plot.panels[0].marks if isinstance(line, Line)}
    assert curves == {arm: ([0.0, 1.0], [clean, one]) for arm, (clean, one, _) in ERRORS.items()}
    assert (
        plot.claim == f"“{TEN}” has the least error without noise: mse 0.0200; “{BETTER}” has the least error at 1"
        " spread: mse 0.0500."
    )


def test_only_amounts_in_spreads_have_a_best_arm(page: Page) -> None:
    _, spread, absolute, *_ = section(page, "code-noise").blocks
    assert isinstance(spread, Table)
    assert isinstance(absolute, Table)
    assert texts(spread)[PCA] == ["0.04000", "0.07000"]
    best = {
        table.fold: [
            [cell.best for cell in line[1:]] for group in table.groups for line in group.rows if line[0].text == BETTER
        ]
        for table in (spread, absolute)
    }
    assert best == {"": [[False, True]], "the same in the code's own unit": [[False, False]]}
    notes = {line[0].text: [cell.note for cell in line[1:]] for group in absolute.groups for line in group.rows}
    assert notes == {TEN: ["", "1 spreads"], BETTER: ["", "5 spreads"], PCA: ["", "2.5 spreads"]}
    assert spread.groups[0].rows[0][2].note == "80\u202f% recognised"


def test_the_code_noise_stands_in_no_other_table(page: Page) -> None:
    folds = [block.fold for block in section(page, "results").blocks if isinstance(block, Table)]
    assert not any("code_noise" in fold for fold in folds)


def test_each_picture_is_shown_without_and_with_noise_beside_the_original(page: Page) -> None:
    *_, spread, absolute, draws = section(page, "code-noise").blocks
    assert isinstance(spread, Gallery)
    assert isinstance(absolute, Gallery)
    assert isinstance(draws, Gallery)
    assert spread.heads == ("original", "no noise", "1")
    assert [(strip.label, strip.note) for strip in spread.strips] == [
        (arm, f"picture {number}") for number in (3, 7) for arm in (PCA, TEN, BETTER)
    ]
    assert [picture.caption for picture in spread.strips[0].pictures] == ["", "0.010", "0.25"]
    assert "2 in “PCA, code 2”, 5 in “as reported, code 2”, 1 in “improved, code 2”" in absolute.claim
    assert [picture.caption for picture in draws.strips[0].pictures[2:]] == ["0.25", "0.36", "0.49", "0.64", "0.81"]
    assert "spread by 1 to 5 in their own units" in section(page, "code-noise").lead


def test_the_way_between_two_pictures_stands_beside_the_blend_of_their_pixels(page: Page) -> None:
    way = section(page, "manifold").blocks[0]
    assert isinstance(way, Gallery)
    assert [strip.label for strip in way.strips] == ["blend of pixels", PCA, TEN, BETTER]
    assert way.claim == (
        "Halfway between two pictures, decoded codes lie at an mse of 0.10 to 0.50 from the nearest real picture,"
        " the blend of pixels at 0.70."
    )
    assert way.heads == ("0", "0.50", "1")


def test_walks_say_which_number_moves_the_picture_most(page: Page) -> None:
    _, last, *others, _ = section(page, "manifold").blocks
    assert isinstance(last, Gallery)
    assert last.claim == f"In “{BETTER}” number 2 of the code moves the picture most."
    assert [picture.caption for picture in last.strips[1].pictures] == ["0", "2.5"]
    assert [getattr(block, "fold", "") for block in others] == [f"the same of “{arm}”" for arm in (PCA, TEN)]


def test_the_map_has_its_thumbnails_where_their_codes_are(page: Page) -> None:
    drawn = section(page, "manifold").blocks[-1]
    assert isinstance(drawn, Gallery)
    pixels = drawn.strips[0].pictures[0].pixels
    # 4 thumbnails of 2 x 2 and a margin of half of one on each side; the second axis points up
    assert pixels.shape == (10, 10, 4)
    assert pixels[8:, :2, 0].tolist() == [[64, 64], [64, 64]]
    assert pixels[:2, 4:6, 0].tolist() == [[128, 128], [128, 128]]
    assert pixels[5, 9].tolist() == [*bytes.fromhex(CLASS_HUES[2][1:]), 255]  # the third picture is a dot
    assert not pixels[:4, :4].any()


def test_runs_without_noisy_codes_have_neither_section(tmp_path: Path) -> None:
    anchors = {part.anchor for part in page_of(write_small(tmp_path, [row(TEN, 1.0)])).sections}
    assert not anchors & {"code-noise", "manifold"}
