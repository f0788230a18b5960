"""Poisoned files: every test of what would run code, climb out, fill the memory, rule a terminal or open a connection.

    python -m torture.poison [--count 1]

The count says how often all are run; they are ordinary tests and the same in `make test`.
"""

from torture.by_tests import record_tests

TESTS = {
    "tests/torture/test_poison.py": "pickles, bombs, deep JSON, links, pipes, hostile names, connections",
    "tests/data/test_cifar.py": "the pickles of CIFAR-10 as plain arrays and nothing else",
    "tests/data/test_download.py": "archives with paths, links and devices that lead out; files with another md5",
    "tests/report/test_page.py": "names in a report escaped, and nothing in it from elsewhere",
}
"""Files of tests, and what they are of."""
PROMISE = (
    "A file that would run code, leave its folder, fill the memory or "
    "rule a terminal is refused or made harmless, and nothing opens a connection unasked."
)

if __name__ == "__main__":
    record_tests("poison", __doc__, PROMISE, TESTS)
