import math
from collections.abc import Callable
from typing import Any

import jaxtyping
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor

from narrows.corruption import (
    CORRUPTIONS,
    Binarise,
    GaussianNoise,
    Mixing,
    NoCorruption,
    PatchMask,
    PhotographNoise,
    PixelMask,
    SaltAndPepper,
)
from narrows.types import Corruption

# Every type at work; a new one in CORRUPTIONS fails the first test until it stands here.
EXAMPLES: dict[str, list[Corruption]] = {
    "NoCorruption": [NoCorruption()],
    "GaussianNoise": [GaussianNoise(0.3), GaussianNoise((0.0, 0.9)), GaussianNoise(0.3, clip=True)],
    "PhotographNoise": [PhotographNoise(0.3), PhotographNoise((0.0, 0.9), grey_share=0.0)],
    "SaltAndPepper": [SaltAndPepper(0.3), SaltAndPepper((0.1, 0.5))],
    "Binarise": [Binarise()],
    "PixelMask": [PixelMask(0.4), PixelMask((0.2, 0.8), counted="hidden"), PixelMask(0.4, fill=0.5, counted="visible")],
    "PatchMask": [PatchMask(0.5, 3), PatchMask((0.2, 0.8), 4, counted="hidden"), PatchMask(0.5, 3, counted="visible")],
    "Mixing": [Mixing(), Mixing((0.25, 0.75))],
}
AT_STRENGTH_0: dict[str, Corruption] = {
    "NoCorruption": NoCorruption(),
    "GaussianNoise": GaussianNoise(0.0, clip=True),
    "PhotographNoise": PhotographNoise(0.0, grey_share=0.0),
    "SaltAndPepper": SaltAndPepper(0.0),
    "Binarise": Binarise(),  # it has no strength, and is the identity on black and white
    "PixelMask": PixelMask(0.0, fill=0.5),
    "PatchMask": PatchMask(0.0, 4, fill=0.5),
    "Mixing": Mixing((1.0, 0.0)),
}
every_example = pytest.mark.parametrize("corruption", [c for examples in EXAMPLES.values() for c in examples], ids=repr)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def clean_for(corruption: Corruption, pictures: int = 5) -> Tensor:
    shape = (pictures, 2, 3, 10, 7) if isinstance(corruption, Mixing) else (pictures, 3, 10, 7)
    return torch.rand(shape, generator=seeded(1))


def test_every_corruption_is_held_to_the_contract() -> None:
    assert set(EXAMPLES) == set(AT_STRENGTH_0) == set(CORRUPTIONS)
    assert all(type(c) is CORRUPTIONS[name] for name, examples in EXAMPLES.items() for c in examples)


@every_example
def test_shapes_and_weights_fit_and_clean_stays(corruption: Corruption, generator: Generator) -> None:
    clean = clean_for(corruption)
    before = clean.clone()
    batch = corruption(clean, generator)
    assert batch.input.shape == (5, 3, 10, 7)
    if not isinstance(corruption, PhotographNoise) or not corruption.grey_share:  # whose target may be grey
        assert torch.equal(batch.target, batch.input if isinstance(corruption, Binarise) else before)
    assert torch.equal(clean, before)
    assert torch.broadcast_shapes(batch.weight.shape, batch.target.shape) == batch.target.shape
    assert (batch.weight >= 0).all()
    assert batch.weight.expand_as(batch.target).mean().item() == pytest.approx(1, abs=1e-6)
    assert batch.hidden is None or (batch.hidden.shape == (5, 1, 10, 7) and batch.hidden.dtype == torch.bool)


@every_example
def test_the_generator_alone_decides(corruption: Corruption) -> None:
    clean = clean_for(corruption)
    torch.manual_seed(1)
    first = corruption(clean, seeded())
    torch.manual_seed(2)
    second = corruption(clean, seeded())
    for a, b in zip(first, second, strict=True):
        assert (a is None and b is None) or torch.equal(torch.as_tensor(a), torch.as_tensor(b))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_strength_0_is_the_identity(name: str, generator: Generator) -> None:
    corruption = AT_STRENGTH_0[name]
    clean = clean_for(corruption).round() if name == "Binarise" else clean_for(corruption)
    shown = clean[:, 0] if isinstance(corruption, Mixing) else clean
    assert torch.equal(corruption(clean, generator).input, shown)


@every_example
def test_an_empty_batch_stays_empty(corruption: Corruption, generator: Generator) -> None:
    assert corruption(clean_for(corruption, pictures=0), generator).input.shape == (0, 3, 10, 7)


@pytest.mark.parametrize("corruption", [c for name, cs in EXAMPLES.items() if name != "Mixing" for c in cs], ids=repr)
def test_images_are_asked_for_where_sources_come(corruption: Corruption, generator: Generator) -> None:
    with pytest.raises(ValueError, match=r"batch, channel, height, width\), found \(2, 2, 1, 4, 4\); Mixing takes"):
        corruption(torch.zeros(2, 2, 1, 4, 4), generator)


@every_example
def test_8_bit_pictures_are_refused(
    corruption: Corruption, generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # the library's own sentence, as a user meets it
    with pytest.raises(ValueError, match=r"floats in \[0, 1\], found torch.uint8; divide 8 bits by 255"):
        corruption((clean_for(corruption) * 255).to(torch.uint8), generator)


def test_photographs_are_made_grey_with_grey_noise_in_the_share_that_is_asked(generator: Generator) -> None:
    clean = torch.rand(2000, 3, 5, 4, generator=seeded(1))
    batch = PhotographNoise(0.2, grey_share=0.3)(clean, generator)
    grey = (batch.target == clean.mean(1, keepdim=True)).flatten(1).all(1)
    # standard error of the share is 0.01; 4 of them
    assert grey.float().mean().item() == pytest.approx(0.3, abs=0.04)
    assert torch.equal(batch.target[~grey], clean[~grey])
    noise = batch.input - batch.target
    assert (noise[grey] - noise[grey][:, :1]).abs().max() < 1e-6
    assert (noise[~grey][:, 0] * noise[~grey][:, 1]).mean().item() == pytest.approx(0, abs=0.001)
    assert noise[:, 0].std().item() == pytest.approx(0.2, abs=0.004)


def test_noise_has_the_deviation_it_names(generator: Generator) -> None:
    clean = torch.full((200, 1, 28, 28), 0.5)
    noise = GaussianNoise(0.3)(clean, generator).input - clean
    # Standard error of a deviation is sigma / sqrt(2 n) = 0.0005 for these 156 800 numbers; 5 of them.
    assert noise.std().item() == pytest.approx(0.3, abs=0.0027)
    assert noise.mean().item() == pytest.approx(0, abs=0.004)


def test_a_range_of_noise_gives_each_picture_its_own(generator: Generator) -> None:
    clean = torch.zeros(500, 1, 28, 28)
    deviations = GaussianNoise((0.1, 0.9))(clean, generator).input.std((1, 2, 3))
    assert 0.08 < deviations.min() < 0.15
    assert 0.85 < deviations.max() < 1.0
    assert deviations.mean().item() == pytest.approx(0.5, abs=0.06)


def test_only_clipped_noise_stays_in_range(generator: Generator) -> None:
    clean = torch.rand(8, 1, 16, 16, generator=generator)
    assert GaussianNoise(0.5)(clean, generator).input.min() < 0
    clipped = GaussianNoise(0.5, clip=True)(clean, generator).input
    assert clipped.min() == 0
    assert clipped.max() == 1


def test_salt_and_pepper_are_equally_many_and_whole_pixels(generator: Generator) -> None:
    clean = torch.full((100, 3, 20, 20), 0.5)
    shown = SaltAndPepper(0.4)(clean, generator).input
    assert torch.equal(shown[:, 0], shown[:, 2])
    # Standard error of a share of 0.2 among 40 000 pixels is 0.002; 5 of them.
    assert (shown[:, 0] == 1).float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert (shown[:, 0] == 0).float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert (SaltAndPepper(1.0)(clean, generator).input != 0.5).all()


def test_a_pixel_is_drawn_white_as_often_as_it_is_bright(generator: Generator) -> None:
    grey = torch.tensor([0.0, 0.1, 0.5, 0.9, 1.0]).view(1, 1, 1, 5)
    batch = Binarise()(grey.expand(10_000, 1, 1, 5), generator)
    assert set(batch.input.unique().tolist()) == {0.0, 1.0}
    shares = batch.input.mean((0, 1, 2))
    # Standard error of a share of 0.5 among 10 000 draws is 0.005; 5 of them.
    torch.testing.assert_close(shares, grey.flatten(), atol=0.025, rtol=0)
    assert (shares[0].item(), shares[-1].item()) == (0.0, 1.0)
    again = Binarise()(grey.expand(10_000, 1, 1, 5), generator)
    assert not torch.equal(batch.input, again.input)  # anew with every draw


@settings(deadline=None)  # a busy machine is no failure
@given(
    ratio=st.floats(0, 1), shape=st.tuples(*[st.integers(1, 12)] * 2), patch_size=st.integers(1, 5), seed=st.integers(0)
)
def test_exactly_the_named_share_of_every_picture_is_hidden(
    ratio: float, shape: tuple[int, int], patch_size: int, seed: int
) -> None:
    height, width = shape
    clean = torch.rand(4, 2, height, width, generator=seeded(1))
    rows, columns = math.ceil(height / patch_size), math.ceil(width / patch_size)
    if ratio > 0 and round(ratio * rows * columns) == 0:
        with pytest.raises(ValueError, match="rounds to none; raise ratio or lower patch_size"):
            PatchMask(ratio, patch_size)(clean, seeded(seed % 2**60))
        return
    batch = PatchMask(ratio, patch_size, fill=-1.0)(clean, seeded(seed % 2**60))
    assert batch.hidden is not None
    corners = batch.hidden[:, 0, ::patch_size, ::patch_size]
    assert (corners.sum((1, 2)) == round(ratio * rows * columns)).all()
    assert torch.equal(batch.hidden[:, 0], grown_reference(corners, patch_size)[:, :height, :width])
    hidden = batch.hidden.expand_as(clean)
    assert (batch.input[hidden] == -1).all()
    assert torch.equal(batch.input[~hidden], clean[~hidden])


def grown_reference(cells: Tensor, size: int) -> Tensor:
    """Each cell as a square of pixels: the Kronecker product with a square of ones."""
    return torch.stack([torch.kron(c.int(), torch.ones(size, size, dtype=torch.int)) for c in cells]).bool()


def test_a_pixel_mask_is_a_mask_of_patches_of_one_pixel() -> None:
    clean = torch.rand(3, 1, 9, 5, generator=seeded(1))
    for a, b in zip(PixelMask(0.37)(clean, seeded()), PatchMask(0.37, 1)(clean, seeded()), strict=True):
        assert torch.equal(torch.as_tensor(a), torch.as_tensor(b))


def test_every_pixel_is_hidden_equally_often(generator: Generator) -> None:
    hidden = PixelMask(0.25)(torch.zeros(4000, 1, 4, 4), generator).hidden
    assert hidden is not None
    # Standard error of a share of 0.25 among 4 000 pictures is 0.0068; 5 of them.
    assert hidden.double().mean(0).sub(0.25).abs().max() < 0.035
    assert len({tuple(picture.flatten().tolist()) for picture in hidden}) > 1000  # of 1 820 possible masks


def test_a_range_of_ratios_hides_equally_many_in_all_pictures_of_a_batch(generator: Generator) -> None:
    counts = []
    for _ in range(50):
        hidden = PixelMask((0.2, 0.8))(torch.zeros(6, 1, 10, 10), generator).hidden
        assert hidden is not None
        a_picture = hidden.sum((1, 2, 3))
        assert (a_picture == a_picture[0]).all()
        counts.append(a_picture[0].item())
    assert 20 <= min(counts) < 30
    assert 70 < max(counts) <= 80


@pytest.mark.parametrize("mask", [PixelMask(0.3, counted="hidden"), PatchMask(0.5, 4, counted="hidden")])
def test_the_weighted_mean_is_the_mean_over_the_pixels_that_count(mask: Corruption, generator: Generator) -> None:
    clean = torch.rand(4, 3, 10, 7, generator=generator)
    batch = mask(clean, generator)
    assert batch.hidden is not None
    weighted = (batch.weight * clean).mean().item()
    assert weighted == pytest.approx(clean[batch.hidden.expand_as(clean)].mean().item(), rel=1e-5)


def test_a_batch_that_rounding_leaves_without_counted_pixels_weighs_nothing(generator: Generator) -> None:
    batch = PixelMask(0.99, counted="visible")(torch.rand(2, 1, 4, 4), generator)
    assert batch.weight.sum() == 0


def test_a_mixture_is_the_weighted_mean_of_its_sources(generator: Generator) -> None:
    clean = torch.tensor([0.0, 1.0]).view(1, 2, 1, 1, 1)
    assert Mixing()(clean, generator).input.item() == 0.5
    assert Mixing((1.0, 3.0))(clean, generator).input.item() == 0.75


@settings(deadline=None)  # a busy machine is no failure
@given(sources=st.integers(1, 5), seed=st.integers(0, 2**32))
def test_equal_mixing_is_symmetric_in_its_sources(sources: int, seed: int) -> None:
    clean = torch.rand(2, sources, 1, 4, 4, generator=seeded(seed))
    order = torch.randperm(sources, generator=seeded(seed))
    swapped = Mixing()(clean[:, order], seeded()).input
    # A sum in another order may differ in the last bit of each addition.
    torch.testing.assert_close(Mixing()(clean, seeded()).input, swapped, rtol=1e-6, atol=0)


def test_a_mixture_wants_as_many_sources_as_weights(generator: Generator) -> None:
    with pytest.raises(ValueError, match="expected 2 sources, one a weight, found 3"):
        Mixing((0.5, 0.5))(torch.zeros(1, 3, 1, 2, 2), generator)
    with pytest.raises(ValueError, match=r"\(batch, source, channel, height, width\), found \(1, 3, 2, 2\)"):
        Mixing()(torch.zeros(1, 3, 2, 2), generator)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: GaussianNoise(-0.1), r"expected sigma from 0 up, .* found -0.1; sigma=0.3 is one level"),
        (lambda: GaussianNoise(math.nan), "found nan"),
        (lambda: GaussianNoise(math.inf), "found inf"),
        (lambda: GaussianNoise((0.9, 0.1)), r"a range \(lowest, highest\) of such, found \(0.9, 0.1\)"),
        (lambda: SaltAndPepper(1.5), "expected share from 0 to 1, .* found 1.5"),
        (lambda: PixelMask(1.01), "expected ratio from 0 to 1, .* found 1.01"),
        (lambda: PixelMask(0.5, fill=math.nan), "expected a finite fill, found nan; 0 is black and 1 is white"),
        (lambda: PixelMask(0.0, counted="hidden"), "expected some hidden pixels to count, found ratio=0.0"),
        (lambda: PatchMask(1.0, 2, counted="visible"), "expected some visible pixels to count, found ratio=1.0"),
        (lambda: PatchMask(0.5, 0), "expected a patch_size of 1 pixel or more, found 0; 4 to 16 is usual"),
        (lambda: Mixing((1.0,)), r"two or more weights of at least 0, not all 0, found \(1.0,\); None weighs all"),
        (lambda: Mixing((1.0, -1.0)), r"found \(1.0, -1.0\)"),
        (lambda: Mixing((0.0, 0.0)), r"found \(0.0, 0.0\)"),
    ],
)
def test_senseless_parameters_are_refused_with_a_sentence(make: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: PixelMask(0.5, counted="masked"), "'all', 'hidden' or 'visible', found 'masked'"),  # type: ignore[arg-type]
        (lambda: GaussianNoise((0.1,)), r"found \(0.1,\)"),  # type: ignore[arg-type]
    ],
)
def test_values_of_the_wrong_type_are_refused_with_a_sentence(
    make: Callable[[], Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as from a description on disk
    with pytest.raises(ValueError, match=sentence):
        make()
