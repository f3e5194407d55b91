"""Which collections an account has, and which of them may be read."""
