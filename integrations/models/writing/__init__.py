"""Edits on their way to a provider."""
