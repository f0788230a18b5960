"""Pictures in, uint8 arrays out: readers, catalogue, splits and label budgets."""

from narrows.data.array import pictures_from_array, read_array
from narrows.data.cache import cache_folder, clear_cache, list_cache
from narrows.data.catalogue import CATALOGUE
from narrows.data.dataset import Dataset, Pictures
from narrows.data.download import download
from narrows.data.folder import Folder, list_pictures, read_folder, survey
from narrows.data.identity import duplicates, fingerprint
from narrows.data.loading import from_array, load
from narrows.data.official import Entry, data_root, is_present
from narrows.data.pairs import mean_picture, pair, pair_sets
from narrows.data.picture import Progress, Size, parse_size, read_picture, resize
from narrows.data.splits import SPLIT, Split, label_budget, parse_split, stratified_order, validation_index

__all__ = [
    "CATALOGUE",
    "SPLIT",
    "Dataset",
    "Entry",
    "Folder",
    "Pictures",
    "Progress",
    "Size",
    "Split",
    "cache_folder",
    "clear_cache",
    "data_root",
    "download",
    "duplicates",
    "fingerprint",
    "from_array",
    "is_present",
    "label_budget",
    "list_cache",
    "list_pictures",
    "load",
    "mean_picture",
    "pair",
    "pair_sets",
    "parse_size",
    "parse_split",
    "pictures_from_array",
    "read_array",
    "read_folder",
    "read_picture",
    "resize",
    "stratified_order",
    "survey",
    "validation_index",
]
