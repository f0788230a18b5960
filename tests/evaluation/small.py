"""What the tests of studies share."""

from narrows.corruption import Mixing, NoCorruption
from narrows.data import Pictures
from narrows.evaluation import Beside


def beside(pictures: Pictures) -> Beside:
    """The same pictures to learn from, and as every other set; sources mixed."""
    corruption = Mixing() if pictures.source_names else NoCorruption()
    return Beside(pictures, lambda _: pictures, pictures, corruption)
