"""Indexing: rows of property indexes, and what changes with linked items."""
