"""What changed in items, and how they were at a past time."""
