"""Colours that stand for numbers: where their scale ends, and that they read alike on light and dark paper."""

import numpy as np
import pytest
from numpy.typing import NDArray

from narrows.report.colours import DARK, LIGHT
from narrows.report.raster import heat
from narrows.report.scales import Top, heat_scale, shared_top

TURNED = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])
"""The standard's hue-rotate(180deg), which the page applies to the inverted colour on dark paper."""


def test_a_few_dead_pixels_do_not_blow_the_scale_of_all() -> None:
    calm, dead = np.linspace(0.0, 0.0488, 996), np.full(4, 0.49)
    assert shared_top([calm, dead]) == Top(0.049, 0.49)  # the 99 % quantile is 0.0485, rounded up
    assert shared_top([calm, dead]).label == "0.049 and above"
    assert shared_top([calm, dead]).sentence == (
        "One scale for all arms, which ends at 0.049; the largest value is 0.49."
    )


@pytest.mark.parametrize(
    ("values", "top"),
    [
        ([0.25, 0.25], Top(0.25, 0.25)),
        ([0.0, 0.0], Top(0.0, 0.0)),
        ([0.0] * 999 + [3.0], Top(3.0, 3.0)),  # a quantile of 0 would leave no scale
        ([0.5, np.nan], Top(0.5, np.inf)),
        ([np.nan], Top(0.0, np.inf)),
    ],
)
def test_the_scale_ends_at_the_largest_value_where_no_few_exceed_the_rest(values: list[float], top: Top) -> None:
    assert shared_top([np.array(values)]) == top


def test_errors_go_from_the_page_s_ground_to_the_strongest_colour() -> None:
    pixels = heat(np.array([[[0.0, 0.05, 0.2, np.nan]]]), 0.05)
    assert pixels[0, 0, 3] == 0
    assert pixels[0, 1:].tolist() == [[44, 16, 72, 255]] * 3
    assert heat_scale(Top(0.05, 0.2)).high == "0.050 and above"


def test_the_ramp_is_even_on_light_paper_and_keeps_its_order_on_dark() -> None:
    band = heat(np.linspace(0.0, 1.0, 61)[None, None], 1.0)[0].astype(np.float64)
    opacity = band[:, 3:] / 255
    light = lightness(on_paper(band[:, :3], opacity, LIGHT["paper"]))
    assert np.diff(light).max() < -0.5 * (light[0] - light[-1]) / 60
    assert np.diff(light).min() > -2.0 * (light[0] - light[-1]) / 60
    turned = np.clip((255 - band[:, :3]) @ TURNED.T, 0, 255)
    assert np.diff(lightness(on_paper(turned, opacity, DARK["paper"]))).min() > 0


def on_paper(colours: NDArray[np.float64], opacity: NDArray[np.float64], paper: str) -> NDArray[np.float64]:
    ground = np.array(list(bytes.fromhex(paper[1:])))
    found: NDArray[np.float64] = opacity * colours + (1 - opacity) * ground
    return found


def lightness(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE L* of colours (n, 3) in 0..255."""
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)
