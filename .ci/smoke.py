"""Run `make run`, look at the site it announces, and see that nothing stays."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ADDRESS = re.compile(r"Mooring is at (\S+)")
START_SECONDS, STOP_SECONDS = 180, 30


def main() -> int:
    """Return 0 when the site came up, answered, and went away again."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = {
            **os.environ,
            "ENV_FILE": f"{scratch}/env",
            "VAR_DIR": f"{scratch}/var",
            "PUBLIC_BASE_URL": "http://localhost:8765",
            "VALKEY_PORT": "8766",
            "SANDBOX_PORT": "8767",
        }
        run = subprocess.Popen(
            ["make", "run"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            look_at(wait_for_address(run))
        finally:
            os.killpg(run.pid, signal.SIGTERM)
            run.communicate(timeout=STOP_SECONDS)
        return complain(processes_that_mention(scratch))


def wait_for_address(run: "subprocess.Popen[str]") -> str:
    """Return the address that the run prints once the site answers."""
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(START_SECONDS)
    for line in run.stdout or ():
        sys.stdout.write(line)
        if match := ADDRESS.search(line):
            signal.alarm(0)
            return match[1]
    raise SystemExit("make run ended without an address")


def give_up(*_arguments: object) -> None:
    """End a wait that takes too long."""
    raise SystemExit("make run printed no address in time")


def look_at(address: str) -> None:
    """Fetch the pages that need no account."""
    for path in ("", "health/live", "accounts/login/"):
        with urllib.request.urlopen(address + path, timeout=10) as answer:  # noqa: S310 - our own address
            print(f"{answer.status} {address}{path}")


def processes_that_mention(text: str) -> list[str]:
    """Return the command lines of processes whose environment names a text."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (directory / "environ").read_bytes():
                found.append((directory / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue  # it ended meanwhile
    return [line for line in found if line and "smoke.py" not in line]


def complain(left: list[str]) -> int:
    """Name what stayed behind; return the exit code."""
    for line in left:
        print(f"left behind: {line}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
