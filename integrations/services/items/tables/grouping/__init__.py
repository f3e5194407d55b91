"""Rows of a table in the order of their groups."""
