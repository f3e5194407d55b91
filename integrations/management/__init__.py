"""Hold the management commands."""
