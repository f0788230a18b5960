from pathlib import Path

import numpy as np
import pytest

from narrows.data import from_array, load, places

from .layouts import random_bytes, write_picture


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "user_cache_dir", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache" / "narrows" / "pictures"


def test_an_unknown_name_gets_a_suggestion_and_the_list() -> None:
    with pytest.raises(ValueError, match=r"digits, mnist, .* voc2007, .*, found 'mnits'; did you mean 'mnist'\?"):
        load("mnits")
    with pytest.raises(ValueError, match=r"found 'xyz'; name one of them, or a folder or array file that exists"):
        load("xyz")


def test_a_path_that_is_not_there_or_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"expected a folder of pictures, found none at .*nowhere"):
        load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"found none at .*nowhere.npz"):
        load(str(tmp_path / "nowhere.npz"))
    write_picture(tmp_path / "photo.png", 4, 6)
    with pytest.raises(ValueError, match=r"found the file .*photo.png; name its folder"):
        load(tmp_path / "photo.png")


def test_a_folder_is_split_by_seed_and_stratified_and_stays_mapped(tmp_path: Path, cache: Path) -> None:
    for number in range(40):
        write_picture(tmp_path / "pets" / ("cat" if number < 20 else "dog") / f"{number}.png", 4, 6, seed=number)
    pets = load(tmp_path / "pets")
    assert pets.name == "pets"
    assert pets.class_names == ("cat", "dog")
    parts = (pets.train, pets.validation, pets.test)
    assert [np.bincount(part.labels).tolist() for part in parts if part.labels is not None] == [
        [16, 16],
        [2, 2],
        [2, 2],
    ]
    assert len({picture.tobytes() for part in parts for picture in part.images}) == 40
    assert all(isinstance(part.images, np.memmap) for part in parts)
    assert len(list(cache.glob("*.npy"))) == 1
    assert not np.array_equal(load(tmp_path / "pets", split_seed=1).test.images, pets.test.images)


def test_what_has_no_official_split_is_cut_as_asked(tmp_path: Path) -> None:
    for number in range(20):
        write_picture(tmp_path / "pets" / f"{number}.png", 4, 6, seed=number)
    np.save(tmp_path / "array.npy", random_bytes(20, 1, 4, 6))
    for name in (tmp_path / "pets", tmp_path / "array.npy"):
        half = load(name, split=(50, 30, 20))
        assert [len(part) for part in (half.train, half.validation, half.test)] == [10, 6, 4]
    digits = load("digits", split=(70, 20, 10))
    assert [len(part) for part in (digits.train, digits.validation, digits.test)] == [1258, 359, 180]


def test_a_folder_called_like_a_set_is_read_when_given_as_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        write_picture(Path("digits") / f"{number}.png", 4, 6, seed=number)
    assert load("digits").image_shape == (1, 8, 8)
    assert load("./digits").image_shape == (3, 4, 6)
    assert load(Path("digits")).image_shape == (3, 4, 6)


def test_what_cannot_be_read_stands_in_the_data_set(tmp_path: Path) -> None:
    for number in range(3):
        write_picture(tmp_path / "photos" / f"{number}.png", 4 + number, 6)
    (tmp_path / "photos" / "broken.png").write_bytes(b"")
    told: list[str] = []
    photos = load(tmp_path / "photos", size=8, on_progress=lambda label, _done, _total: told.append(label))
    assert [name for name, _ in photos.unreadable] == ["broken.png"]
    assert photos.image_shape == (3, 8, 8)
    assert told.count("decoding pictures") == 3


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_array_files_are_split_too(tmp_path: Path, suffix: str) -> None:
    images = random_bytes(30, 8, 7)
    path = tmp_path / f"faces{suffix}"
    if suffix == ".npy":
        np.save(path, images)
    else:
        np.savez(path, images=images, labels=np.arange(30) % 3)
    faces = load(path, size=(4, 5))
    assert faces.name == "faces"
    assert faces.image_shape == (1, 4, 5)
    assert [len(part) for part in (faces.train, faces.validation, faces.test)] == [24, 3, 3]
    if suffix == ".npz":
        assert faces.test.labels is not None
        assert sorted(faces.test.labels) == [0, 1, 2]


def test_arrays_in_memory_are_split_and_left_as_they_are() -> None:
    images = random_bytes(30, 8, 7)
    before = images.copy()
    made = from_array(images, name="faces", split_seed=3)
    made.train.images[:] = 0
    assert np.array_equal(images, before)
    assert made.name == "faces"
    assert not made.official_test


def test_two_pictures_are_too_few() -> None:
    with pytest.raises(ValueError, match=r"at least 3 pictures .* found 2"):
        from_array(random_bytes(2, 8, 7))


def test_folders_with_a_plus_between_them_are_paired_up(tmp_path: Path) -> None:
    pixels = {}
    for name, grey in (("faces", False), ("marks", True)):
        for number in range(20):
            picture = write_picture(tmp_path / name / f"{number}.png", 4, 4, seed=number, grey=grey)
            pixels[name, picture.tobytes()] = picture
    data = load(f"{tmp_path / 'faces'}+{tmp_path / 'marks'}")
    assert (data.name, data.image_shape, data.official_test) == ("faces+marks", (3, 4, 4), False)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [16, 2, 2]
    assert data.train.source_names == ("faces", "marks")
    assert not data.train.exchangeable
    every = np.concatenate([data.official_train.images, data.test.images])
    assert {pair[0].tobytes() for pair in every} == {key for name, key in pixels if name == "faces"}
    assert {pair[1, 0].tobytes() for pair in every} == {key for name, key in pixels if name == "marks"}
    both = tmp_path / "faces+marks"
    write_picture(both / "a.png", 4, 4)
    with pytest.raises(ValueError, match="at least 3 pictures"):  # a folder of that very name is one folder
        load(str(both))


def test_only_a_set_with_itself_is_exchangeable_and_sources_of_one_name_are_numbered(tmp_path: Path) -> None:
    for number, folder in enumerate(("k1/faces", "k2/faces", "my old faces", "my=old faces")):
        for place in range(5):
            write_picture(tmp_path / folder / f"{place}.png", 4, 4, seed=10 * number + place)

    def sources(*folders: str) -> tuple[tuple[str, ...], bool]:
        train = load("+".join(str(tmp_path / folder) for folder in folders)).train
        return train.source_names, train.exchangeable

    assert sources("k1/faces", "k1/faces") == (("faces-1", "faces-2"), True)
    assert sources("k1/faces", "k2/faces") == (("faces-1", "faces-2"), False)
    assert sources("k1/faces", "k1/faces", "k2/faces") == (("faces-1", "faces-2", "faces-3"), False)
    # names stand in conditions, key=value pairs that are parted by blanks
    assert sources("my old faces", "k1/faces") == (("my-old-faces", "faces"), False)
    assert sources("my old faces", "my=old faces") == (("my-old-faces-1", "my-old-faces-2"), False)
    digits = load("digits+digits").train
    assert (digits.source_names, digits.exchangeable) == (("digits-1", "digits-2"), True)


def test_array_files_with_a_plus_between_them_are_paired_up_too(tmp_path: Path) -> None:
    for seed, name in enumerate(("one", "other")):
        np.save(tmp_path / f"{name}.npy", random_bytes(20, 5, 6, seed=seed))
    found = load(f"{tmp_path / 'one.npy'}+{tmp_path / 'other.npy'}")
    assert found.train.source_names == ("one", "other")
    assert found.train.images.shape[1:] == (2, 1, 5, 6)
