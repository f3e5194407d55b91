"""Make the data that a fresh sandbox starts with."""
