"""The page of a sweep, from points that are made up: what it says first, and what its lines go through."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from narrows.experiments.index import load_experiment
from narrows.experiments.settings import change_experiment
from narrows.report.numbers import MISSING
from narrows.report.page import Line, Page, Plot, Table
from narrows.report.writing import write_page
from narrows.sweeps.page import Told, build_sweep_page
from narrows.sweeps.points import Point, ranked

from ..report.small import section
from .small import SETTINGS

SIZE, RATE, OPTIMIZER = "model.code_size", "training.learning_rate", "training.optimizer"


def point(code: int, rate: str, *errors: float, **more: Any) -> Point:
    settings = ((SIZE, str(code)), (RATE, rate))
    name = f"code_size={code},learning_rate={rate}"
    return replace(Point(name, settings, errors, 10.0 / code, code, 100 * code, code + float(rate)), **more)


POINTS = (
    point(8, "0.1", 3.0, 3.2),
    point(8, "0.01", 2.0, 2.2, findings="1 warning"),
    point(16, "0.1", 1.0, 1.1),
    point(16, "0.01", 1.5, 1.6),
    point(32, "0.1", failure="expected finite losses, found loss = inf"),
    point(32, "0.01", 1.0, 1.4),
)


def page_of(points: tuple[Point, ...], folder: Path, total: int = 6) -> Page:
    ordered = (*ranked(points), *(one for one in points if one.failure))
    experiment = change_experiment(load_experiment("quickstart"), SETTINGS)
    paths = tuple(points[0].values)
    return build_sweep_page(Told(folder, experiment, paths, ordered, total, "narrows sweep x", "narrows run x"))


def lines(plot: Plot, place: int = 0) -> dict[str, list[tuple[float, float]]]:
    marks = [mark for mark in plot.panels[place].marks if isinstance(mark, Line)]
    return {mark.label: [(float(x), round(float(y), 6)) for x, y in zip(mark.x, mark.y, strict=True)] for mark in marks}


def test_the_best_stands_first_beside_pca_with_what_seeds_leave_open(tmp_path: Path) -> None:
    page = page_of(POINTS, tmp_path)
    said = " ".join(page.answer)
    assert "The best of 5 points is code size 16, learning rate 0.1: squared error 1.05 ± 0.64" in said
    assert "PCA of as many numbers, clamped to the range of pictures, reaches 0.6250." in said
    assert "Seeds do not part it from the next, code size 32, learning rate 0.01" in said
    assert "chosen by these very pictures" in said
    apart = page_of((point(8, "0.1", 1.0, 1.0001), point(16, "0.1", 2.0, 2.0001)), tmp_path)
    assert "Seeds part it from the next" in " ".join(apart.answer)
    alone = page_of((point(8, "0.1", 1.0), point(16, "0.1", 2.0)), tmp_path)
    assert "--seeds 3 shows it" in " ".join(alone.answer)


def test_of_two_paths_each_value_of_the_other_has_a_line(tmp_path: Path) -> None:
    sizes, rates = (block for block in section(page_of(POINTS, tmp_path), "curves").blocks if isinstance(block, Plot))
    assert lines(sizes) == {
        "PCA, as many numbers": [(8, 1.25), (16, 0.625), (32, 0.3125)],
        "learning rate 0.01": [(8, 2.1), (16, 1.55), (32, 1.2)],
        "learning rate 0.1": [(8, 3.1), (16, 1.05)],
    }
    assert lines(rates) == {"code size 8": [(0.01, 2.1), (0.1, 3.1)], "code size 16": [(0.01, 1.55), (0.1, 1.05)]}
    assert sizes.claim == "The least error is at code size 16."
    assert "at an end of what was tried" in rates.claim
    assert rates.panels[0].log_x


def test_of_more_paths_a_line_goes_through_the_best_and_words_have_a_table(tmp_path: Path) -> None:
    three = tuple(
        replace(one, settings=(*one.settings, (OPTIMIZER, word)), errors=tuple(add + error for error in one.errors))
        for one in POINTS
        for word, add in (("adam", 0.0), ("sgd", 5.0))
    )
    sizes, _, words = section(page_of(three, tmp_path), "curves").blocks
    assert isinstance(sizes, Plot)
    assert lines(sizes)["the network"] == [(8, 2.1), (16, 1.05), (32, 1.2)]
    assert "the other paths at their best" in sizes.caption
    assert isinstance(words, Table)
    assert [[cell.text for cell in row] for row in words.groups[0].rows] == [
        ["adam", "1.05 ± 0.64"],
        ["sgd", "6.05 ± 0.64"],
    ]


def test_a_search_shows_every_trial_as_a_dot(tmp_path: Path) -> None:
    drawn = tuple(replace(one, name=f"trial-{place}") for place, one in enumerate(POINTS))
    page = page_of(drawn, tmp_path)
    block = section(page, "curves").blocks[1]
    assert isinstance(block, Plot)
    assert not any(mark.joined for mark in block.panels[0].marks if isinstance(mark, Line))
    assert lines(block) == {"a point": [(0.01, 1.2), (0.01, 1.55), (0.01, 2.1), (0.1, 3.1)], "the best": [(0.1, 1.05)]}


def test_the_front_is_drawn_and_named_in_the_table_with_what_failed(tmp_path: Path) -> None:
    page = page_of(POINTS, tmp_path)
    (plot,) = section(page, "costs").blocks
    assert isinstance(plot, Plot)
    assert lines(plot)["Pareto front"] == [(8, 2.1), (16, 1.05)]
    assert lines(plot)["other points"] == [(32, 1.2), (16, 1.55), (8, 3.1)]
    assert lines(plot, 1)["Pareto front"] == [(8.01, 2.1), (16.01, 1.55), (16.1, 1.05)]
    (table,) = section(page, "points").blocks
    assert isinstance(table, Table)
    good, failed = table.groups
    assert [row[5].text for row in good.rows] == [
        "code size, seconds",
        MISSING,
        "seconds",
        "code size, seconds",
        MISSING,
    ]
    assert good.rows[3][6].text == "1 warning"
    assert failed.rows[0][0].note == "expected finite losses, found loss = inf"


@pytest.mark.parametrize("points", [POINTS, POINTS[:1], POINTS[4:5]])
def test_any_number_of_points_makes_a_page(points: tuple[Point, ...], tmp_path: Path) -> None:
    page = page_of(points, tmp_path)
    assert bool(page.status) == (len(points) < 6)
    html = write_page(page, tmp_path).read_text(encoding="utf-8")
    assert ("Every point failed" in html) == bool(points[0].failure)


def test_without_pca_nothing_is_said_of_it(tmp_path: Path) -> None:
    bypassed = tuple(replace(one, pca_error=math.nan, code_numbers=0) for one in POINTS)
    page = page_of(bypassed, tmp_path)
    assert "PCA" not in " ".join(page.answer)
    (plot,) = section(page, "costs").blocks
    assert isinstance(plot, Plot)
    assert [panel.x_label for panel in plot.panels] == ["seconds of training, each seed"]
