"""Saved views: what a list shows, kept by name, opened again and shared."""
