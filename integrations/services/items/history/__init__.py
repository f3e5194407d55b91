"""What changed in items: told by page, number and list."""
