"""One scheduler in a process of its own: ticks until nothing is due any more.

``python -m tests.bench.support.scheduler`` waits for a line, and prints as JSON how
many runs it opened, its seconds of wall and CPU for that, and its peak in MB.
"""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import django
from django.utils import timezone


def main() -> None:
    """Get ready, wait to be told, tick, and tell."""
    django.setup()
    from integrations.services.upkeep import schedule

    now = timezone.now()
    # Everything that a tick needs is imported and connected then.
    schedule.dispatch_due(now=now - timedelta(days=365))
    print("ready", flush=True)
    sys.stdin.readline()
    started, used = time.monotonic(), time.process_time()
    opened = 0
    while newly := schedule.dispatch_due():
        opened += newly
    told = {
        "opened": opened,
        "wall": time.monotonic() - started,
        "cpu": time.process_time() - used,
        "peak": peak(),
    }
    print(json.dumps(told), flush=True)


def peak() -> float:
    """Return the most memory that this process has held, in MB.

    What is told of its resources begins with what the process held that started it.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
