"""Keep the links between items, and follow them in both directions."""
