"""Runs of a sync, and what they note."""
