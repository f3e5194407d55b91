"""Table pages: one collection by its own columns."""
