"""Pages of the past: items and lists as they were, and what changed."""
