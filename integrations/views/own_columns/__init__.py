"""Pages of own columns, and of what users note in them."""
