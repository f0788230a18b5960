import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from narrows.data import Pictures, cache, clear_cache, list_cache, list_pictures, read_folder, resize

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
    (photos / "007b.jpeg").touch()
    (photos / "008b.png").symlink_to(photos / "nowhere.png")
    Image.fromarray(whole[9].transpose(1, 2, 0)).save(photos / "009.jpg", "PNG")
    found = read_folder(photos, cache=tmp_path / "cache")
    assert dict(found.unreadable) == {
        "000b.jpg": "what is in it is no picture of a known format, whatever its name says: it begins 'no picture'",
        "005b.png": "it is damaged or breaks off (OSError: image file is truncated)",
        "007b.jpeg": "the file is empty",
        "008b.png": "no such file or directory",
    }
    assert np.array_equal(found.pictures.images, [*whole[:9], whole[9], *whole[9:]])
    names = [f"{number:03}.png" for number in range(12)]
    assert found.files == (*names[:9], "009.jpg", *names[9:])
    again = read_folder(photos, cache=tmp_path / "cache")
    assert again.unreadable == found.unreadable


@pytest.mark.parametrize("content", [b"no picture", None])
def test_a_folder_of_nothing_but_broken_pictures_is_refused(tmp_path: Path, content: bytes | None) -> None:
    write_picture(tmp_path / "photos" / "a.png", 40, 60)
    whole = (tmp_path / "photos" / "a.png").read_bytes()
    (tmp_path / "photos" / "a.png").write_bytes(whole[:200] if content is None else content)
    with pytest.raises(
        ValueError, match=r"none that can be read among 1; a.png gives (it is damaged or breaks off|what is in it)"
    ):
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


def test_the_cache_says_what_it_holds_and_drops_what_was_unused_for_longest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "three"):
        write_picture(tmp_path / name / "a.png", 100, 100)
        read_folder(tmp_path / name, cache=tmp_path / "cache")
        time.sleep(0.01)  # file systems tell times apart no finer
    read_folder(tmp_path / "one", cache=tmp_path / "cache")
    held = list_cache(tmp_path / "cache")
    monkeypatch.delenv("NARROWS_CACHE_GB", raising=False)
    assert cache.cache_limit() == 20e9
    assert [Path(entry.folder).name for entry in held] == ["one", "three", "two"]
    assert [(entry.num_pictures, entry.image_shape) for entry in held] == [(1, (3, 100, 100))] * 3
    monkeypatch.setenv("NARROWS_CACHE_GB", "0.0001")  # 100 kB, and an array has 30
    write_picture(tmp_path / "four" / "a.png", 100, 100)
    read_folder(tmp_path / "four", cache=tmp_path / "cache")
    assert [Path(entry.folder).name for entry in list_cache(tmp_path / "cache")] == ["four", "one", "three"]
    monkeypatch.setenv("NARROWS_CACHE_GB", "much")
    write_picture(tmp_path / "five" / "a.png", 4, 6)
    with pytest.raises(ValueError, match="expected NARROWS_CACHE_GB to be gigabytes above 0, found 'much'"):
        read_folder(tmp_path / "five", cache=tmp_path / "cache")


def test_the_middle_of_pictures_is_cut_out_where_asked(tmp_path: Path) -> None:
    pixels = write_picture(tmp_path / "photos" / "a.png", 5, 9)
    small = write_picture(tmp_path / "photos" / "b.png", 2, 3)
    found = read_folder(tmp_path / "photos", size=(4, 4), crop=True, cache=tmp_path / "cache")
    assert np.array_equal(found.pictures.images[0], pixels[:, 0:4, 2:6])  # not halved: 5 is less than twice 4
    enlarged = Image.fromarray(small.transpose(1, 2, 0)).resize((6, 4), Image.Resampling.BILINEAR)
    assert np.array_equal(found.pictures.images[1], np.asarray(enlarged).transpose(2, 0, 1)[:, :, 1:5])
    squeezed = read_folder(tmp_path / "photos", size=(4, 4), cache=tmp_path / "cache")
    assert not np.array_equal(squeezed.pictures.images, found.pictures.images)
    arrays = resize(Pictures(pixels[np.newaxis]), (4, 4), crop=True)
    assert np.array_equal(arrays.images[0], found.pictures.images[0])
