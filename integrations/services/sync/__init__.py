"""Move a provider's data into items: full refresh, incremental sync, deletions."""
