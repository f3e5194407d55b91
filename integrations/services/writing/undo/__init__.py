"""Undo edits that were sent, and discard those that were not."""
