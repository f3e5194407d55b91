"""Filtering a table: choosing a column, and what its rows must be like."""
