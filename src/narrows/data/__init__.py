"""Pictures in, uint8 arrays out: readers, catalogue, splits and label budgets."""

from narrows.data.dataset import Dataset, Pictures

__all__ = ["Dataset", "Pictures"]
