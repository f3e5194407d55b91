"""Own columns: what users note beside records; nothing of it leaves for a provider."""
