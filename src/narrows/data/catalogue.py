"""The catalogue: one function a layout, one literal entry a data set."""

import difflib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from narrows.data import sources
from narrows.data.cifar import read_cifar
from narrows.data.dataset import Dataset, Pictures
from narrows.data.idx import read_idx_pictures
from narrows.data.official import Entry, File, Request, require, verified
from narrows.data.pairs import mean_picture, pair, pair_sets
from narrows.data.picture import resize
from narrows.data.splits import SPLIT, cut, split_order, validation_index
from narrows.data.stl10 import map_stl_images, read_stl_labels
from narrows.data.voc import read_voc

VOC_SIZE = (64, 64)


def find_entry(name: str) -> Entry:
    """An entry of the catalogue.

    Raises:
        ValueError: there is none of this name; the sentence lists all and suggests one.
    """
    if name not in CATALOGUE:
        close = difflib.get_close_matches(name, CATALOGUE, n=1)
        cure = f"did you mean '{close[0]}'?" if close else "name one of them, or a folder or array file that exists"
        raise ValueError(f"expected one of the data sets {', '.join(CATALOGUE)}, found '{name}'; {cure}")
    return CATALOGUE[name]


def read_digits(entry: Entry, request: Request) -> Dataset:
    """scikit-learn's copy of the UCI test digits, brought from 0..16 to 0..255; no official split, no file to fetch."""
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    images = np.rint(values.reshape(-1, 1, 8, 8) * (255 / 16)).astype(np.uint8)
    pictures = resize(Pictures(images, labels.astype(np.int64)), request.size, crop=request.crop)
    ordered = pictures.take(split_order(len(pictures), pictures.labels, request.split_seed))
    return cut(entry.name, ordered, split=request.split or SPLIT, class_names=entry.class_names)


def read_idx_set(entry: Entry, request: Request) -> Dataset:
    """MNIST and what is laid out like it: pictures and labels for training, pictures and labels for testing."""

    def read(images: File, labels: File) -> Pictures:
        return read_idx_pictures(verified(entry, request.root, images), verified(entry, request.root, labels))

    require(entry, request.root, entry.all_files)
    return _with_official_test(entry, request, partial(read, *entry.files[:2]), partial(read, *entry.files[2:]))


def read_cifar10(entry: Entry, request: Request) -> Dataset:
    """CIFAR-10: five batches for training, one for testing."""

    def read(files: tuple[File, ...]) -> Pictures:
        return read_cifar([verified(entry, request.root, file) for file in files])

    require(entry, request.root, entry.all_files)
    *train, test = entry.all_files
    return _with_official_test(entry, request, partial(read, tuple(train)), partial(read, (test,)))


def read_stl10(entry: Entry, request: Request) -> Dataset:
    """STL-10: the labelled pictures; the unlabelled are mapped when asked for. A split cuts the training pictures."""

    def find(file: File) -> Path:
        return verified(entry, request.root, file)

    def read(images: File, labels: File) -> Pictures:
        return Pictures(np.ascontiguousarray(map_stl_images(find(images))), read_stl_labels(find(labels)))

    *labelled, unlabelled = entry.all_files
    if request.split is not None:
        require(entry, request.root, labelled[:2])
        pictures = resize(read(*labelled[:2]), request.size)
        ordered = pictures.take(split_order(len(pictures), pictures.labels, request.split_seed))
        note = "The official training pictures alone, split here."
        return cut(entry.name, ordered, split=request.split, class_names=entry.class_names, note=note)
    require(entry, request.root, labelled)
    return _with_official_test(
        entry,
        request,
        partial(read, *labelled[:2]),
        partial(read, *labelled[2:]),
        lambda: Pictures(map_stl_images(find(unlabelled))),
    )


def read_voc2007(entry: Entry, request: Request) -> Dataset:
    """VOC 2007: JPEG pictures brought to one size and split here, whatever list they come from."""
    require(entry, request.root, entry.all_files)
    decoded, note = read_voc(
        request.root / "VOCdevkit" / "VOC2007",
        request.size or VOC_SIZE,
        crop=request.crop,
        shuffle_seed=request.split_seed,
        on_progress=request.on_progress,
    )
    return cut(
        entry.name, Pictures(decoded.images), split=request.split or SPLIT, note=note, unreadable=decoded.unreadable
    )


def read_pairs(entry: Entry, request: Request, *, resized: bool = False) -> Dataset:
    """Sets with official test pictures, named in the entry's name with a plus between them, paired up by the seed.

    Smaller pictures stand amid zeros, or are resized.
    """
    names = tuple(entry.name.split("+"))
    area = request.size or entry.image_shape[1:]
    sets = _read_sets(entry, replace(request, size=area if resized else request.size), names)
    return pair_sets(entry.name, sets, names, size=area, seed=request.split_seed)


def read_mean_pictures(entry: Entry, request: Request) -> Dataset:
    """The mean of CIFAR-10's i-th photograph and MNIST's i-th digit, resized to it."""
    names = ("cifar10", "mnist")
    sets = _read_sets(entry, replace(request, size=request.size or entry.image_shape[1:]), names)
    train = mean_picture(pair(*(each.official_train for each in sets), names=names))
    tests = [each.read_test for each in sets]
    held_out = np.random.default_rng(request.split_seed).permutation(len(train))[: entry.num_pictures[1]]
    return Dataset(
        entry.name,
        train,
        np.sort(held_out),
        lambda: mean_picture(pair(*(read() for read in tests), names=names)),
        note="Of training and test pictures the i-th of cifar10 and the i-th of mnist: their mean, rounded to 8 bits.",
    )


def _read_sets(entry: Entry, request: Request, names: tuple[str, ...]) -> list[Dataset]:
    """The sets of these names, a set that comes more than once read once."""
    require(entry, request.root, entry.all_files)
    read = {name: CATALOGUE[name].read(CATALOGUE[name], request) for name in names}
    return [read[name] for name in names]


def _with_official_test(
    entry: Entry,
    request: Request,
    read_train: Callable[[], Pictures],
    read_test: Callable[[], Pictures],
    read_unlabelled: Callable[[], Pictures] | None = None,
) -> Dataset:
    """A set whose authors chose the test pictures; validation is drawn from the training pictures."""

    def brought(pictures: Pictures) -> Pictures:
        return resize(pictures, request.size, crop=request.crop)

    train = brought(read_train())
    assert train.labels is not None
    return Dataset(
        entry.name,
        train,
        validation_index(train.labels, entry.num_pictures[1], request.split_seed),
        lambda: brought(read_test()),
        entry.class_names,
        read_unlabelled=(lambda: brought(read_unlabelled())) if read_unlabelled else None,
    )


PHOTOGRAPH_AND_DIGIT = "as CIFAR-10 and MNIST, each by itself"
"""Licence of the two together."""

DIGIT_NAMES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

CATALOGUE: dict[str, Entry] = {
    "digits": Entry(
        name="digits",
        description="handwritten digits, embedded: no download needed",
        image_shape=(1, 8, 8),
        num_pictures=(1437, 180, 180),
        licence="CC BY 4.0 (UCI, Alpaydin and Kaynak 1998), by way of scikit-learn",
        read=read_digits,
        class_names=DIGIT_NAMES,
    ),
    "mnist": Entry(
        name="mnist",
        description="handwritten digits",
        image_shape=(1, 28, 28),
        num_pictures=(50_000, 10_000, 10_000),
        licence="CC BY-SA 3.0, as commonly given (LeCun and Cortes 1998)",
        read=read_idx_set,
        class_names=DIGIT_NAMES,
        files=sources.MNIST,
    ),
    "fashion_mnist": Entry(
        name="fashion_mnist",
        description="garments, as hard a set in MNIST's layout",
        image_shape=(1, 28, 28),
        num_pictures=(50_000, 10_000, 10_000),
        licence="MIT (Zalando: Xiao, Rasul and Vollgraf 2017)",
        read=read_idx_set,
        class_names=(
            "T-shirt/top",
            "trouser",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "ankle boot",
        ),
        files=sources.FASHION_MNIST,
    ),
    "cifar10": Entry(
        name="cifar10",
        description="small colour photographs of animals and vehicles",
        image_shape=(3, 32, 32),
        num_pictures=(45_000, 5_000, 10_000),
        licence="no licence stated; its author asks for citation (Krizhevsky 2009)",
        read=read_cifar10,
        class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        archive=sources.CIFAR10,
    ),
    "stl10": Entry(
        name="stl10",
        description="colour photographs of animals and vehicles, few with labels, and 100 000 without",
        image_shape=(3, 96, 96),
        num_pictures=(4_500, 500, 8_000),
        licence="no licence stated; pictures from ImageNet (cite Coates, Lee and Ng 2011)",
        read=read_stl10,
        class_names=("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"),
        archive=sources.STL10,
    ),
    "voc2007": Entry(
        name="voc2007",
        description="photographs of everyday scenes: the official test list's, or all present where those are few",
        image_shape=(3, *VOC_SIZE),
        num_pictures=(3_962, 495, 495),
        licence="Flickr's terms of use (Everingham et al. 2007)",
        read=read_voc2007,
        archive=sources.VOC2007,
    ),
    "cifar10+mnist": Entry(
        name="cifar10+mnist",
        description="pairs to mix and take apart: a photograph of cifar10 and a digit of mnist, resized",
        image_shape=(3, 32, 32),
        num_pictures=(45_000, 5_000, 10_000),
        licence=PHOTOGRAPH_AND_DIGIT,
        read=partial(read_pairs, resized=True),
        files=sources.MNIST,
        archive=sources.CIFAR10,
    ),
    "mean_of_cifar10_and_mnist": Entry(
        name="mean_of_cifar10_and_mnist",
        description="the mean of a photograph of cifar10 and a digit of mnist, resized",
        image_shape=(3, 32, 32),
        num_pictures=(45_000, 5_000, 10_000),
        licence=PHOTOGRAPH_AND_DIGIT,
        read=read_mean_pictures,
        files=sources.MNIST,
        archive=sources.CIFAR10,
    ),
    **{
        name: Entry(
            name=name,
            description=f"{count} digits of mnist, to mix and take apart",
            image_shape=(1, 28, 28),
            num_pictures=(50_000, 10_000, 10_000),
            licence="as MNIST",
            read=read_pairs,
            files=sources.MNIST,
        )
        for name, count in (("mnist+mnist", "two"), ("mnist+mnist+mnist", "three"))
    },
    "mnist+fashion_mnist": Entry(
        name="mnist+fashion_mnist",
        description="pairs to mix and take apart: a digit and a garment, amid zeros",
        image_shape=(1, 32, 32),
        num_pictures=(50_000, 10_000, 10_000),
        licence="as MNIST and Fashion-MNIST, each by itself",
        read=read_pairs,
        files=(*sources.MNIST, *sources.FASHION_MNIST),
    ),
}
