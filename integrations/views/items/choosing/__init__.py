"""Rows that a user chose in a list or a table, and what can be done with them."""
