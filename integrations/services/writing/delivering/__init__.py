"""Deliver edits: claim, look, send, and store what came of it."""
