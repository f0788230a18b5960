"""The catalogue of experiments, and what carries one out."""
