"""Networks and their descriptions."""
