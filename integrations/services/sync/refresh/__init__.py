"""Refresh one collection, in full or incrementally, page by page."""
