"""Formats of the one language there is."""
