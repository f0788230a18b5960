"""Sources told apart: tables of each, the formula, the panels, and curves of what each adds to the loss."""

from pathlib import Path

import numpy as np
import pytest

from narrows.files import write_json
from narrows.report import write_report
from narrows.report.numbers import MISSING
from narrows.report.page import Gallery, Panel, Plot, Section, Table
from narrows.results import HistoryRow, Reported, slug, write_arrays, write_rows

from .small import page_of, row, section, texts, write_small

ONE, BETTER = "as reported, two decoders", "improved, formula"
ARMS = {ONE: (20.0, 15.0), BETTER: (30.0, 31.0), "input": (14.0, 12.0), "mean picture": (13.0, 13.0)}
"""The psnr of both sources."""
WAYS = {
    "first=decoded mixture=exact": 30.0,
    "first=decoded mixture=8bit": 29.5,
    "first=true mixture=8bit": 51.0,
    "first=decoded mixture=exact clamped=yes": 30.4,
}


def write_separated(folder: Path) -> Path:
    rows = [
        row(arm, value, condition=condition)._replace(metric=metric)
        for arm, (colour, grey) in ARMS.items()
        for condition, psnr in (("", (colour + grey) / 2), ("source=colour", colour), ("source=grey", grey))
        for metric, value in (("psnr", psnr), ("mse", 10 ** (-psnr / 10)), ("ssim", psnr / 100))
    ]
    rows.append(row(ONE, 19.0, condition="source=colour pairs=128")._replace(metric="psnr"))
    rows.append(row(ONE, 0.002, evaluation="checks")._replace(metric="mixture_distance"))
    rows += [
        row(arm, psnr + (arm == BETTER), evaluation="by_formula", condition=f"source=colour {way}")._replace(
            metric="psnr"
        )
        for arm in (ONE, BETTER)
        for way, psnr in WAYS.items()
    ]
    write_small(folder, rows)
    standardised = {"model": {"type": "Standardised", "mean": 0.5, "deviation": 0.5}}
    arms = [
        {"name": name, "role": name.partition(",")[0], "description": standardised if name == ONE else {}}
        for name in (ONE, BETTER)
    ]
    write_json(folder / "experiment.json", {"name": "small", "arms": arms})
    history = [
        HistoryRow(ONE, 0, step, 1 + (step - 1) // 4, 0.1, term, split, share * (0.3 - 0.01 * step))
        for step in range(1, 9)
        for term, share in (("loss", 1.0), ("mse colour", 0.75), ("mse grey", 0.25))
        for split in (("train", "validation") if step % 4 == 0 else ("train",))
    ]
    write_rows(folder / "history.csv", HistoryRow, history)
    random = np.random.default_rng(0)
    first, second = random.random((2, 12, 3, 8, 8)).astype(np.float32)
    for arm, error in ((ONE, 0.1), (BETTER, 0.01)):
        panels = {
            "index": np.arange(12),
            "first": first,
            "second": second,
            "mixture": (first + second) / 2,
            "first_decoded": first + np.float32(error),
            "second_by_formula": second - np.float32(error),
            "names": np.array(["colour", "grey"]),
        }
        write_arrays(folder / "arrays" / slug(arm, 0) / "by_formula.npz", panels)
    return folder


def separation(folder: Path) -> Section:
    return section(page_of(folder), "separation")


def test_every_source_has_its_columns_and_its_best(tmp_path: Path) -> None:
    table = separation(write_separated(tmp_path)).blocks[0]
    assert isinstance(table, Table)
    assert [column.label for column in table.columns] == ["arm", *["colour"] * 3, *["grey"] * 3, "their mean"]
    assert [group.label for group in table.groups] == ["As reported", "Improved", "Baselines"]
    assert texts(table)[ONE] == ["20", "0.2000", "0.01000", "15", "0.1500", "0.03162", "0.002000"]
    best = [line[0].text for group in table.groups for line in group.rows for cell in line if cell.best]
    assert best == [BETTER] * 6


def test_some_pairs_have_a_table_behind_a_fold_and_no_other_repeats_a_source(tmp_path: Path) -> None:
    page = page_of(write_separated(tmp_path))
    folds = [block.fold for part in page.sections for block in part.blocks if isinstance(block, Table)]
    assert [fold for fold in folds if "source" in fold] == ["every source by itself, pairs=128"]


def test_the_formula_is_told_for_every_way_and_the_true_first_once(tmp_path: Path) -> None:
    (table,) = [
        block
        for block in separation(write_separated(tmp_path)).blocks
        if isinstance(block, Table) and block.columns[0].label == "first source from"
    ]
    assert isinstance(table, Table)
    found = {group.label: [(line[0].text, line[1].text) for line in group.rows] for group in table.groups}
    assert found == {
        "colour, mixture exact": [(ONE, "30"), (BETTER, "31")],
        "colour, mixture stored with 8 bits": [(ONE, "29.50"), (BETTER, "30.50"), ("the true first source", "51")],
        "colour, mixture exact, the result clamped to the range of pictures": [(ONE, "30.40"), (BETTER, "31.40")],
    }


def test_panels_are_of_ten_pairs_and_the_rest_behind_a_fold(tmp_path: Path) -> None:
    galleries = [block for block in separation(write_separated(tmp_path)).blocks if isinstance(block, Gallery)]
    assert [(len(gallery.heads), gallery.fold) for gallery in galleries] == [(10, ""), (2, "pairs 10 to 11")]
    assert [strip.label for strip in galleries[0].strips] == [
        "colour",
        "grey",
        "mixture",
        f"{ONE}: colour",
        f"{ONE}: grey by formula",
        f"{BETTER}: colour",
        f"{BETTER}: grey by formula",
    ]
    # An error of 0.01 everywhere is 40 dB.
    assert galleries[0].claim == f"On these 10 pairs “{BETTER}” comes closest to colour: 40.0 dB."
    assert "40.0 dB" in galleries[0].strips[-1].pictures[0].alt


def test_the_sum_and_what_each_source_adds_are_drawn_step_by_step(tmp_path: Path) -> None:
    blocks = section(page_of(write_separated(tmp_path)), "learning").blocks
    shown = [block.name for block in blocks if isinstance(block, Plot) and not block.fold]
    assert shown == ["loss-per-epoch-loss", "loss-per-step-loss", "loss-per-step-mse-colour", "loss-per-step-mse-grey"]


def test_watched_metrics_are_drawn_openly_with_the_highest_as_the_best(tmp_path: Path) -> None:
    write_small(tmp_path, [row(ONE, 0.1)])
    write_json(tmp_path / "experiment.json", {"name": "small", "arms": [{"name": ONE, "role": "as reported"}]})
    history = [
        HistoryRow(ONE, 0, epoch, epoch, 0.1, term, split, value * epoch)
        for epoch in (1, 2, 3)
        for term, split, value in (("mse", "train", 0.1), ("mse", "validation", 0.1), ("psnr", "validation", 10.0))
    ]
    write_rows(tmp_path / "history.csv", HistoryRow, history)
    blocks = section(page_of(tmp_path), "learning").blocks
    psnr = next(block for block in blocks if getattr(block, "name", "") == "loss-per-epoch-psnr")
    assert isinstance(psnr, Plot)
    assert not psnr.fold
    assert "ends highest on validation, at 30" in psnr.claim
    assert all(isinstance(panel, Panel) and not panel.log_y for panel in psnr.panels)


def reported(metric: str, condition: str, split: str = "train") -> Reported:
    return Reported("003", "small", ONE, "", condition, split, metric, 1.0, "no", "")


@pytest.mark.parametrize(
    ("asked", "as_measured", "right", "note"),
    [
        (reported("total_loss", "step=1"), "1.160", "0.2900", ""),
        (reported("total_loss", "epoch=1"), "1.040", "0.2600", ""),
        (reported("loss", "epoch=1"), "1.100", "0.2750", ""),
        (reported("loss", "epoch=2", "test"), "0.8800", "0.2200", "on validation"),
        (reported("loss", "epoch=50"), MISSING, MISSING, ""),
    ],
)
def test_a_reported_loss_of_a_curve_stands_beside_the_rerun_s_in_both_units(
    tmp_path: Path, asked: Reported, as_measured: str, right: str, note: str
) -> None:
    write_separated(tmp_path)
    write_rows(tmp_path / "reported.csv", Reported, [asked])
    table = section(page_of(tmp_path), "comparison").blocks[0]
    assert isinstance(table, Table)
    cells = table.groups[0].rows[0]
    assert (cells[2].text, cells[3].text, cells[3].note) == (as_measured, right, note)


def test_the_page_is_written(tmp_path: Path) -> None:
    html = write_report(write_separated(tmp_path)).read_text(encoding="utf-8")
    assert "The sources, each by itself" in html
