"""Do what the clock does: start what is due, notice what is stale, delete the old."""
