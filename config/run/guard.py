"""Outlive a supervisor that was killed, and end what it left behind.

The guard is a script with nothing but the standard library. The supervisor writes
``+123`` when it starts process group 123, ``=123`` when others need that one to end
themselves, and ``-123`` when it has ended; the end of the pipe means that the
supervisor itself is gone, one way or the other.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

LAST_SECONDS = 4.0


class Guard:
    """Supervisor's end of the pipe to the guard.

    ``seconds`` is how long a process may take to end that is asked to.
    """

    def __init__(self, *, seconds: float) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-E", "-S", __file__, str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def watch(self, group: int, *, is_last: bool = False) -> None:
        """Report a started process group; ``is_last`` if it is to end last."""
        self._write(f"{'=' if is_last else '+'}{group}\n")

    def forget(self, group: int) -> None:
        """Report an ended process group."""
        self._write(f"-{group}\n")

    def dismiss(self) -> None:
        """Send the guard home; it ends whatever was not forgotten."""
        if self._popen.stdin is not None:
            with suppress(BrokenPipeError):
                self._popen.stdin.close()
        self._popen.wait()

    def _write(self, line: str) -> None:
        if self._popen.stdin is not None:
            # Without a guard everything works but this one rescue.
            with suppress(BrokenPipeError):
                self._popen.stdin.write(line)
                self._popen.stdin.flush()


def main() -> None:
    """Track process groups until the pipe ends, then end those that remain."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    others, last = read_groups(sys.stdin)
    end_groups(others, seconds=float(sys.argv[1]))
    end_groups(last, seconds=LAST_SECONDS)


def read_groups(lines: Iterable[str]) -> tuple[set[int], set[int]]:
    """Return the groups that were started and have not ended; second those for last."""
    groups: dict[int, bool] = {}
    for line in lines:
        sign, group = line[0], int(line[1:])
        if sign == "-":
            groups.pop(group, None)
        else:
            groups[group] = sign == "="
    last = {group for group, is_last in groups.items() if is_last}
    return groups.keys() - last, last


def end_groups(groups: set[int], *, seconds: float) -> None:
    """Terminate the head of every group; after a while, kill the group."""
    for group in groups:
        with suppress(ProcessLookupError):
            os.kill(group, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    waiting = groups
    while waiting and time.monotonic() < deadline:
        waiting = {group for group in waiting if send_to_group(group, 0)}
        time.sleep(0.1)
    for group in waiting:
        send_to_group(group, signal.SIGKILL)


def send_to_group(group: int, number: int) -> bool:
    """Send a signal to a group and tell whether anybody was there."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
