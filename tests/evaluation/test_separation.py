"""Pairs: figures of each source, the formula and what breaks it, and a peak of 255."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from narrows.corruption import Mixing
from narrows.data import Pictures, load
from narrows.evaluation import (
    AS_MEASURED,
    ByFormula,
    Constant,
    Evaluation,
    Identity,
    PeakOf255,
    code_arrays,
    evaluate,
)
from narrows.evaluation.baselines import no_code
from narrows.metrics import mse, psnr, ssim
from narrows.models import MixtureComplement, UNet
from narrows.objective import Objective
from narrows.training import Training
from narrows.training.fit import validate
from narrows.types import Images, Mask, Output

from .small import beside

NAMES = ("photograph", "digit")


@pytest.fixture(scope="module")
def pairs() -> Pictures:
    images = np.random.default_rng(0).integers(0, 256, (30, 2, 3, 12, 12), dtype=np.uint8)
    images[:, 1] = images[:, 1, :1]
    return Pictures(images, source_names=NAMES)


@pytest.fixture(scope="module")
def sources(pairs: Pictures) -> Images:
    return torch.from_numpy(pairs.images).float() / 255


def value(found: Evaluation, evaluation: str, condition: str, metric: str) -> float:
    values = [
        each.value
        for each in found.figures
        if (each.evaluation, each.condition, each.metric) == (evaluation, condition, metric)
    ]
    assert len(values) == 1
    return values[0]


def test_every_source_has_figures_and_all_together_their_mean(pairs: Pictures, sources: Images) -> None:
    mean = sources.mean(0)
    found = evaluate(Constant(mean), pairs, corruption=Mixing(), mean_picture=mean.numpy())
    each = [value(found, "reconstruction", f"source={name}", "mse") for name in NAMES]
    expected = (sources - mean).square().mean((0, 2, 3, 4)).tolist()
    assert each == pytest.approx(expected, rel=1e-5)
    assert value(found, "reconstruction", "", "mse") == pytest.approx(np.mean(expected), rel=1e-5)
    assert value(found, "reconstruction", "", "explained_variance") == pytest.approx(0, abs=1e-6)


def test_the_mixture_answers_for_both(pairs: Pictures, sources: Images) -> None:
    found = evaluate(Identity(2), pairs, corruption=Mixing())
    error = (sources[:, 0] - sources[:, 1]).square().mean().item() / 4
    for name in NAMES:
        assert value(found, "reconstruction", f"source={name}", "mse") == pytest.approx(error, rel=1e-5)


class EverySecondSwapped(nn.Module):
    """Gives the true sources back, of every second picture in the other order."""

    def __init__(self, sources: Images) -> None:
        super().__init__()
        self.sources = nn.Parameter(sources)

    def forward(self, images: Images, hidden: Mask | None) -> Output:  # noqa: ARG002  it knows the answer
        order = (torch.arange(len(images)) % 2)[:, None, None, None, None].bool()
        return Output(torch.where(order, self.sources.flip(1), self.sources), no_code(images))


@pytest.mark.parametrize("exchangeable", [True, False])
def test_sources_of_one_kind_are_judged_and_shown_in_the_best_order_whatever_the_loss_did(
    exchangeable: bool, pairs: Pictures, sources: Images
) -> None:
    model, alike = EverySecondSwapped(sources), replace(pairs, exchangeable=exchangeable)
    found = evaluate(model, alike, corruption=Mixing(), examples=(0, 1))
    assert (value(found, "reconstruction", "", "mse") == 0) == exchangeable
    assert np.array_equal(found.arrays["reconstruction"], found.arrays["target"]) == exchangeable
    watched = validate(model, alike, Objective(), Mixing(), Training(watch=("ssim",)))
    assert (watched["ssim"] == pytest.approx(1)) == exchangeable
    assert watched["loss"] > 0.01


def test_the_distance_to_the_mixture_is_that_of_the_parts_mean(pairs: Pictures, sources: Images) -> None:
    parts = torch.stack([torch.full((3, 12, 12), 0.2), torch.full((3, 12, 12), 0.9)])
    found = evaluate(Constant(parts), pairs, corruption=Mixing())
    expected = (sources.mean(1) - 0.55).square().mean().item()
    assert value(found, "checks", "", "mixture_distance") == pytest.approx(expected, rel=1e-5)


def test_exchangeable_answers_are_judged_in_the_order_of_the_least_squared_error(
    pairs: Pictures, sources: Images
) -> None:
    parts = torch.stack([torch.full((3, 12, 12), 0.3), torch.full((3, 12, 12), 0.7)])
    alike = Pictures(pairs.images, source_names=NAMES, exchangeable=True)
    found = evaluate(Constant(parts), alike, corruption=Mixing())
    orders = torch.stack([(sources - each).square().mean((2, 3, 4)) for each in (parts, parts.flip(0))])
    best = orders.sum(2).argmin(0)
    assert 0 < best.sum() < len(best)
    expected = orders[best, torch.arange(len(best))].mean(0).tolist()
    each = [value(found, "reconstruction", f"source={name}", "mse") for name in NAMES]
    assert each == pytest.approx(expected, rel=1e-5)


def test_by_formula_the_error_is_the_first_s(pairs: Pictures, sources: Images) -> None:
    wrong = torch.full((2, 3, 12, 12), 0.4)
    found = ByFormula(decoded=1)(Constant(wrong), pairs, beside(pairs))
    error = mse(wrong[1].expand_as(sources[:, 1]), sources[:, 1]).mean().item()
    where = "source=photograph first=decoded mixture=exact"
    assert value(found, "by_formula", where, "mse") == pytest.approx(error, rel=1e-5)
    assert value(found, "by_formula", f"{where} clamped=yes", "mse") < error
    assert found.arrays["second_by_formula"].shape == (20, 3, 12, 12)
    np.testing.assert_allclose(
        found.arrays["second_by_formula"], 2 * found.arrays["mixture"] - found.arrays["first_decoded"], atol=1e-6
    )


def test_rounding_the_mixture_costs_what_uniform_halves_cost(pairs: Pictures) -> None:
    found = ByFormula(decoded=1)(Identity(2), pairs, beside(pairs))
    exact = value(found, "by_formula", "source=photograph first=true mixture=exact", "mse")
    assert exact < 1e-13
    rounded = value(found, "by_formula", "source=photograph first=true mixture=8bit", "mse")
    # every other sum of two levels is odd, and its half is rounded by half a level, which the formula doubles
    assert rounded == pytest.approx(0.5 / 255**2, rel=0.05)


def test_a_peak_of_255_adds_48_decibels_and_hides_what_ssim_sees(pairs: Pictures, sources: Images) -> None:
    answer = torch.full((2, 3, 12, 12), 0.5)
    found = PeakOf255(num_pairs=30)(Constant(answer), pairs, beside(pairs))
    for place, name in enumerate(NAMES):
        right = psnr(answer[place].expand_as(sources[:, place]), sources[:, place]).mean().item()
        assert value(found, "reconstruction", f"source={name} pairs=30", "psnr") == pytest.approx(right, rel=1e-5)
        wrong = value(found, AS_MEASURED, f"source={name}", "psnr")
        assert wrong == pytest.approx(right + 20 * math.log10(255), rel=1e-5)
        alike = ssim(answer[place].expand_as(sources[:, place]), sources[:, place]).mean().item()
        assert value(found, "reconstruction", f"source={name} pairs=30", "ssim") == pytest.approx(alike, rel=1e-4)
        assert value(found, AS_MEASURED, f"source={name}", "ssim") > 0.97 > 0.5 > alike


def test_pairs_are_drawn_by_seed(pairs: Pictures) -> None:
    def at(seed: int) -> float:
        found = PeakOf255(num_pairs=5, seed=seed)(Identity(2), pairs, beside(pairs))
        return value(found, "reconstruction", "source=digit pairs=5", "psnr")

    assert at(0) == at(0) != at(1)


def test_what_is_no_pair_has_nothing_to_tell_apart() -> None:
    digits = load("digits").test
    for study in (ByFormula(), PeakOf255()):
        assert study(Identity(), digits, beside(digits)).figures == []


def test_codes_are_of_mixtures(pairs: Pictures, sources: Images) -> None:
    model = MixtureComplement(UNet((4, 6))).build(pairs.image_shape).eval()
    found = code_arrays(model, pairs, np.arange(3), Mixing())["example_codes"]
    np.testing.assert_allclose(found, model.encode(sources[:3].mean(1)).detach().numpy(), rtol=1e-4, atol=1e-5)
