"""Columns of tables: what they hold, in which form, and how their values compare."""
