"""Fork processes of a product out of one that has imported it already.

Importing costs each process of a product more than a second of CPU, and a stack has
half a dozen of them beside its commands. A server imports once for an environment,
opens no connection and begins no thread; what it forks runs the same command line as a
process of its own would, from its arguments to its exit code. The servers themselves
are forked out of one that has imported what knows of no environment; one that imports
nothing more serves what shall fail on its environment.
"""

import faulthandler
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import Any

BASE_DIR = Path(__file__).resolve().parents[3]
MANAGE = str(BASE_DIR / "manage.py")
COMMAND_SECONDS = 300
MOST_BYTES = 1024 * 1024
MOST_COMPLAINTS = 4096
# What reads no setting and no variable when it is imported.
LIBRARIES = (
    "celery.apps.beat",
    "celery.bin.celery",
    "django.core.handlers.wsgi",
    "django.core.management.base",
    "django.db.migrations.executor",
    "fido2.server",
    "gunicorn.app.wsgiapp",
    "integrations.providers",
    "kombu.transport.redis",
    "psycopg",
    "requests",
    "sandbox.core.serving.app",
    "sandbox.providers",
    "xlsxwriter",
)
# Python itself reads them, once; of every plan they are the same.
AT_START = (
    *("PATH", "HOME", "LANG", "TMPDIR"),
    *("PYTHONFAULTHANDLER", "PYTHONUNBUFFERED", "PYTHONWARNINGS"),
)
# What the commands of a product import before they read what is wanted of them.
COMMANDS = (
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.bin.celery",
    "config.background.beat",
    "config.background.scheduler",
    "config.background.time_limits",
    "config.web.web_worker",
    "django.core.management.commands.check",
    "django.core.management.commands.migrate",
    "gunicorn.app.wsgiapp",
    "integrations.tasks",
    "config.urls",
)


class NotForkableError(Exception):
    """Report that a process has to be started in the usual way."""


class Forked:
    """Process that a server forked, with what the tests use of ``Popen``."""

    def __init__(self, server: "ForkServer", pid: int) -> None:
        self._server = server
        self.pid = pid
        self.returncode: int | None = None
        # It stays a zombie, and its number its own, until it is asked for.
        self._ended = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._reap(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it ended; raise ``TimeoutExpired``."""
        code = self._reap(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def _reap(self, seconds: float | None) -> int | None:
        if self.returncode is None:
            watched = select.poll()
            watched.register(self._ended, select.POLLIN)
            if watched.poll(None if seconds is None else seconds * 1000):
                self.returncode = self._server.reap(self.pid)
                os.close(self._ended)
        return self.returncode


class Root:
    """Tests' end of the server that forks the servers of environments."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._channel, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Of this server and of those that are forked from it, not of what those fork.
        self._complaints = TemporaryFile()  # noqa: SIM115 (as long as the server)
        with far:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", __name__, str(far.fileno())],
                cwd=BASE_DIR,
                env=environment,
                pass_fds=[far.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints,
                start_new_session=True,
            )

    def fork(
        self, environment: Mapping[str, str], channel: socket.socket, *, imports: bool
    ) -> None:
        """Fork a server for an environment that answers at a channel."""
        told = json.dumps([dict(environment), imports]).encode()
        socket.send_fds(self._channel, [told], [channel.fileno()])

    def complaints(self) -> str:
        """Return what these servers said last of why they ended."""
        end = self._complaints.seek(0, os.SEEK_END)
        text = os.pread(
            self._complaints.fileno(), MOST_COMPLAINTS, max(0, end - MOST_COMPLAINTS)
        )
        return f"{text.decode(errors='replace')} (exit code {self._popen.poll()})"


@cache
def root(at_start: frozenset[tuple[str, str]]) -> Root:
    """Return the one server that all with such variables are forked from."""
    return Root(dict(at_start))


class ForkServer:
    """Tests' end of a server for one environment."""

    def __init__(self, environment: Mapping[str, str], *, imports: bool = True) -> None:
        self._lock = threading.Lock()
        self._channel, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        at_start = {name: environment[name] for name in AT_START if name in environment}
        self._root = root(frozenset(at_start.items()))
        with far, suppress(OSError):
            self._root.fork(environment, far, imports=imports)

    def start(self, command: list[str], out: Path, err: Path) -> Forked:
        """Fork a process with a group of its own, which adds to files."""
        answer = self._ask(start=command[1:], out=str(out), err=str(err))
        return Forked(self, answer["pid"])

    def reap(self, pid: int) -> int:
        """Return the exit code of a process that has ended."""
        return int(self._ask(reap=pid)["code"])

    def close(self) -> None:
        """End the server, not what it forked."""
        self._channel.close()

    def _ask(self, **question: Any) -> dict[str, Any]:
        with self._lock, suppress(OSError):
            self._channel.send(json.dumps(question).encode())
            answer = self._channel.recv(MOST_BYTES)
            if answer:
                return dict(json.loads(answer))
        raise NotForkableError(question, self._root.complaints())


class ForkServers:
    """Servers by environment, each begun when first wanted; most import the product."""

    def __init__(self, *, imports: bool = True) -> None:
        self._imports = imports
        self._servers: dict[frozenset[tuple[str, str]], ForkServer] = {}

    def start(
        self,
        command: list[str],
        environment: Mapping[str, str],
        out: Path,
        err: Path | None = None,
    ) -> Forked | None:
        """Fork a process whose output is added to files; None if that cannot be."""
        key = frozenset(environment.items())
        with suppress(NotForkableError):
            check_is_forkable(command)
            if key not in self._servers:
                self._servers[key] = ForkServer(environment, imports=self._imports)
            return self._servers[key].start(command, out, err or out)
        return None

    def run(
        self,
        command: list[str],
        environment: Mapping[str, str],
        directory: Path,
        *,
        seconds: float = COMMAND_SECONDS,
    ) -> subprocess.CompletedProcess[bytes] | None:
        """Run a command to its end, with files in a directory; None as above.

        One that goes on for longer is killed: raises ``TimeoutExpired``.
        """
        with (
            NamedTemporaryFile(dir=directory) as out,
            NamedTemporaryFile(dir=directory) as err,
        ):
            forked = self.start(command, environment, Path(out.name), Path(err.name))
            if not forked:
                return None
            try:
                code = forked.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(forked.pid, signal.SIGKILL)
                raise
            return subprocess.CompletedProcess(command, code, out.read(), err.read())

    def close(self) -> None:
        """End all servers, not what they forked."""
        while self._servers:
            self._servers.popitem()[1].close()


def check_is_forkable(command: list[str]) -> None:
    """Refuse what is not Python, and a command that has settings of its own."""
    if command[0] != sys.executable or command[1:3] == [MANAGE, "sandbox"]:
        raise NotForkableError(command)


def main() -> None:
    """Import, then fork until the tests' end is closed; in a child, be the process."""
    faulthandler.enable()
    gc.disable()
    for name in LIBRARIES:
        import_module(name)
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        channel.setblocking(True)
        begun = fork_servers(channel)
    if begun is None:
        return
    own, imports = begun
    if imports:
        preload()
    gc.freeze()
    gc.enable()
    with own:
        wanted = serve(own)
    if wanted:
        become(**wanted)


def fork_servers(channel: socket.socket) -> tuple[socket.socket, bool] | None:
    """Fork servers; return in each its channel, and whether it imports the product."""
    # Nobody asks how they ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        told, descriptors, _, _ = socket.recv_fds(channel, MOST_BYTES, 1)
        if not told:
            return None
        own = socket.socket(fileno=descriptors[0])
        # Whatever default of timeouts the tests' end was made with.
        own.setblocking(True)
        if not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            environment, imports = json.loads(told)
            os.environ.update(environment)
            return own, imports
        own.close()


def preload() -> None:
    """Import what processes of a product do, and look at it as each of them does.

    They check it themselves as ever: what the first look remembers is most of one.
    """
    import django

    django.setup()
    for name in COMMANDS:
        import_module(name)
    from django.core.checks import run_checks
    from django.db import connections

    run_checks()
    assert threading.active_count() == 1
    assert not any(each.connection for each in connections.all())


def serve(channel: socket.socket) -> dict[str, Any] | None:
    """Answer; return what is wanted in a child, None at the end."""
    while question := channel.recv(MOST_BYTES):
        wanted = json.loads(question)
        if "reap" in wanted:
            _, status = os.waitpid(wanted["reap"], 0)
            answer = {"code": os.waitstatus_to_exitcode(status)}
        else:
            pid = os.fork()
            if not pid:
                os.setsid()
                return dict(wanted)
            # Whoever knows its number may kill its group, which has to be there.
            while os.getpgid(pid) != pid:
                time.sleep(0.0005)
            answer = {"pid": pid}
        channel.send(json.dumps(answer).encode())
    return None


def become(start: list[str], out: str, err: str) -> None:
    """Run a command line of Python in this process."""
    for number, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.dup2(file, number)
        os.close(file)
    if start[0] == "-m":
        sys.argv = start[1:]
        runpy.run_module(start[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = start
        sys.path[0] = str(Path(start[0]).parent)
        runpy.run_path(start[0], run_name="__main__")


if __name__ == "__main__":
    main()
