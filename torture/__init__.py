"""What Narrows survives, tried at length: one script a subject, each run as `python -m torture.NAME [--count N]`."""
