import numpy as np
import pytest
import torch

from narrows.apply import restore as module
from narrows.apply.restore import places, restore, runs_whole, taper
from narrows.models import PCA, Autoencoder, Dense, InpaintingUNet, MaskedTransformer, ParallelDecoders, UNet

from .small import built


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


def test_a_network_of_convolutions_gives_the_same_whole_and_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    model = built(UNet((4, 6, 8)), (3, 16, 16))
    image = noise(3, 203, 310)
    whole = restore(model, image)
    assert whole.shape == (1, 3, 203, 310)
    with torch.inference_mode():
        assert torch.equal(whole[0], model(image[None]).reconstruction[0])
    monkeypatch.setattr(module, "MOST_PIXELS", 1)
    monkeypatch.setattr(module, "TILE", 128)
    torch.testing.assert_close(restore(model, image), whole, atol=1e-5, rtol=0)


def test_a_picture_of_up_to_a_million_pixels_goes_whole_and_then_in_tiles_that_share_96(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = built(UNet((4, 6)), (1, 16, 16))
    seen: list[tuple[int, ...]] = []

    def note(_: Autoencoder, images: torch.Tensor, hidden: torch.Tensor | None) -> torch.Tensor:
        assert hidden is None
        seen.append(tuple(images.shape))
        return images[:, None]

    monkeypatch.setattr(module, "passed", note)
    restore(model, torch.zeros(1, 1000, 1000))
    assert seen == [(1, 1, 1000, 1000)]
    for width in (512 + 4 * 416, 512 + 4 * 416 + 1):
        restore(model, torch.zeros(1, 512, width))
    assert seen[1:] == [(5, 1, 512, 512), (6, 1, 512, 512)]


@pytest.mark.parametrize("size", [(8, 8), (3, 5), (9, 30), (40, 8), (25, 26)])
def test_tiles_of_a_model_that_loses_nothing_add_up_to_the_picture(size: tuple[int, int]) -> None:
    image = noise(1, *size)
    torch.testing.assert_close(restore(built(PCA(64), (1, 8, 8)), image)[0], image, atol=1e-5, rtol=0)


def test_where_tiles_meet_one_fades_into_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    model = built(PCA(2), (1, 32, 32))

    def flat(_: Autoencoder, images: torch.Tensor, hidden: torch.Tensor | None) -> torch.Tensor:
        assert hidden is None
        return images.mean((2, 3), keepdim=True).expand_as(images)[:, None]

    monkeypatch.setattr(module, "passed", flat)
    found = restore(model, torch.linspace(0, 1, 96).expand(1, 32, 96))[0, 0, 0]
    jump = 16 / 95  # between tiles that start 16 pixels apart
    steps = found.diff()
    assert steps.min() > -1e-6
    assert 0.1 * jump < steps.max() < 0.25 * jump


def test_colours_go_through_a_model_of_greys_and_greys_through_one_of_colours() -> None:
    grey, colour = built(UNet((4, 6)), (1, 8, 8)), built(UNet((4, 6)), (3, 8, 8))
    picture = noise(3, 8, 8)
    each = restore(grey, picture)[0]
    torch.testing.assert_close(each, torch.cat([restore(grey, plane[None])[0] for plane in picture]))
    flat = restore(colour, picture[:1])[0]
    torch.testing.assert_close(flat, restore(colour, picture[:1].expand(3, -1, -1))[0].mean(0, keepdim=True))
    with pytest.raises(ValueError, match="expected a picture of 3 channels, or a grey one, found 2"):
        restore(colour, picture[:2])


def test_what_is_hidden_is_not_seen_and_what_is_visible_stays() -> None:
    model = built(InpaintingUNet((4, 6)), (3, 16, 16))
    picture = noise(3, 21, 17)
    hidden = torch.zeros(1, 21, 17, dtype=torch.bool)
    hidden[:, 5:9, 3:12] = True
    found = restore(model, picture, hidden)[0]
    assert torch.equal(found[:, ~hidden[0]], picture[:, ~hidden[0]])
    assert torch.equal(restore(model, picture.masked_fill(hidden, 0.7), hidden)[0], found)


def test_sources_come_one_by_one_at_any_size() -> None:
    model = built(ParallelDecoders(UNet((4, 6)), 3), (1, 8, 8))
    assert restore(model, noise(1, 11, 30)).shape == (3, 1, 11, 30)


def test_only_what_looks_nearby_runs_whole() -> None:
    assert runs_whole(built(UNet((4, 6)), (1, 8, 8)))
    assert not runs_whole(built(Dense((), 2), (1, 8, 8)))
    assert not runs_whole(built(MaskedTransformer(4, 16, 1, 2, 8), (1, 8, 8)))


def test_tiles_cover_every_pixel_and_start_where_pooling_does() -> None:
    for size in ((512, 512), (700, 2000), (1024, 516)):
        corners = list(places(torch.Size(size), (512, 512), (96, 96), 4))
        covered = np.zeros(size, dtype=int)
        for top, left in corners:
            assert top % 4 == left % 4 == 0
            covered[top : top + 512, left : left + 512] += 1
        assert covered.min() >= 1
    window = taper(512, 96, 24)
    assert torch.equal(window, window.flip(0))
    assert window[:24].max() < 1e-6
    assert window[72:440].min() >= 1
