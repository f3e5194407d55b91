"""List what an account holds, completely and by what changed."""
