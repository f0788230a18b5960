import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest

from narrows.data import CATALOGUE, Entry, data_root, load, places
from narrows.data.official import Archive, File

from .layouts import idx_bytes, random_bytes, write_cifar_batch, write_gzip, write_picture, write_stl


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def adapt(monkeypatch: pytest.MonkeyPatch, root: Path, name: str, num_validation: int) -> Entry:
    """The entry with the MD5 sums of the made-up files, and as many validation pictures as they can give."""

    def file(official: File) -> File:
        return dataclasses.replace(official, md5=md5(root / official.path))

    entry = CATALOGUE[name]
    archive = entry.archive
    if archive is not None:
        archive = dataclasses.replace(archive, files=tuple(file(official) for official in archive.files))
    counts = (0, num_validation, 0)
    files = tuple(file(official) for official in entry.files)
    adapted = dataclasses.replace(entry, files=files, archive=archive, num_pictures=counts)
    monkeypatch.setitem(CATALOGUE, name, adapted)
    return adapted


def write_mnist(root: Path) -> np.ndarray:
    images = random_bytes(26, 28, 28)
    labels = np.arange(26, dtype=np.uint8) % 10
    raw = root / "MNIST" / "raw"
    write_gzip(raw / "train-images-idx3-ubyte.gz", idx_bytes(images[:20]))
    write_gzip(raw / "train-labels-idx1-ubyte.gz", idx_bytes(labels[:20]))
    write_gzip(raw / "t10k-images-idx3-ubyte.gz", idx_bytes(images[20:]))
    write_gzip(raw / "t10k-labels-idx1-ubyte.gz", idx_bytes(labels[20:]))
    return images[:, np.newaxis]


def test_mnist_has_its_splits_and_test_is_read_on_first_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = write_mnist(tmp_path)
    adapt(monkeypatch, tmp_path, "mnist", 10)
    mnist = load("mnist", tmp_path)
    assert np.array_equal(mnist.official_train.images, images[:20])
    assert mnist.validation.labels is not None
    assert sorted(mnist.validation.labels) == list(range(10))
    assert mnist.official_test
    (tmp_path / "MNIST/raw/t10k-images-idx3-ubyte.gz").write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"expected .*t10k-images-idx3-ubyte.gz to have md5 \w{32}, found \w{32}"):
        _ = mnist.test
    write_mnist(tmp_path)
    assert np.array_equal(mnist.test.images, images[20:])


def test_an_official_split_is_not_cut_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path)
    adapt(monkeypatch, tmp_path, "mnist", 10)
    with pytest.raises(ValueError, match="to cut it 70-20-10, found mnist, whose authors chose them"):
        load("mnist", tmp_path, split=(70, 20, 10))


def test_the_split_seed_draws_validation_and_leaves_test_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path)
    adapt(monkeypatch, tmp_path, "mnist", 10)
    one, same, other = (load("mnist", tmp_path, split_seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.validation_index, same.validation_index)
    assert not np.array_equal(one.validation_index, other.validation_index)
    assert np.array_equal(one.test.images, other.test.images)


def test_files_may_stand_there_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = write_mnist(tmp_path)
    entry = adapt(monkeypatch, tmp_path, "mnist", 10)
    packed = tmp_path / "MNIST/raw/train-images-idx3-ubyte.gz"
    packed.unlink()
    plain = packed.with_suffix("")
    plain.write_bytes(idx_bytes(images[:20, 0]))
    files = tuple(dataclasses.replace(file, plain_md5=md5(plain)) for file in entry.files)
    monkeypatch.setitem(CATALOGUE, "mnist", dataclasses.replace(entry, files=files))
    assert np.array_equal(load("mnist", tmp_path).official_train.images, images[:20])
    plain.write_bytes(idx_bytes(images[:20, 0]) + b"0")
    with pytest.raises(ValueError, match=r"expected .*train-images-idx3-ubyte to have md5"):
        load("mnist", tmp_path)


def test_cifar10_reads_five_batches_and_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = random_bytes(12, 3, 32, 32)
    for number in range(6):
        name = "test_batch" if number == 5 else f"data_batch_{number + 1}"
        write_cifar_batch(tmp_path / "cifar-10-batches-py" / name, images[2 * number : 2 * number + 2], [0, 1])
    adapt(monkeypatch, tmp_path, "cifar10", 2)
    cifar = load("cifar10", tmp_path)
    assert np.array_equal(cifar.official_train.images, images[:10])
    assert np.array_equal(cifar.test.images, images[10:])
    assert len(cifar.train) == 8


def write_stl10(root: Path) -> np.ndarray:
    images = random_bytes(15, 3, 96, 96)
    for name, part in (("train", slice(0, 10)), ("test", slice(10, 13)), ("unlabeled", slice(13, 15))):
        write_stl(root / "stl10_binary" / f"{name}_X.bin", images[part])
    (root / "stl10_binary" / "train_y.bin").write_bytes(bytes([1, 2] * 5))
    (root / "stl10_binary" / "test_y.bin").write_bytes(bytes([10, 1, 2]))
    return images


def test_stl10_has_labelled_and_unlabelled_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = write_stl10(tmp_path)
    adapt(monkeypatch, tmp_path, "stl10", 2)
    stl = load("stl10", tmp_path)
    assert np.array_equal(stl.official_train.images, images[:10])
    assert stl.test.labels is not None
    assert stl.class_names[stl.test.labels[0]] == "truck"
    assert np.array_equal(stl.unlabelled.images, images[13:])
    assert stl.unlabelled.labels is None
    assert isinstance(stl.unlabelled.images, np.memmap)


def test_stl10_does_without_the_unlabelled_file_until_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_stl10(tmp_path)
    adapt(monkeypatch, tmp_path, "stl10", 2)
    (tmp_path / "stl10_binary/unlabeled_X.bin").unlink()
    stl = load("stl10", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"found no stl10_binary/unlabeled_X.bin \(md5 \w{32}\)"):
        _ = stl.unlabelled


def test_voc2007_is_split_here_and_says_which_pictures_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "user_cache_dir", lambda name: tmp_path / name)
    folder = tmp_path / "VOCdevkit" / "VOC2007"
    for number in range(10):
        write_picture(folder / "JPEGImages" / f"{number:06}.jpg", 70 + number, 90, seed=number)
    (folder / "ImageSets" / "Main").mkdir(parents=True)
    (folder / "ImageSets" / "Main" / "test.txt").write_text("000001\n")
    voc = load("voc2007", tmp_path)
    assert voc.image_shape == (3, 64, 64)
    assert [len(part) for part in (voc.train, voc.validation, voc.test)] == [8, 1, 1]
    assert not voc.official_test
    assert voc.note.startswith("all 10 pictures found in JPEGImages")
    assert load("voc2007", tmp_path, size=(20, 30)).image_shape == (3, 20, 30)


def test_digits_need_no_file_and_keep_the_values_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    digits = load("digits")
    assert [len(part) for part in (digits.train, digits.validation, digits.test)] == [1437, 180, 180]
    assert digits.image_shape == (1, 8, 8)
    assert not digits.official_test
    parts = (digits.train, digits.validation, digits.test)
    for part in parts:
        assert part.labels is not None
        expected_counts = np.bincount(load_digits().target) * len(part) / 1797
        assert np.abs(np.bincount(part.labels) - expected_counts).max() <= 2
    found = np.concatenate([part.images.reshape(len(part), 64) for part in parts])
    expected = np.rint(load_digits().data * 255 / 16)
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, expected.astype(int).tolist()))


def test_a_size_resizes_every_split() -> None:
    digits = load("digits", size=16)
    assert {part.image_shape for part in (digits.train, digits.validation, digits.test)} == {(1, 16, 16)}


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if entry.all_files])
def test_missing_files_are_named_with_place_md5_and_cure(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        load(name, tmp_path)
    sentence = str(caught.value)
    entry = CATALOGUE[name]
    needed = [file for file in entry.all_files if "unlabeled" not in file.path]
    for part in [str(tmp_path), f"'narrows data download {name}'", *(file.path for file in needed)]:
        assert part in sentence
    for sum_ in [file.md5 for file in needed] + ([entry.archive.md5] if entry.archive else []):
        assert sum_ in sentence


def test_only_what_is_missing_is_named(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    (tmp_path / "MNIST/raw/t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"found no MNIST/raw/t10k-labels-idx1-ubyte.gz \(md5 ec29112d\w+\); put"
    ):
        load("mnist", tmp_path)


def test_unofficial_bytes_are_not_parsed(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    with pytest.raises(
        ValueError, match=r"have md5 f68b3c2d\w+, found .* delete it and run 'narrows data download mnist'"
    ):
        load("mnist", tmp_path)


def test_entries_are_whole() -> None:
    for name, entry in CATALOGUE.items():
        assert entry.name == name
        assert entry.description
        assert "\n" not in entry.description
        assert entry.licence
        fetched: list[File | Archive] = [*entry.files, *([entry.archive] if entry.archive else [])]
        assert all(len(item.mirrors) >= 2 and len(item.md5) == 32 for item in fetched)
        if entry.archive:
            assert all(file.path.startswith(entry.archive.folders) for file in entry.archive.files)


def test_the_data_root_is_the_given_one_then_the_variable_s_then_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "user_cache_dir", lambda name: tmp_path / name)
    monkeypatch.delenv("NARROWS_DATA", raising=False)
    assert data_root() == tmp_path / "narrows" / "data"
    monkeypatch.setenv("NARROWS_DATA", str(tmp_path / "named"))
    assert data_root() == tmp_path / "named"
    assert data_root(tmp_path / "given") == data_root(str(tmp_path / "given")) == tmp_path / "given"


def write_sets(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MNIST, Fashion-MNIST in its layout, CIFAR-10, and the sets that are made of them."""
    write_mnist(root)
    for number, kind in enumerate(("train", "t10k")):
        count = (20, 6)[number]
        raw = root / "FashionMNIST" / "raw"
        write_gzip(raw / f"{kind}-images-idx3-ubyte.gz", idx_bytes(random_bytes(count, 28, 28, seed=7 + number)))
        write_gzip(raw / f"{kind}-labels-idx1-ubyte.gz", idx_bytes(np.arange(count, dtype=np.uint8) % 10))
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    for seed, name in enumerate(names):
        write_cifar_batch(root / "cifar-10-batches-py" / name, random_bytes(4, 3, 32, 32, seed=seed), [0, 1, 2, 3])
    for name in ("mnist", "fashion_mnist", "cifar10", *MADE):
        adapt(monkeypatch, root, name, 10)


MADE = {
    "cifar10+mnist": ((2, 3, 32, 32), ("cifar10", "mnist")),
    "mnist+fashion_mnist": ((2, 1, 32, 32), ("mnist", "fashion_mnist")),
    "mnist+mnist": ((2, 1, 28, 28), ("mnist-1", "mnist-2")),
    "mnist+mnist+mnist": ((3, 1, 28, 28), ("mnist-1", "mnist-2", "mnist-3")),
    "mean_of_cifar10_and_mnist": ((3, 32, 32), ()),
}


@pytest.mark.parametrize("name", MADE)
def test_pairs_are_made_of_two_sets_split_by_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_sets(tmp_path, monkeypatch)
    shape, sources = MADE[name]
    made = load(name, tmp_path)
    for pictures, count in ((made.train, 10), (made.validation, 10), (made.test, 4 if "cifar10" in name else 6)):
        assert pictures.images.shape == (count, *shape)
        assert pictures.source_names == sources
        assert pictures.exchangeable == ("mnist-1" in sources)
    assert made.official_test
    assert "mnist" in made.note


def test_a_source_is_its_set_s_picture_and_no_validation_picture_is_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sets(tmp_path, monkeypatch)
    mnist, pairs = load("mnist", tmp_path), load("mnist+mnist", tmp_path)
    for part, whole in ((pairs.train, mnist.train), (pairs.validation, mnist.validation), (pairs.test, mnist.test)):
        assert np.array_equal(part.images[:, 0], whole.images)
        order = np.random.default_rng(0).permutation(len(whole))
        assert np.array_equal(part.images[:, 1], whole.images[order])
    grey = load("mnist+fashion_mnist", tmp_path).train.images
    assert not grey[..., [0, 1, 30, 31]].any()
    assert np.array_equal(grey[:, 0, :, 2:30, 2:30], mnist.train.images)


def test_the_mean_is_of_pictures_in_the_same_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sets(tmp_path, monkeypatch)
    made = load("mean_of_cifar10_and_mnist", tmp_path)
    photographs, digits = load("cifar10", tmp_path), load("mnist", tmp_path, size=32)
    for mean, colour, grey in (
        (made.official_train, photographs.official_train, digits.official_train),
        (made.test, photographs.test, digits.test),
    ):
        expected = (colour.images[: len(mean)].astype(float) + grey.images[: len(mean)]) / 2
        assert np.abs(mean.images - expected).max() <= 0.5


def test_a_missing_part_of_a_pair_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sets(tmp_path, monkeypatch)
    (tmp_path / "MNIST/raw/train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"expected the files of cifar10\+mnist in .*train-images") as caught:
        load("cifar10+mnist", tmp_path)
    assert "cifar-10-python.tar.gz" not in str(caught.value)
    assert "'narrows data download cifar10+mnist'" in str(caught.value)
