"""Pictures in, uint8 arrays out: readers, catalogue, splits and label budgets."""
