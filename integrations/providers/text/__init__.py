"""Formatted text of every provider: HTML and Markdown parsed into blocks."""
