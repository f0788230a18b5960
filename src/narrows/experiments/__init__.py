"""The catalogue of experiments."""
