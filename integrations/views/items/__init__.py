"""Show items: one list over all providers, and a page for each."""
