"""Narrows: image autoencoders, PCA beside them, and an honest report."""
