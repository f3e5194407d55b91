"""Sampling audit: re-read a random part of what is stored, and say what it proves."""
