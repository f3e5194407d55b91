"""Run a command and print the most memory that it held, in MB.

``python -m tests.bench.support.peak COMMAND …``. A process of its own, because what is
told of a child begins with what the process held that started it.
"""

import os
import subprocess
import sys


def main() -> int:
    """Wait for the command, print, and end as it did."""
    with subprocess.Popen(
        sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    print(usage.ru_maxrss / 1024)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
