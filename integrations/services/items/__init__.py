"""Store items, and find, list, relate and export them; call no provider."""
