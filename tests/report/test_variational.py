"""The sections of variational arms and of classifiers on codes, with figures of which the sentences are known."""

from pathlib import Path

import numpy as np
import pytest

from narrows.report.page import Gallery, Line, Plot, Table
from narrows.results import Result, slug, write_arrays

from .small import BETTER, PCA, TEN, page_of, row, section, texts, write_small


def probed(arm: str, accuracies: dict[str, float], seed: int = 0, evaluation: str = "linear_probe") -> list[Result]:
    return [
        row(arm, value, seed, evaluation, f"labels={budget}")._replace(metric="accuracy")
        for budget, value in accuracies.items()
    ]


def tuned(arm: str, accuracies: dict[str, float]) -> list[Result]:
    return probed(arm, accuracies, evaluation="fine_tuned")


def write_probe(
    folder: Path, arm: str, counts: dict[str, int], confusion: list[list[int]], evaluation: str = "linear_probe"
) -> None:
    arrays = {
        "conditions": np.array([f"labels={budget}" for budget in counts]),
        "num_labels": np.array(list(counts.values())),
        "confusion": np.array([np.eye(2, dtype=int).tolist(), confusion][-len(counts) :]),
    }
    write_arrays(folder / "arrays" / slug(arm, 0) / f"{evaluation}.npz", arrays)


PROBED = [
    *probed(TEN, {"100": 0.5, "all": 0.875}),
    *probed(BETTER, {"100": 0.75, "all": 0.8125}),
    *probed(PCA, {"100": 0.625, "all": 0.75}),
]


def test_the_probe_s_table_marks_the_best_of_a_budget(tmp_path: Path) -> None:
    part = section(page_of(write_small(tmp_path, PROBED)), "probe")
    table = part.blocks[-1]
    assert isinstance(table, Table)
    assert [column.label for column in table.columns] == ["arm", "learnt from", "100 labels", "all labels"]
    assert texts(table) == {
        TEN: ["2", "0.5000", "0.8750"],
        BETTER: ["2", "0.7500", "0.8125"],
        PCA: ["\u2013", "0.6250", "0.7500"],
    }
    cells = {line[0].text: [cell.best for cell in line[2:]] for group in table.groups for line in group.rows}
    assert cells == {TEN: [False, True], BETTER: [True, False], PCA: [False, False]}
    assert part.lead.endswith(
        "It does better than on PCA's codes with 100 labels on those of 1 of 2 trained arms, with all labels on those"
        " of 2 of 2 trained arms."
    )


def test_the_probe_s_curves_stand_over_the_labels_there_were(tmp_path: Path) -> None:
    write_small(tmp_path, PROBED)
    write_probe(tmp_path, TEN, {"100": 100, "all": 50_000}, [[40, 10], [3, 47]])
    part = section(page_of(tmp_path), "probe")
    plot, table = part.blocks
    assert isinstance(plot, Plot)
    assert isinstance(table, Table)
    (panel,) = plot.panels
    (line,) = panel.marks  # the others do not say how many all are
    assert isinstance(line, Line)
    assert panel.log_x
    assert line.x.tolist() == [100, 50_000]
    assert line.y.tolist() == [0.5, 0.875]
    assert plot.claim == (
        f"The codes of “{TEN}” tell most of the classes: an accuracy of 0.500 with 100 labels,"
        " of 0.875 with 50\u202f000."
    )
    assert "All are 50\u202f000 labels." in table.caption
    # the confusion counts one picture of each of two classes
    assert "their most frequent class would be right for 0.500 of them, guessing among the 2 classes for 0.5" in (
        table.caption
    )
    assert part.lead.endswith(
        f"On the codes of “{TEN}” and with all labels its most frequent mistake is to take 0 for 1, 10 times."
    )


def test_two_leaders_of_the_probe_are_both_named(tmp_path: Path) -> None:
    rows = [*probed(TEN, {"100": 0.5, "1000": 0.875}), *probed(BETTER, {"100": 0.75, "1000": 0.8125})]
    plot = section(page_of(write_small(tmp_path, rows)), "probe").blocks[0]
    assert isinstance(plot, Plot)
    assert plot.claim == (
        f"With 100 labels the codes of “{BETTER}” tell most of the classes, an accuracy of 0.750; with 1000 those of"
        f" “{TEN}”, 0.875."
    )


def test_accuracies_of_several_seeds_have_an_interval(tmp_path: Path) -> None:
    rows = [found for seed in (0, 1) for found in probed(TEN, {"100": 0.75 + 0.01 * seed}, seed)]
    (table,) = section(page_of(write_small(tmp_path, rows)), "probe").blocks
    assert isinstance(table, Table)
    assert texts(table)[TEN] == ["2", "0.755 ± 0.064"]


TUNED = [*tuned(TEN, {"1000": 0.875, "all": 0.96875}), *tuned(BETTER, {"1000": 0.9375, "all": 0.75})]


def test_fine_tuned_accuracies_stand_below_the_probe_s(tmp_path: Path) -> None:
    frozen = [*probed(TEN, {"100": 0.5, "1000": 0.75}), *probed(BETTER, {"100": 0.25, "1000": 0.9375})]
    part = section(page_of(write_small(tmp_path, [*frozen, *probed(PCA, {"1000": 0.625}), *TUNED])), "probe")
    table = part.blocks[-1]
    assert isinstance(table, Table)
    labels = ["arm", "learnt from", "100 labels", "1000 labels", "all labels"]
    assert [column.label for column in table.columns] == labels
    shown = {
        group.label: {line[0].text: [cell.text for cell in line[2:]] for line in group.rows} for group in table.groups
    }
    assert shown == {
        "Frozen, linear": {
            TEN: ["0.5000", "0.7500", "\u2013"],
            BETTER: ["0.2500", "0.9375", "\u2013"],
            PCA: ["\u2013", "0.6250", "\u2013"],
        },
        "Fine-tuned": {TEN: ["\u2013", "0.8750", "0.9688"], BETTER: ["\u2013", "0.9375", "0.7500"]},
    }
    best = [[cell.best for cell in line[2:]] for group in table.groups for line in group.rows]
    assert best == [
        [True, False, False],
        [False, True, False],
        [False, False, False],
        [False, False, True],
        [False, True, False],
    ]
    assert "a logistic regression on their codes (frozen, linear) or a linear head" in table.caption
    # of the budgets that both had, which is one; equal is no better
    assert part.lead.endswith("It does better than on the frozen codes with 1000 labels in 1 of 2 arms.")


def test_fine_tuned_curves_stand_beside_the_probe_s(tmp_path: Path) -> None:
    write_small(tmp_path, [*PROBED, *TUNED])
    for evaluation, counts in (
        ("linear_probe", {"100": 100, "all": 2000}),
        ("fine_tuned", {"1000": 1000, "all": 2000}),
    ):
        for arm in (TEN, BETTER):
            write_probe(tmp_path, arm, counts, [[40, 10], [3, 47]], evaluation)
    plot = section(page_of(tmp_path), "probe").blocks[0]
    assert isinstance(plot, Plot)
    assert [panel.title for panel in plot.panels] == ["frozen, linear", "fine-tuned"]
    lines = [mark for mark in plot.panels[1].marks if isinstance(mark, Line)]
    assert [(line.label, line.x.tolist(), line.y.tolist()) for line in lines] == [
        (TEN, [1000, 2000], [0.875, 0.96875]),
        (BETTER, [1000, 2000], [0.9375, 0.75]),
    ]
    assert plot.claim.endswith(
        f"With 1000 labels the fine-tuned codes of “{BETTER}” tell most of the classes, an accuracy of 0.938; with 2000"
        f" those of “{TEN}”, 0.969."
    )
    assert "Each panel has its own scale." in plot.caption


def test_fine_tuning_without_a_probe_stands_alone(tmp_path: Path) -> None:
    write_small(tmp_path, TUNED)
    write_probe(tmp_path, TEN, {"1000": 1000, "all": 2000}, [[70, 10], [3, 17]], "fine_tuned")
    part = section(page_of(tmp_path), "probe")
    plot, table = part.blocks
    assert part.lead.startswith("Fine-tuned, the encoder goes on learning")
    assert "frozen" not in part.lead
    assert isinstance(table, Table)
    assert [group.label for group in table.groups] == ["Fine-tuned"]
    assert isinstance(plot, Plot)
    assert plot.claim == (
        f"The fine-tuned codes of “{TEN}” tell most of the classes: an accuracy of 0.875 with 1000 labels, of 0.969"
        " with 2000."
    )


def bounded(arm: str, distortion: float, rate: float) -> list[Result]:
    figures = {"elbo": -distortion - rate, "distortion": distortion, "rate": rate}
    return [row(arm, value, evaluation="bound")._replace(metric=metric) for metric, value in figures.items()]


def test_bound_distortion_and_rate_stand_side_by_side(tmp_path: Path) -> None:
    part = section(page_of(write_small(tmp_path, [*bounded(TEN, 90.0, 5.0), *bounded(BETTER, 70.0, 20.0)])), "bound")
    table, plot = part.blocks
    assert isinstance(table, Table)
    assert texts(table) == {TEN: ["\u221295", "90", "5"], BETTER: ["\u221290", "70", "20"]}
    marked = [line[0].text for group in table.groups for line in group.rows if any(cell.best for cell in line)]
    assert marked == [BETTER]
    assert f"“{BETTER}” reaches \u221290 nats, at a rate of 20 and a distortion of 70." in part.lead
    assert isinstance(plot, Plot)
    assert plot.claim == (
        f"Distortion falls as the rate grows: 90 nats at a rate of 5 (“{TEN}”), 70 at 20 (“{BETTER}”)."
    )
    *points, line = plot.panels[0].marks
    assert [(point.x.item(), point.y.item()) for point in points if isinstance(point, Line)] == [(5, 90), (20, 70)]
    assert isinstance(line, Line)
    np.testing.assert_allclose(line.x + line.y, 90)
    assert line.x.min() >= 0


def test_a_rate_that_buys_nothing_is_said(tmp_path: Path) -> None:
    rows = [*bounded(TEN, 90.0, 5.0), *bounded(BETTER, 95.0, 20.0)]
    plot = section(page_of(write_small(tmp_path, rows)), "bound").blocks[1]
    assert isinstance(plot, Plot)
    assert plot.claim.startswith(f"At the greatest rate, “{BETTER}” has no lower distortion than “{TEN}”")


def test_one_variational_arm_has_a_table_and_no_plane(tmp_path: Path) -> None:
    (table,) = section(page_of(write_small(tmp_path, bounded(TEN, 90.0, 5.0))), "bound").blocks
    assert isinstance(table, Table)
    assert not any(cell.best for group in table.groups for line in group.rows for cell in line)


def test_samples_are_a_grid_an_arm(tmp_path: Path) -> None:
    write_small(tmp_path, [row(TEN, 4.0), row(BETTER, 2.0)])
    samples = np.zeros((6, 1, 14, 14), np.float32)
    samples[4] = 2.0  # clipped to white
    write_arrays(tmp_path / "arrays" / slug(BETTER, 0) / "prior_samples.npz", {"samples": samples})
    (gallery,) = section(page_of(tmp_path), "samples").blocks
    assert isinstance(gallery, Gallery)
    ((grid,),) = (strip.pictures for strip in gallery.strips)
    assert grid.caption == BETTER
    # Two rows of three pictures, each twice as large, two clear pixels between them.
    assert grid.pixels.shape == (2 * 28 + 2, 3 * 28 + 4, 4)
    assert (grid.pixels[30:, 30:58] == 255).all()
    assert (grid.pixels[:28, :28, :3] == 0).all()


@pytest.mark.parametrize("anchor", ["probe", "bound", "samples"])
def test_runs_without_these_studies_have_no_such_section(tmp_path: Path, anchor: str) -> None:
    assert anchor not in [part.anchor for part in page_of(write_small(tmp_path, [row(TEN, 4.0)])).sections]


def test_probes_and_bounds_stand_in_their_own_tables_alone(tmp_path: Path) -> None:
    rows = [row(TEN, 4.0), *probed(TEN, {"100": 0.5}), *tuned(TEN, {"100": 0.5}), *bounded(TEN, 90.0, 5.0)]
    tables = section(page_of(write_small(tmp_path, rows)), "results").blocks
    folds = [block.fold for block in tables if isinstance(block, Table)]
    assert set(folds) == {""}
