"""Hold the commands of the sandbox."""
