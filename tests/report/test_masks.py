"""Under masks: tables, sentences, curves and pictures, and what hands its input back."""

from pathlib import Path

import numpy as np
import pytest

from narrows.files import write_json
from narrows.report import write_report
from narrows.report.page import Gallery, Line, Plot, Section, Table
from narrows.report.raster import heat, photograph
from narrows.report.sections.summary import answer
from narrows.report.subject import read_subject
from narrows.results import Result, open_run, slug, write_arrays

from .small import page_of, row, section, texts, write_small

ONE, AT_2, BETTER = "as reported, net", "as reported, net, trained at 0.2", "improved, pixels"
FILL, MEAN = "linear interpolation", "mean picture"
PIXELS = {  # ssim at 0.2 and at 0.4, mse on hidden pixels, mse on visible ones
    ONE: ((0.30, 0.25), (0.05, 0.05), 0.05),
    AT_2: ((0.35, 0.20), (0.04, 0.06), 0.05),
    BETTER: ((0.90, 0.80), (0.001, 0.002), 0.0),
    "PCA, code 2": ((0.40, 0.30), (0.03, 0.04), 0.03),
    MEAN: ((0.20, 0.20), (0.0004, 0.0004), 0.06),
    "input": ((0.99, 0.98), (0.3, 0.3), 0.0),
    FILL: ((0.85, 0.85), (0.01, 0.004), 0.0),
}
"""The mean picture's error is planted below every other's: it keeps nothing visible, so it is no fill to beat."""


def figures(condition: str, place: int, seed: int = 0) -> list[Result]:
    rows = []
    for arm, (ssim, hidden, visible) in PIXELS.items():
        stated = {
            ("", "ssim"): ssim[place] + 0.02 * seed,
            ("", "mse"): 0.1,
            ("", "threshold_accuracy"): 0.5,
            (" pixels=hidden", "mse"): hidden[place],
            (" pixels=hidden", "psnr"): -10 * float(np.log10(hidden[place])),
            (" pixels=visible", "mse"): visible,
        }
        rows += [
            row(arm, value, seed=seed, condition=condition + pixels)._replace(metric=metric)
            for (pixels, metric), value in stated.items()
        ]
    return rows


def write_masked(folder: Path, rows: list[Result] | None = None) -> Path:
    shares = [(f"hidden={ratio}{patch}", place) for patch in ("", " patch=8") for place, ratio in enumerate((0.2, 0.4))]
    write_small(folder, [entry for share in shares for entry in figures(*share)] if rows is None else rows)
    trained: dict[str, object] = {ONE: [0.2, 0.8], AT_2: 0.2, BETTER: [0.1, 0.9]}
    arms = [
        {"name": arm, "description": {"corruption": {"type": "PixelMask", "ratio": trained[arm]}}} for arm in trained
    ]
    write_json(folder / "experiment.json", {"name": "small", "arms": arms})
    return folder


def masks(folder: Path) -> Section:
    return section(page_of(folder), "masks")


def test_a_table_a_kind_of_mask_marks_the_best_and_the_input_does_not_compete(tmp_path: Path) -> None:
    pixels, patches = masks(write_masked(tmp_path)).blocks[:2]
    assert isinstance(pixels, Table)
    assert isinstance(patches, Table)
    assert [column.label for column in pixels.columns] == ["arm", "20\u202f% hidden", "40\u202f% hidden"]
    assert [group.label for group in pixels.groups] == ["As reported", "Improved", "Baselines"]
    assert texts(pixels)[BETTER] == ["0.9000", "0.8000"]
    cells = {line[0].text: line[1:] for group in pixels.groups for line in group.rows}
    # An mse of 0.001 is 30 dB.
    assert cells[BETTER][0].note == "30 dB"
    assert [(arm, [cell.best for cell in line]) for arm, line in cells.items() if any(cell.best for cell in line)] == [
        (BETTER, [True, False]),
        (FILL, [False, True]),
    ]
    assert "the share that is hidden as single pixels. One seed." in pixels.caption
    assert "as 8\u00a0\u00d7\u00a08 patches." in patches.caption


def test_the_table_carries_the_spread_of_its_seeds(tmp_path: Path) -> None:
    rows = [*figures("hidden=0.2", 0), *figures("hidden=0.2", 0, seed=1)]
    table = masks(write_masked(tmp_path, rows)).blocks[0]
    assert isinstance(table, Table)
    # Two seeds 0.02 apart: the half-width is t(0.975, 1) * 0.01414 / sqrt(2) = 0.127.
    assert texts(table)[BETTER] == ["0.91 ± 0.13"]
    assert "over 2 seeds" in table.caption


def test_the_lead_is_told_in_decibels_of_the_error_on_hidden_pixels(tmp_path: Path) -> None:
    lead = masks(write_masked(tmp_path)).lead
    # 10 log10(0.01 / 0.001) = 10 dB ahead of the fill at 0.2, which is 10 log10(0.002 / 0.004) = 3 dB behind at 0.4.
    assert lead.startswith(
        f"With single pixels hidden “{BETTER}” is best at 20\u202f%, its mse on hidden pixels 10 dB below that of the"
        f" best fill that learns nothing (“{FILL}”); “{FILL}”, which learns nothing, is best at 40\u202f%, its mse on"
        f" hidden pixels 3.0 dB above that of the best trained arm (“{BETTER}”). With 8\u00a0\u00d7\u00a08 patches"
    )


def test_a_lead_over_several_shares_is_a_span(tmp_path: Path) -> None:
    raised = [
        entry._replace(value=0.95) if (entry.arm, entry.metric) == (BETTER, "ssim") else entry
        for place in (0, 1)
        for entry in figures(f"hidden=0.{place + 1}", place)
    ]
    lead = masks(write_masked(tmp_path, raised)).lead
    assert f"“{BETTER}” is best at every share, its mse on hidden pixels 3.0 to 10 dB below" in lead
    behind = [entry._replace(value=0.02) if (entry.arm, entry.value) == (BETTER, 0.002) else entry for entry in raised]
    lead = masks(write_masked(tmp_path, behind)).lead
    # 10 log10(0.004 / 0.02) = -7 dB.
    assert "its mse on hidden pixels from 7.0 dB above to 10 dB below that" in lead


def test_other_figures_stand_folded_and_visible_pixels_have_no_best(tmp_path: Path) -> None:
    folded = [block for block in masks(write_masked(tmp_path)).blocks if isinstance(block, Table) and block.fold]
    assert [table.fold for table in folded[:4]] == [
        "single pixels hidden · mse · test",
        "single pixels hidden · mse, hidden pixels · test",
        "single pixels hidden · mse, visible pixels · test",
        "single pixels hidden · within 0.1 · test",
    ]
    assert len(folded) == 8
    best = [
        [line[0].text for group in table.groups for line in group.rows for cell in line if cell.best]
        for table in folded[:4]
    ]
    assert best[1] == [MEAN, MEAN]
    assert best[2] == []
    assert texts(folded[2])[ONE] == ["0.05000", "0.05000"]


def test_curves_are_drawn_once_for_each_kind_of_mask(tmp_path: Path) -> None:
    page = page_of(write_masked(tmp_path))
    (plot,) = [block for part in page.sections for block in part.blocks if getattr(block, "name", "") == "over-hidden"]
    assert isinstance(plot, Plot)
    assert "conditions" not in [part.anchor for part in page.sections]
    assert [(panel.title, panel.y_label) for panel in plot.panels] == [
        ("single pixels", "psnr, hidden pixels (dB)"),
        ("8\u00a0\u00d7\u00a08 patches", "psnr, hidden pixels (dB)"),
        ("single pixels", "ssim"),
        ("8\u00a0\u00d7\u00a08 patches", "ssim"),
    ]
    lines = [mark for mark in plot.panels[2].marks if isinstance(mark, Line)]
    assert {line.label: line.y.tolist() for line in lines}[FILL] == [0.85, 0.85]
    assert plot.claim.startswith(f"With 40\u202f% hidden as single pixels “{MEAN}” has the highest psnr")


def test_hidden_and_visible_pixels_stand_in_this_section_alone(tmp_path: Path) -> None:
    write_masked(tmp_path, [*figures("hidden=0.2", 0), row(ONE, 1.0, condition="pixels=hidden")])
    folds = [block.fold for block in section(page_of(tmp_path), "results").blocks if isinstance(block, Table)]
    assert folds == ["", "reconstruction · pixels=hidden each arm's own input · test"]


def write_pictures(folder: Path, arm: str, wrong: float) -> None:
    """Three white pictures of 2 x 2, their left half hidden.

    Answers are too dark, by 0.05 where visible and by `wrong` where hidden; by twice that under the second mask.
    """
    target = np.ones((3, 1, 2, 2), np.float32)
    hidden = np.zeros((2, 3, 1, 2, 2), bool)
    hidden[..., 0] = True
    given = np.where(hidden, 0, target).astype(np.float32)
    twice = np.array([1, 2]).reshape(2, 1, 1, 1, 1)
    arrays = {
        "conditions": np.array(["hidden=0.2", "hidden=0.4"]),
        "index": np.array([4, 5, 6]),
        "target": target,
        "input": given,
        "hidden": hidden,
        "reconstruction": np.where(hidden, 1 - wrong * twice, 0.95 * target).astype(np.float32),
    }
    write_arrays(folder / "arrays" / slug(arm, 0) / "under_masks.npz", arrays)


def test_pictures_carry_the_decibels_of_their_hidden_pixels(tmp_path: Path) -> None:
    write_masked(tmp_path)
    for arm, wrong in ((ONE, 0.5), (AT_2, 0.2), (BETTER, 0.1), (FILL, 0.01), (MEAN, 0.3), ("input", 1.0)):
        write_pictures(tmp_path, arm, wrong)
    galleries = [block for block in masks(tmp_path).blocks if isinstance(block, Gallery)]
    one, first, last = galleries
    assert [gallery.fold for gallery in galleries] == [
        "",
        "pictures with 20\u202f% hidden as single pixels",
        "pictures with 40\u202f% hidden as single pixels",
    ]
    assert one.heads == ("20\u202f%", "40\u202f%")
    assert last.heads == ("no. 4", "no. 5", "no. 6")
    assert [strip.label for strip in one.strips] == ["clean", "masked input", ONE, BETTER, FILL]
    # On hidden pixels alone: wrong by 1 is 0 dB, by 0.5 is 6.02 dB, by 0.1 is 20 dB, and twice as wrong 6.02 dB less.
    assert [[picture.caption for picture in strip.pictures] for strip in one.strips[1:]] == [
        ["0", "0"], ["6.02", "0"], ["20.0", "14.0"], ["40.0", "34.0"],
    ]  # fmt: skip
    assert f"“{FILL}” fills them in with 40.0 to 34.0 dB." in one.claim
    assert f"“{FILL}” comes closest on these 3 pictures: 34.0 dB on hidden pixels." in last.claim
    assert [strip.label or strip.note for strip in first.strips] == [
        "clean", "masked input", ONE, "absolute error", BETTER, "absolute error", FILL,
    ]  # fmt: skip
    black = first.strips[1].pictures[0].pixels
    assert black.tolist() == photograph(np.array([[[0.0, 1.0], [0.0, 1.0]]])).tolist()
    # The largest error of all, 0.5, ends the scale; the improved arm's 0.1 is a fifth of it.
    assert first.scale is not None
    assert first.scale.high == "0.50"
    expected = heat(np.array([[[0.1, 0.05], [0.1, 0.05]]]), 0.5)
    np.testing.assert_array_equal(first.strips[5].pictures[0].pixels, expected)


def test_its_figures_lie_beside_the_page(tmp_path: Path) -> None:
    write_masked(tmp_path)
    write_pictures(tmp_path, BETTER, 0.1)
    html = write_report(tmp_path).read_text(encoding="utf-8")
    names = {path.stem for path in (tmp_path / "figures").glob("*.svg")}
    assert names == {"over-hidden", "masked-pixels", "masked-pixels-0", "masked-pixels-1"}
    assert f"absolute error of {BETTER}, picture 6" in html


def test_what_hands_its_input_back_is_never_the_best(tmp_path: Path) -> None:
    rows = [row(ONE, 2.0), row(BETTER, 1.0), row(FILL, 0.0)]
    distances = {ONE: 0.5, BETTER: 0.5, FILL: 0.0}
    facts = [row(arm, value, evaluation="checks")._replace(metric="input_distance") for arm, value in distances.items()]
    write_small(tmp_path, [*rows, *facts])
    assert best_of_results(tmp_path) == [BETTER]
    # Where something was hidden the fill's output is not its input, and it competes.
    write_small(tmp_path, [*rows, *(fact._replace(value=0.5) for fact in facts)])
    assert best_of_results(tmp_path) == [FILL]


def best_of_results(folder: Path) -> list[str]:
    table = section(page_of(folder), "results").blocks[0]
    assert isinstance(table, Table)
    return [line[0].text for group in table.groups for line in group.rows if any(cell.best for cell in line)]


def test_arms_are_judged_on_whole_pictures(tmp_path: Path) -> None:
    conditions = ("hidden=0.2", "hidden=0.2 pixels=hidden", "hidden=0.2 pixels=visible", "pixels=hidden", "")
    subject = read_subject(
        open_run(write_masked(tmp_path, [row(arm, 1.0, condition=name) for arm in PIXELS for name in conditions]))
    )
    assert subject.condition == "hidden=0.2"
    assert not subject.comparable("pixels=hidden")
    assert "at hidden=0.2." in answer(subject)[0]


@pytest.mark.parametrize("condition", ["", "noise=0.5", "pixels=hidden", "hidden=0.2 noise=0.5"])
def test_other_conditions_make_no_such_section(tmp_path: Path, condition: str) -> None:
    page = page_of(write_small(tmp_path, [row(ONE, 1.0, condition=condition)]))
    assert "masks" not in [part.anchor for part in page.sections]


def test_the_answer_names_the_best_that_learns_nothing_and_does_not_hand_its_input_back(tmp_path: Path) -> None:
    errors = {BETTER: 1.0, MEAN: 9.0, FILL: 2.0, "input": 0.5}
    folder = write_masked(tmp_path, [row(arm, value, condition="hidden=0.2") for arm, value in errors.items()])
    assert answer(read_subject(open_run(folder)))[-1] == f"The best that learns nothing, “{FILL}”, gives 2."
