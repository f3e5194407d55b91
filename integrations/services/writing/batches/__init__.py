"""Bulk edits: drafted, and delivered many rows at a time."""
