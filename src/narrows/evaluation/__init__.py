"""A finished model's figures."""
