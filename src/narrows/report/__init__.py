"""One page and its figures, from a run folder alone."""
