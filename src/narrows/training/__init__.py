"""Fitting a model, and keeping it."""
