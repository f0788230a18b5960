from pathlib import Path

import numpy as np
import pytest

from narrows.data import cache, clear_cache, list_pictures, read_folder

from .layouts import write_picture


def test_pictures_come_in_the_order_of_their_names_with_classes_from_the_first_level(tmp_path: Path) -> None:
    dogs = [write_picture(tmp_path / "photos" / "dog" / f"{name}.png", 4, 6, seed=name) for name in (1, 2)]
    cat = write_picture(tmp_path / "photos" / "cat" / "indoors" / "3.png", 4, 6, seed=3)
    found = read_folder(tmp_path / "photos", cache=tmp_path / "cache")
    assert found.files == ("cat/indoors/3.png", "dog/1.png", "dog/2.png")
    assert found.class_names == ("cat", "dog")
    assert np.array_equal(found.pictures.images, [cat, *dogs])
    assert found.pictures.labels is not None
    assert found.pictures.labels.tolist() == [0, 1, 1]
    assert found.unreadable == ()


@pytest.mark.parametrize(
    "names", [("a.png", "b.png"), ("a.png", "cat/b.png"), ("all/a.png", "all/b.png"), ("train/a.png", "test/b.png")]
)
def test_without_classes_there_are_no_labels(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        write_picture(tmp_path / "photos" / name, 4, 6)
    found = read_folder(tmp_path / "photos", cache=tmp_path / "cache")
    assert found.class_names == ()
    assert found.pictures.labels is None


def test_one_picture_in_colour_gives_all_three_channels(tmp_path: Path) -> None:
    grey = write_picture(tmp_path / "photos" / "a.png", 4, 6, grey=True)
    assert read_folder(tmp_path / "photos", cache=tmp_path).pictures.image_shape == (1, 4, 6)
    colour = write_picture(tmp_path / "photos" / "b.png", 4, 6)
    found = read_folder(tmp_path / "photos", cache=tmp_path).pictures.images
    assert np.array_equal(found, [grey.repeat(3, axis=0), colour])


def test_several_sizes_want_a_size(tmp_path: Path) -> None:
    write_picture(tmp_path / "photos" / "a.png", 4, 6)
    write_picture(tmp_path / "photos" / "b.png", 5, 5)
    with pytest.raises(ValueError, match=r"found 2 sizes such as 4 x 6 and 5 x 5; give a size"):
        read_folder(tmp_path / "photos", cache=tmp_path / "cache")
    found = read_folder(tmp_path / "photos", size=(3, 2), cache=tmp_path / "cache")
    assert found.pictures.image_shape == (3, 3, 2)


def test_broken_pictures_are_listed_with_reasons_and_the_rest_is_read(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    whole = [write_picture(photos / f"{number:03}.png", 4, 6, seed=number) for number in range(12)]
    (photos / "000b.jpg").write_text("no picture")
    (photos / "005b.png").write_bytes((photos / "005.png").read_bytes()[:60])  # breaks off amid its pixels
    found = read_folder(photos, cache=tmp_path / "cache")
    assert dict(found.unreadable).keys() == {"000b.jpg", "005b.png"}
    assert "cannot identify image file" in dict(found.unreadable)["000b.jpg"]
    assert "truncated" in dict(found.unreadable)["005b.png"]
    assert np.array_equal(found.pictures.images, whole)
    assert found.files == tuple(f"{number:03}.png" for number in range(12))
    again = read_folder(photos, cache=tmp_path / "cache")
    assert again.unreadable == found.unreadable


@pytest.mark.parametrize("content", [b"no picture", None])
def test_a_folder_of_nothing_but_broken_pictures_is_refused(tmp_path: Path, content: bytes | None) -> None:
    write_picture(tmp_path / "photos" / "a.png", 40, 60)
    whole = (tmp_path / "photos" / "a.png").read_bytes()
    (tmp_path / "photos" / "a.png").write_bytes(whole[:200] if content is None else content)
    with pytest.raises(ValueError, match=r"none that can be read among 1; a.png gives \w+Error: "):
        read_folder(tmp_path / "photos", cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*")), "nothing half-made stays in the cache"


def test_hidden_files_and_others_are_passed_over(tmp_path: Path) -> None:
    for name in ("b.PNG", ".hidden.png", ".thumbnails/c.png", "deep/er/a.png"):
        write_picture(tmp_path / name, 4, 6)
    (tmp_path / "notes.txt").write_text("notes")
    assert list_pictures(tmp_path) == ["b.PNG", "deep/er/a.png"]


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"found none at .*nowhere; check the path"):
        list_pictures(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(ValueError, match=r"expected pictures \(.bmp, .* found none among 1 files"):
        list_pictures(tmp_path)


def test_a_second_reading_maps_the_cache_and_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = write_picture(tmp_path / "photos" / "a.png", 4, 6)
    read_folder(tmp_path / "photos", cache=tmp_path / "cache")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(cache, "read_header", refuse)
    again = read_folder(tmp_path / "photos", cache=tmp_path / "cache")
    assert isinstance(again.pictures.images, np.memmap)
    again.pictures.images[:] = 0
    assert np.array_equal(read_folder(tmp_path / "photos", cache=tmp_path / "cache").pictures.images[0], pixels)


def test_another_size_or_a_changed_file_is_decoded_anew(tmp_path: Path) -> None:
    write_picture(tmp_path / "photos" / "a.png", 4, 6)
    read_folder(tmp_path / "photos", cache=tmp_path / "cache")
    assert read_folder(tmp_path / "photos", size=(2, 2), cache=tmp_path / "cache").pictures.image_shape == (3, 2, 2)
    changed = write_picture(tmp_path / "photos" / "a.png", 4, 6, seed=1)
    assert np.array_equal(read_folder(tmp_path / "photos", cache=tmp_path / "cache").pictures.images[0], changed)
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 3


def test_a_shuffle_keeps_pictures_files_and_labels_together(tmp_path: Path) -> None:
    pixels = {}
    for number in range(12):
        name = f"{'cat' if number < 6 else 'dog'}/{number}.png"
        pixels[name] = write_picture(tmp_path / "photos" / name, 4, 6, seed=number)
    plain, one, same, other = (
        read_folder(tmp_path / "photos", shuffle_seed=seed, cache=tmp_path / "cache") for seed in (None, 1, 1, 2)
    )
    assert one.files == same.files
    assert len({plain.files, one.files, other.files}) == 3
    for row, name in enumerate(one.files):
        assert np.array_equal(one.pictures.images[row], pixels[name])
        assert one.pictures.labels is not None
        assert one.class_names[one.pictures.labels[row]] == name[:3]


def test_progress_is_told_of_every_picture_and_clearing_frees_the_cache(tmp_path: Path) -> None:
    for number in range(3):
        write_picture(tmp_path / "photos" / f"{number}.png", 4, 6)
    told: list[tuple[str, int, int]] = []
    read_folder(
        tmp_path / "photos",
        cache=tmp_path / "cache",
        on_progress=lambda label, done, total: told.append((label, done, total)),
    )
    assert told[-3:] == [("decoding pictures", 1, 3), ("decoding pictures", 2, 3), ("decoding pictures", 3, 3)]
    assert clear_cache(tmp_path / "cache") > 3 * 4 * 6 * 3
    assert not list((tmp_path / "cache").iterdir())
    assert clear_cache(tmp_path / "cache") == 0
