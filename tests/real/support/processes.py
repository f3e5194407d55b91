"""Start processes into logs; stop, kill, freeze and thaw them by name."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from config.run.guard import Guard
from tests.real.support.fork_server import ForkServers

STOP_SECONDS = 30.0
# Shorter than anything that has to be seen while it lasts.
LONGEST_PAUSE = 0.5
# Of what each process wrote, so much is told with a test that fails. What libraries
# say of each step of a start, after which nothing else would be told, has this level.
LAST_LINES = 40
LEFT_OUT = " DEBUG "


def _port_range() -> Iterator[int]:
    """Return the ports of this worker of pytest, beginning somewhere.

    They lie below those that the kernel gives to outgoing connections, and no other
    worker takes them; where to begin differs, for the sake of another pytest.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = range(20_000 + worker % 10 * 1_000, 21_000 + worker % 10 * 1_000)
    begin = os.getpid() * 7 % len(ports)
    return cycle([*ports[begin:], *ports[:begin]])


_PORTS = _port_range()


def free_ports(count: int) -> list[int]:
    """Return ports nobody listens on, none of which was returned just before."""
    return list(islice(filter(_is_free, _PORTS), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until(
    claim: Callable[[], Any], what: str, *, seconds: float = 120, every: float = 0.1
) -> Any:
    """Return the claim's value as soon as it is true; fail by name otherwise.

    What takes long is asked for less often, as many questions are pages that cost
    more than what is waited for: twice a second after ten seconds.
    """
    began = time.monotonic()
    while True:
        value = claim()
        if value:
            return value
        waited = time.monotonic() - began
        if waited > seconds:
            raise AssertionError(f"after {seconds:g} s still not true: {what}")
        time.sleep(max(every, min(waited / 20, LONGEST_PAUSE)))


def listens(port: int) -> bool:
    """Tell whether somebody accepts connections on a local port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@cache
def guard() -> Guard:
    """Return what ends our processes should pytest's worker be killed first."""
    return Guard(seconds=STOP_SECONDS)


# Those that run, and those that the test of now has seen end.
_seen: "list[Running]" = []


def forget_ended() -> None:
    """Forget the processes that former tests have ended, before a test begins."""
    _seen[:] = [each for each in _seen if each.popen.returncode is None]


def last_words() -> list[tuple[str, str]]:
    """Return each process that a test has seen, and the end of what it wrote."""
    logs = dict.fromkeys(each.log for each in _seen)
    return [(f"last lines of {log}", _last_lines(log)) for log in logs]


def _last_lines(log: Path) -> str:
    text = log.read_text("utf-8", errors="replace") if log.exists() else ""
    lines = [line for line in text.splitlines() if LEFT_OUT not in line]
    return "\n".join(lines[-LAST_LINES:])


class Running:
    """Own one process, its group and its log."""

    def __init__(
        self,
        command: list[str],
        *,
        log: Path,
        environment: dict[str, str],
        cwd: Path,
        fork_servers: ForkServers | None = None,
    ) -> None:
        self.log = log
        forked = fork_servers and fork_servers.start(command, environment, log)
        self.popen = forked or _start(command, log, environment, cwd)
        guard().watch(self.pid)
        _seen.append(self)

    @property
    def pid(self) -> int:
        """Return the id of the head of the group."""
        return self.popen.pid

    @property
    def is_alive(self) -> bool:
        """Tell whether the head runs."""
        return self.popen.poll() is None

    def stop(
        self, *, number: int = signal.SIGTERM, seconds: float = STOP_SECONDS
    ) -> float:
        """Send a signal and return how long stopping took; fail if it hangs."""
        started = time.monotonic()
        with suppress(ProcessLookupError):
            self.popen.send_signal(number)
        try:
            self.popen.wait(seconds)
        finally:
            self.kill()
        return time.monotonic() - started

    def kill(self) -> None:
        """End the whole group at once, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()
        guard().forget(self.pid)

    def kill_head(self) -> None:
        """End the head alone; what it leaves behind is for its children to see to."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.popen.wait()

    def freeze(self) -> None:
        """Stop the group's clocks: it stays connected and answers nothing."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the group go on."""
        os.killpg(self.pid, signal.SIGCONT)


def _start(
    command: list[str], log: Path, environment: dict[str, str], cwd: Path
) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def processes_with(text: str) -> list[int]:
    """Return the ids of processes that mention a text, or work in such a directory.

    A server may write its title over its command and its environment.
    """
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        if int(directory.name) == os.getpid():
            continue
        with suppress(OSError):
            words = (directory / "environ").read_bytes()
            words += (directory / "cmdline").read_bytes()
            words += os.fsencode((directory / "cwd").readlink())
            if text.encode() in words:
                found.append(int(directory.name))
    return found
