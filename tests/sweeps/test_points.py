"""Points against one another: the front against brute force, and what is written of them."""

import csv
import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrows.sweeps.points import Point, from_json, pareto_front, ranked, to_json, write_points


def point(name: str, error: float, code: int = 8, seconds: float = 1.0) -> Point:
    return Point(name, (("model.code_size", str(code)),), (error,), code_numbers=code, seconds=seconds)


few = st.integers(1, 6)


@given(st.lists(st.tuples(few, few), min_size=1, max_size=12))
@settings(deadline=None)
def test_the_front_is_what_no_other_point_dominates(places: list[tuple[int, int]]) -> None:
    points = [point(str(place), float(error), code) for place, (code, error) in enumerate(places)]
    undominated = {
        one.name
        for one in points
        if not any(
            (other.code_numbers <= one.code_numbers and other.error.mean <= one.error.mean)
            and (other.code_numbers < one.code_numbers or other.error.mean < one.error.mean)
            for other in points
        )
    }
    front = pareto_front(points, lambda one: float(one.code_numbers))
    assert {one.name for one in front} == undominated
    assert [one.code_numbers for one in front] == sorted(one.code_numbers for one in front)


def test_failed_points_are_not_ranked_and_the_mean_over_seeds_ranks() -> None:
    lucky = Point("lucky", (), (0.1, 0.9))
    steady = Point("steady", (), (0.4, 0.4))
    assert ranked([lucky, Point("failed", (), failure="loss = inf"), steady]) == [steady, lucky]
    assert lucky.error.n == 2


def test_a_point_comes_back_from_json_with_what_it_lacks() -> None:
    whole = Point("a", (("model.code_size", "8"), ("training.seed", "none")), (0.5, 0.25), 1.5, 8, 99, 2.5, "1 error")
    assert from_json(json.loads(json.dumps(to_json(whole), allow_nan=False))) == whole
    lacking = from_json(json.loads(json.dumps(to_json(point("b", 0.5)), allow_nan=False)))
    assert math.isnan(lacking.pca_error)
    assert lacking.errors == (0.5,)


def test_the_table_has_a_row_for_each_point_and_a_column_for_each_path(tmp_path: Path) -> None:
    good = Point("a", (("model.code_size", "8"),), (1.0, 3.0), 1.5, 8, 99, 2.5, "1 error")
    failed = Point("b", (("model.code_size", "9"),), failure="loss = nan, in epoch 1")
    write_points(tmp_path / "points.csv", [good, failed], ["model.code_size"])
    with (tmp_path / "points.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["point"], first["model.code_size"], first["squared_error"], first["seeds"]) == ("a", "8", "2.0", "2")
    assert float(first["half_width"]) == pytest.approx(12.706, abs=1e-3)  # Student's t of 2 values, 1 from their mean
    assert (second["squared_error"], second["seeds"], second["failure"]) == ("nan", "0", "loss = nan, in epoch 1")
