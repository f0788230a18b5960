from pathlib import Path

import pytest

from narrows.data import voc
from narrows.data.voc import choose_pictures, read_voc

from .layouts import write_picture


def write_tree(root: Path, present: list[str], listed: list[str]) -> Path:
    folder = root / "VOCdevkit" / "VOC2007"
    (folder / "JPEGImages").mkdir(parents=True)
    for number, name in enumerate(present):
        write_picture(folder / "JPEGImages" / f"{name}.jpg", 30 + number, 40, seed=number)
    (folder / "ImageSets" / "Main").mkdir(parents=True)
    (folder / "ImageSets" / "Main" / "test.txt").write_text("\n".join(listed) + "\n")
    return folder


def test_the_test_list_chooses_where_enough_of_it_is_present(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voc, "ENOUGH", 2)
    folder = write_tree(tmp_path, ["000001", "000002", "000003"], ["000001", "000003 -1", "000009"])
    files, note = choose_pictures(folder)
    assert files == ["000001.jpg", "000003.jpg"]
    assert note == "2 of the 3 pictures of the official test list"


def test_all_pictures_are_taken_where_few_of_the_list_are_present(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, ["000001", "000002", "000003"], ["000001", "000009"])
    files, note = choose_pictures(folder)
    assert files == ["000001.jpg", "000002.jpg", "000003.jpg"]
    assert note == "all 3 pictures found in JPEGImages, as only 1 of them are on the official test list"


def test_pictures_are_shuffled_by_seed_and_brought_to_one_size(tmp_path: Path) -> None:
    names = [f"{number:06}" for number in range(8)]
    folder = write_tree(tmp_path, names, names)
    one, same, other = (
        read_voc(folder, (16, 20), shuffle_seed=seed, cache=tmp_path / "cache")[0] for seed in (0, 0, 1)
    )
    assert one.images.shape == (8, 3, 16, 20)
    assert one.files == same.files != other.files
    assert sorted(one.files) == [f"{name}.jpg" for name in names]


def test_a_tree_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"JPEGImages, found none; delete .*VOC2007 and run 'narrows data download voc2007'"
    ):
        choose_pictures(write_tree(tmp_path, [], ["000001"]))
