"""Pictures of another kind: the table of errors and AUC, the densities, the pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from narrows.report.page import Density, Gallery, Plot, Table
from narrows.results import Result, slug, write_arrays

from .small import BETTER, TEN, page_of, row, section, texts, write_small


def strange(arm: str, name: str, error: float, auc: float, seed: int = 0) -> list[Result]:
    found = row(arm, error, seed=seed, evaluation="out_of_distribution", condition=f"data={name}")
    return [found, found._replace(metric="auc", value=auc)]


def write_strange(folder: Path, arm: str, error: float) -> None:
    """Own pictures with errors 1, 2, 4; those of the other set `error` times that."""
    own = np.array([1.0, 2.0, 4.0])
    target = np.zeros((2, 1, 2, 2), np.float32)
    arrays: dict[str, NDArray[Any]] = {
        "names": np.array(["own", "coats"]),
        "error_own": own,
        "error_coats": error * own,
    }
    for name in ("own", "coats"):
        arrays |= {f"target_{name}": target, f"reconstruction_{name}": target + np.float32(0.5)}
    write_arrays(folder / "arrays" / slug(arm, 0) / "out_of_distribution.npz", arrays)


def test_errors_and_aucs_stand_beside_the_own_error(tmp_path: Path) -> None:
    rows = [row(TEN, 4.0), row(BETTER, 2.0), *strange(TEN, "coats", 10.0, 0.75), *strange(BETTER, "coats", 9.0, 0.875)]
    rows += [*strange(TEN, "noise", 40.0, 1.0), *strange(BETTER, "noise", 60.0, 1.0)]
    part = section(page_of(write_small(tmp_path, rows)), "strangers")
    (table,) = part.blocks
    assert isinstance(table, Table)
    assert [column.label for column in table.columns] == ["arm", "own pictures", "coats", "coats", "noise", "noise"]
    assert texts(table) == {TEN: ["4", "10", "0.7500", "40", "1"], BETTER: ["2", "9", "0.8750", "60", "1"]}
    cells = {line[0].text: line[1:] for group in table.groups for line in group.rows}
    assert [cell.note for cell in cells[TEN]] == ["", "2.5 \u00d7 own", "", "10 \u00d7 own", ""]
    # Nobody leads a column in which all are alike.
    assert [cell.best for cell in cells[BETTER]] == [False, False, True, False, False]
    assert not any(cell.best for cell in cells[TEN])
    assert part.lead == (
        "By the error alone, the trained arms tell their own pictures from coats with an AUC of 0.7500"
        f" (“{TEN}”) to 0.8750 (“{BETTER}”); from noise with an AUC of 1."
    )


def test_an_auc_below_one_half_is_explained(tmp_path: Path) -> None:
    rows = [*strange(TEN, "coats", 1.0, 0.25), *strange(BETTER, "coats", 9.0, 0.75)]
    assert "below 0.5 strangers come back better" in section(page_of(write_small(tmp_path, rows)), "strangers").lead


def test_aucs_of_several_seeds_have_an_interval(tmp_path: Path) -> None:
    rows = [found for seed in (0, 1) for found in strange(TEN, "coats", 10.0, 0.75 + 0.01 * seed, seed)]
    (table,) = section(page_of(write_small(tmp_path, rows)), "strangers").blocks
    assert isinstance(table, Table)
    assert texts(table)[TEN] == ["\u2013", "10", "0.755 ± 0.064"]


def test_densities_show_own_pictures_filled_and_strangers_outlined(tmp_path: Path) -> None:
    write_small(tmp_path, [row(TEN, 4.0), row(BETTER, 2.0), *strange(TEN, "coats", 10.0, 0.75)])
    write_strange(tmp_path, TEN, 10.0)
    write_strange(tmp_path, BETTER, 30.0)
    _, plot, gallery = section(page_of(tmp_path), "strangers").blocks
    assert isinstance(plot, Plot)
    assert plot.claim == "The median picture of coats has 10 to 30 times the error of the median own picture."
    assert [panel.title for panel in plot.panels] == [f"{TEN}\nAUC coats 0.750", BETTER]
    own, coats = plot.panels[0].marks
    assert isinstance(own, Density)
    assert isinstance(coats, Density)
    assert (own.filled, coats.filled) == (True, False)
    assert own.heights.max() == coats.heights.max() == 1.0
    assert own.edges is coats.edges
    assert isinstance(gallery, Gallery)
    assert [[picture.caption for picture in strip.pictures] for strip in gallery.strips] == [
        ["", ""],
        ["1", "1"],
        ["1", "1"],
    ]


@pytest.mark.parametrize("error", [0.0, np.nan, np.inf])
def test_errors_that_no_logarithm_takes_are_drawn_at_an_end_or_not_at_all(tmp_path: Path, error: float) -> None:
    write_small(tmp_path, [row(TEN, 4.0)])
    write_strange(tmp_path, TEN, error)
    plot = section(page_of(tmp_path), "strangers").blocks[0]
    assert isinstance(plot, Plot)
    assert plot.panels
