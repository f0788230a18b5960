import pytest

from narrows.corruption import GaussianNoise, Mixing, NoCorruption, PatchMask, PhotographNoise, PixelMask
from narrows.jobs import Words, parse_words
from narrows.jobs.words import corruption_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", Words("none", 0.0)),
        ("mix", Words("mix", 0.0)),
        ("noise:0.3", Words("noise", 0.3)),
        ("noise:25/255", Words("noise", 25 / 255)),
        ("noise:0-.2", Words("noise", (0.0, 0.2))),
        ("noise", Words("noise", (0.0, 0.2))),
        ("mask:1", Words("mask", 1.0)),
        ("patches", Words("patches", (0.1, 0.9))),
    ],
)
def test_a_corruption_is_read_as_it_is_written(text: str, words: Words) -> None:
    assert parse_words(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "blur:3", "noise:", "noise:much", "noise:25", "noise:0", "noise:0.2-0.1", "noise:1/0", "noise:-1",
        "mask:1.1", "mask:75", "mix:0.5",
    ],
)  # fmt: skip
def test_other_words_and_strengths_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a (corruption such as|strength of \w+ above 0).*found '"):
        parse_words(text)


def test_colour_gets_noise_that_is_sometimes_grey_and_patches_fit_the_picture() -> None:
    assert corruption_of(parse_words(""), (3, 9, 9)) == NoCorruption()
    assert corruption_of(parse_words("mix"), (3, 9, 9)) == Mixing()
    assert corruption_of(parse_words("noise:0.1"), (3, 9, 9)) == PhotographNoise(0.1)
    assert corruption_of(parse_words("noise:0.1"), (1, 9, 9)) == GaussianNoise(0.1)
    assert corruption_of(parse_words("mask:0.5"), (1, 9, 9)) == PixelMask(0.5, counted="hidden")
    sides = {32: 4, 64: 8, 28: 2, 8: 1, 640: 8}
    for length, side in sides.items():
        assert corruption_of(parse_words("patches:0.5"), (1, length, 1000)) == PatchMask(0.5, side, counted="hidden")
