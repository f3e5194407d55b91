"""Which worker has a run, for how long, and whose turn is next."""
