"""Paired differences against SciPy's tests, from the arrays as they lie on disk."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from narrows.comparison.differences import Difference, all_differences, difference
from narrows.comparison.reading import Contender, Field, read_field
from narrows.results import open_run

from .conftest import Runs


def named(field: Field, name: str) -> Contender:
    return next(each for each in field.contenders if each.name == name)


def on_disk(folder: Path, arm: str, seeds: int) -> NDArray[np.float64]:
    """Squared errors (seed, picture)."""
    files = (folder / "arrays" / f"{arm}-{seed}" / "reconstruction.npz" for seed in range(seeds))
    return np.stack([np.load(file)["per_picture"] for file in files]).astype(np.float64)


def found(runs: Runs, first: str, second: str, metric: str = "squared_error") -> Difference:
    field = read_field(runs("plain", "longer"))
    pair = difference(named(field, first), named(field, second), metric)
    assert pair is not None
    return pair


def test_differences_over_pictures_are_those_of_the_paired_t_test(runs: Runs) -> None:
    plain, longer = runs("plain", "longer")
    ours, theirs = on_disk(plain, "improved-net", 2).mean(0), on_disk(longer, "improved-net", 3).mean(0)
    pair = found(runs, "plain: improved, net", "longer: improved, net")
    reference = stats.ttest_rel(ours, theirs)
    low, high = reference.confidence_interval(0.95)
    assert (pair.mean - pair.half_width, pair.mean + pair.half_width) == pytest.approx((low, high), rel=1e-9)
    assert pair.p_value == pytest.approx(reference.pvalue, rel=1e-9)
    assert pair.mean == pytest.approx((ours - theirs).mean())
    assert pair.standard_error == pytest.approx(stats.sem(ours - theirs))
    assert pair.share_better == (ours < theirs).mean()
    assert (pair.num_pictures, pair.seeds) == (len(ours), (2, 3))


def test_differences_over_seeds_are_those_of_welch_s_t_test(runs: Runs) -> None:
    plain, longer = runs("plain", "longer")
    ours, theirs = on_disk(plain, "improved-net", 2).mean(1), on_disk(longer, "improved-net", 3).mean(1)
    low, high = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    pair = found(runs, "plain: improved, net", "longer: improved, net")
    assert (pair.mean - pair.seeds_half_width, pair.mean + pair.seeds_half_width) == pytest.approx(
        (low, high), rel=1e-6
    )


def test_a_baseline_has_no_spread_over_seeds(runs: Runs) -> None:
    (longer,) = runs("longer")
    means = on_disk(longer, "improved-net", 3).mean(1) - on_disk(longer, "pca-code-4", 1).mean()
    low, high = stats.ttest_1samp(means, 0.0).confidence_interval(0.95)
    pair = found(runs, "longer: improved, net", "PCA, code 4")
    assert (pair.mean - pair.seeds_half_width, pair.mean + pair.seeds_half_width) == pytest.approx(
        (low, high), rel=1e-6
    )


def test_psnr_is_the_runs_own(runs: Runs) -> None:
    plain, longer = map(open_run, runs("plain", "longer"))
    means = [np.mean(list(run.values("improved, net", "psnr", split="test").values())) for run in (plain, longer)]
    pair = found(runs, "plain: improved, net", "longer: improved, net", "psnr")
    assert pair.mean == pytest.approx(means[0] - means[1], abs=1e-5)
    plain_errors, longer_errors = (
        on_disk(run.folder, "improved-net", len(run.experiment["arms"][1]["seeds"])) for run in (plain, longer)
    )
    assert pair.share_better == (np.log(plain_errors).mean(0) < np.log(longer_errors).mean(0)).mean()


def test_all_pairs_stand_once_in_every_metric(runs: Runs) -> None:
    field = read_field(runs("plain", "longer"))
    pairs = all_differences(field.contenders)
    many = len(field.contenders)
    assert many == 6  # two arms a run, and the baselines that both runs share
    assert len({frozenset(pair[:2]) for pair in pairs}) == many * (many - 1) // 2 == len(pairs) / 2


def test_other_input_or_other_pictures_are_not_paired(runs: Runs) -> None:
    field = read_field(runs("plain", "noisy", "untested"))
    plain = named(field, "plain: improved, net")
    for name in ("noisy", "untested"):
        assert difference(named(field, name), plain) is None


@pytest.mark.parametrize(
    ("mean", "half_width", "seeds_half_width", "verdict"),
    [
        (1.0, 2.0, 0.1, "within the pictures"),
        (1.0, 0.1, np.nan, "one training each"),
        (-1.0, 0.1, 2.0, "within the seeds"),
        (-1.0, 0.1, 0.2, "settled"),
        (0.0, 0.0, 0.0, "within the pictures"),
    ],
)
def test_a_difference_counts_where_pictures_and_seeds_leave_its_sign(
    mean: float, half_width: float, seeds_half_width: float, verdict: str
) -> None:
    pair = Difference("a", "b", "squared_error", mean, 0.1, half_width, 0.5, 0.5, 9, (2, 2), seeds_half_width)
    assert pair.verdict == verdict
