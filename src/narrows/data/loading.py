"""The way in: a name of the catalogue, a folder, an array file or an array becomes a data set with its splits."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from narrows.data.array import pictures_from_array, read_array
from narrows.data.catalogue import CATALOGUE, find_entry
from narrows.data.dataset import Dataset, Pictures
from narrows.data.folder import read_folder
from narrows.data.official import Request, data_root
from narrows.data.pairs import pair_sets
from narrows.data.parquet import read_parquet
from narrows.data.picture import Progress, Size, as_size, resize
from narrows.data.splits import SPLIT, Split, cut, split_order

ARRAY_SUFFIXES = (".npy", ".npz")


def load(  # noqa: PLR0913  what, from where, and how it is brought to one shape and cut
    name_or_path: str | Path,
    root: str | Path | None = None,
    *,
    size: int | Size | None = None,
    crop: bool = False,
    split_seed: int = 0,
    split: Split | None = None,
    on_progress: Progress | None = None,
) -> Dataset:
    """A data set of the catalogue, or one's own pictures.

    Nothing is downloaded. Test pictures of an official split are not read before `Dataset.test` is.

    Args:
        name_or_path: text that is a name of the catalogue means that set; anything else is the path of a folder of
            pictures, a .npy, .npz or .parquet file. A folder called like a set is written ./mnist, or given as a Path.
            Several of these with a plus between them are paired up, to be mixed and told apart: "faces+digits".
        root: where the catalogue's files are; by default NARROWS_DATA, else the user's cache.
        size: height and width, or one number for both, to squeeze all pictures to.
        crop: cut the middle out of the pictures in place of squeezing them, at most half as large as they are.
        split_seed: draws the validation pictures; for sets without an official split, the test pictures too.
        split: percent for training, validation and test of a set without an official split; None means 80, 10, 10.
            Of STL-10, whose test pictures outnumber those for training, it cuts the latter, as report 000 does.
        on_progress: told of every decoded picture.

    Raises:
        FileNotFoundError: files of the set, or the path, are missing.
        ValueError: no such name, wrong content, pictures of several sizes and no `size`, a `split` that is none, or
            one of another set that has an official one.

    >>> digits = load("digits")
    >>> len(digits.train), len(digits.validation), digits.image_shape
    (1437, 180, (1, 8, 8))
    """
    wanted, own = as_size(size), split or SPLIT
    if isinstance(name_or_path, str) and name_or_path in CATALOGUE:
        entry = find_entry(name_or_path)
        dataset = entry.read(entry, Request(data_root(root), wanted, crop, split_seed, split, on_progress))
        if split is not None and dataset.official_test:
            raise ValueError(
                f"expected a set whose test pictures are drawn here, to cut it {split[0]}-{split[1]}-{split[2]}, found "
                f"{entry.name}, whose authors chose them; leave the split out"
            )
        return dataset
    path = Path(name_or_path).expanduser()
    names = parts_of(name_or_path) if isinstance(name_or_path, str) else ()
    if len(names) > 1:
        read = {
            name: load(name, root, size=wanted, crop=crop, split_seed=split_seed, split=split, on_progress=on_progress)
            for name in dict.fromkeys(names)
        }
        sets = [read[name] for name in names]
        short = tuple(each.name for each in sets)
        return pair_sets("+".join(short), sets, short, seed=split_seed)
    if path.suffix.lower() in ARRAY_SUFFIXES:
        return _split(path.stem, resize(read_array(path), wanted, crop=crop), split_seed, own)
    if path.suffix.lower() == ".parquet":
        table = read_parquet(path, size=wanted, crop=crop, on_progress=on_progress)
        pictures = table.pictures.take(split_order(len(table.pictures), table.pictures.labels, split_seed))
        return cut(path.stem, pictures, split=own, class_names=table.class_names, unreadable=table.unreadable)
    if path.is_file():
        raise ValueError(
            f"expected a folder of pictures, a .npy, .npz or .parquet file, found the file {path}; name its folder"
        )
    if not path.is_dir() and isinstance(name_or_path, str) and path.name == name_or_path:
        find_entry(name_or_path)  # one word and nothing there: likely a name misspelt
    found = read_folder(path, size=wanted, crop=crop, shuffle_seed=split_seed, on_progress=on_progress)
    return cut(
        path.resolve().name,
        found.pictures,
        split=own,
        class_names=found.class_names,
        unreadable=found.unreadable,
    )


def parts_of(source: str) -> tuple[str, ...]:
    """The sets that several names with a plus between them mean; a path that is there is one, whatever its name.

    >>> parts_of("faces+digits")
    ('faces', 'digits')
    """
    return (source,) if Path(source).expanduser().exists() else tuple(source.split("+"))


def from_array(
    images: NDArray[Any], labels: NDArray[Any] | None = None, *, name: str = "array", split_seed: int = 0
) -> Dataset:
    """A data set of pictures in memory, split 80-10-10 by seed, stratified where there are labels.

    Args:
        images: uint8, or floats in [0, 1]; (n, h, w), (n, c, h, w) or (n, h, w, c).
        labels: (n,) whole numbers; renumbered from 0.
        name: what reports call it.
        split_seed: draws validation and test.

    Raises:
        ValueError: another type, range, shape or layout, or fewer than three pictures.

    >>> import numpy as np
    >>> len(from_array(np.zeros((50, 28, 28), np.uint8)).train)
    40
    """
    return _split(name, pictures_from_array(images, labels), split_seed, SPLIT)


def _split(name: str, pictures: Pictures, split_seed: int, split: Split) -> Dataset:
    return cut(name, pictures.take(split_order(len(pictures), pictures.labels, split_seed)), split=split)
