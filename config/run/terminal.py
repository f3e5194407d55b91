"""Terminal output: lines prefixed with their process, in colour where it shows."""

import os
import sys

COLOURS = {
    "web": 36,
    "worker-refresh": 32,
    "worker-interactive": 33,
    "worker-sync": 35,
    "beat": 34,
    "valkey": 90,
    "sandbox": 95,
    "run": 1,
}
WIDTH = max(map(len, COLOURS))


def say(name: str, text: str) -> None:
    """Print lines under a name; a closed terminal is no reason to stop."""
    prefix = f"{name:<{WIDTH}} | "
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        prefix = f"\033[{COLOURS.get(name, 0)}m{prefix}\033[0m"
    try:
        for line in text.splitlines() or [""]:
            sys.stdout.write(f"{prefix}{line}\n")
        sys.stdout.flush()
    except OSError:
        # Whoever read us has gone; the processes go on until they are stopped.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
