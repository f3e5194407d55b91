"""Search everything that a user has at once."""
