"""Bad pictures and arrays: every test of what cannot be learnt from, or hardly.

    python -m torture.pictures [--count 1]

The count says how often all are run; they are ordinary tests and the same in `make test`.
"""

from torture.by_tests import record_tests

TESTS = {
    "tests/torture/test_pictures.py": "none, one, odd shapes, types, values, labels, code sizes and rates",
    "tests/data/test_array.py": "layouts, types and ranges of arrays",
    "tests/data/test_folder.py": "folders with broken, hidden, missing and differing pictures",
    "tests/data/test_picture.py": "formats, depths, transparency and turns of picture files",
    "tests/data/test_splits.py": "splits and label budgets down to a picture",
}
"""Files of tests, and what they are of."""
PROMISE = (
    "Pictures and arrays that cannot be learnt from are one sentence with "
    "a cure, in Python and on the command line; all others train."
)

if __name__ == "__main__":
    record_tests("pictures", __doc__, PROMISE, TESTS)
