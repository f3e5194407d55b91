"""Run the product as `make run` does, on free ports, for a test to handle roughly.

stack = Stack(tmp_path)               # or Stack(tmp_path, database_url=...)
stack.start()                         # everything, or start("valkey", "web")
stack.kill("worker-refresh")          # also stop, freeze, thaw, restart
alice = stack.user("alice@example.com")
path = alice.connect("hubspot")       # through the sandbox's consent page
stack.rows("select state from integrations_connection")
stack.close()
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import requests

from config.run.plan import make_plan
from sandbox.management.commands.sandbox import server_command
from tests.real.support.fork_server import COMMAND_SECONDS, ForkServers
from tests.real.support.processes import Running, free_ports, listens, wait_until
from tests.real.support.quick_passwords import QuickPasswordHasher
from tests.real.support.web_user import WebUser
from tests.support.provider_answers.described import check_record

BASE_DIR = Path(__file__).resolve().parents[3]
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR")
SECRETS = {
    "SECRET_KEY": "made up for the real tier, sixty characters long: 0123456789",
    "TOKEN_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}
START_SECONDS = 120


class Stack:
    """Own the processes, the database and the ports of one running product."""

    def __init__(
        self,
        directory: Path,
        *,
        database_url: str = "",
        fork_servers: ForkServers | None = None,
        **values: str,
    ) -> None:
        self.directory = directory
        web, self.valkey_port, self.sandbox_port = free_ports(3)
        self.url = f"http://localhost:{web}"
        self.sandbox_url = f"http://localhost:{self.sandbox_port}"
        self.database_url = (
            database_url or f"sqlite:///{directory / 'var' / 'mooring.sqlite3'}"
        )
        self.values = {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            **SECRETS,
            "ENV_FILE": "off",
            "VAR_DIR": str(directory / "var"),
            "DATABASE_URL": self.database_url,
            "PUBLIC_BASE_URL": self.url,
            "VALKEY_PORT": str(self.valkey_port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "WEB_CONCURRENCY": "1",
            "LOG_LEVEL": "DEBUG",
            "DJANGO_SETTINGS_MODULE": "tests.real.support.settings",
            "SANDBOX_RECORD": str(directory / "calls.jsonl"),
            **values,
        }
        self.plan = make_plan(BASE_DIR, self.values)
        self.commands = {p.name: p.command for p in self.plan.processes}
        # Seeded already, and forkable: the command replaces itself with this one.
        self.commands["sandbox"] = server_command(f"127.0.0.1:{self.sandbox_port}")
        self.running: dict[str, Running] = {}
        self.fork_servers = fork_servers
        # Tests ask ten times a second, and to connect costs more than to answer.
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the database is a file."""
        return self.database_url.startswith("sqlite")

    def join_workers(self, *names: str) -> None:
        """Let one process, by default for all, do what several workers would."""
        joined = names or tuple(n for n in self.commands if n.startswith("worker-"))
        commands = [self.commands.pop(name) for name in joined]
        queues = ",".join(c[c.index("-Q") + 1] for c in commands)
        # The last one is a pool of threads, in which any task works.
        command, at = commands[-1], commands[-1].index("-Q") + 1
        self.commands["worker"] = [*command[:at], queues, *command[at + 1 :]]

    def prepare(self) -> str:
        """Migrate and make the administrator; return the administrator's password."""
        return self._python("-m", "config.run.prepare").stdout.strip()

    def start(self, *names: str) -> None:
        """Start processes by name, by default all, and wait until they are up."""
        wanted = names or tuple(self.commands)
        for name in wanted:
            if name in self.running:
                self.kill(name)
            self.running[name] = Running(
                self.commands[name],
                log=self._log_path(name),
                environment=self.plan.environment,
                cwd=BASE_DIR,
                fork_servers=self.fork_servers,
            )
        for process in self.plan.processes:
            if process.name in wanted and process.port:
                self._wait_for(process.name, lambda port=process.port: listens(port))
        if "web" in wanted:
            # gunicorn listens before it can answer.
            live = f"{self.url}/health/live"
            self._wait_for("web", lambda: _is_fine(live))
        for name in wanted:
            if name.startswith("worker"):
                self._wait_for(name, lambda name=name: " ready." in self.log(name))

    def stop(self, name: str) -> float:
        """Ask a process to stop, and return how many seconds it took."""
        return self.running.pop(name).stop()

    def kill(self, name: str) -> None:
        """End a process and its children without a warning."""
        self.running.pop(name).kill()
        # A child that is still dying would pass for the next one that listens.
        for port in (p.port for p in self.plan.processes if p.name == name and p.port):
            wait_until(lambda port=port: not listens(port), f"{name} is gone")

    def freeze(self, name: str) -> None:
        """Let a process hang: connected, silent."""
        self.running[name].freeze()

    def thaw(self, name: str) -> None:
        """Let a frozen process go on."""
        self.running[name].thaw()

    def restart(self, name: str) -> None:
        """Kill a process if it runs, and start it again."""
        if name in self.running:
            self.kill(name)
        self._log_path(name).unlink(missing_ok=True)
        self.start(name)

    def close(self) -> None:
        """End everything; what was sent and answered meanwhile is as described."""
        for running in self.running.values():
            running.kill()
        self.running.clear()
        if self.fork_servers:
            self.fork_servers.close()
        if self._connection:
            self._connection.close()
        check_record(Path(self.values["SANDBOX_RECORD"]))

    def log(self, name: str) -> str:
        """Return what a process wrote."""
        path = self._log_path(name)
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self) -> str:
        """Return what all processes wrote, for a sweep for secrets."""
        return "\n".join(self.log(name) for name in self.commands)

    def wait_for_log(self, name: str, text: str, *, seconds: float = 120) -> None:
        """Return once a process has written a text."""
        wait_until(
            lambda: text in self.log(name), f"{name} wrote {text!r}", seconds=seconds
        )

    def manage(
        self, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a management command in the product's environment."""
        return self._python(str(BASE_DIR / "manage.py"), *arguments, check=check)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what the database holds, asked behind the product's back."""
        if self.is_sqlite:
            path = self.database_url.removeprefix("sqlite:///")
            with sqlite3.connect(path, timeout=20) as connection:
                found = connection.execute(sql, values).fetchall()
            connection.close()
            return found
        statement = sql.replace("?", "%s")
        with suppress(psycopg.OperationalError):
            if self._connection:
                return self._connection.execute(statement, values).fetchall()
        # Nobody has asked yet, or the server was away since.
        self._connection = psycopg.connect(
            self.database_url, autocommit=True, prepare_threshold=None
        )
        return self._connection.execute(statement, values).fetchall()

    def wait_for_row(
        self, sql: str, *values: Any, seconds: float = 120
    ) -> tuple[Any, ...]:
        """Return the first row of a question as soon as there is one."""
        rows = wait_until(lambda: self.rows(sql, *values), sql, seconds=seconds)
        return rows[0]

    def user(self, email: str, password: str = "sail-the-seven-7") -> WebUser:
        """Return a signed-in user, made straight in the database if new."""
        user = WebUser(self.url, email=email, password=password)
        hasher = QuickPasswordHasher()
        if not self.rows("select 1 from auth_user where email = ?", email):
            self.rows(
                "insert into auth_user (username, email, password, first_name,"
                " last_name, is_active, is_staff, is_superuser, date_joined)"
                " values (?, ?, ?, '', '', ?, ?, ?, ?) returning id",
                *(email, email, hasher.encode(password, hasher.salt())),
                *(True, False, False, str(datetime.now(UTC))),
            )
        user.sign_in()
        return user

    def sandbox(self, command: str, **values: Any) -> dict[str, Any]:
        """Run a command of the sandbox's control page, such as ``grants/revoke``."""
        answer = requests.post(
            f"{self.sandbox_url}/control/api/{command}", json=values, timeout=10
        )
        answer.raise_for_status()
        return dict(answer.json())

    def ask_sandbox(self, query: str, **values: Any) -> dict[str, Any]:
        """Ask the sandbox's control page a query, such as ``stats`` or ``tokens``."""
        answer = requests.get(
            f"{self.sandbox_url}/control/api/{query}", params=values, timeout=10
        )
        answer.raise_for_status()
        return dict(answer.json())

    def token_requests(self, provider: str = "") -> list[dict[str, Any]]:
        """Return what the token endpoints were asked, of all providers or of one.

        A check asks them about this site's client now and then, with a token that
        nobody was given; what happens to grants is told without it.
        """
        issued = {each["fingerprint"] for each in self.ask_sandbox("tokens")["tokens"]}
        return [
            each
            for each in self.ask_sandbox("token-requests")["requests"]
            if each["provider"] == (provider or each["provider"])
            and (each["grant_type"] != "refresh_token" or each["fingerprint"] in issued)
        ]

    def _wait_for(self, name: str, claim: Callable[[], bool]) -> None:
        """Wait until a process is up; fail with its last words when it dies."""

        def is_up() -> bool:
            if not self.running[name].is_alive:
                raise AssertionError(f"{name} died:\n{self.log(name)[-3000:]}")
            return claim()

        wait_until(is_up, f"{name} is up", seconds=START_SECONDS)

    def _log_path(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def _python(
        self, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        command, servers = [sys.executable, *arguments], self.fork_servers
        done = servers and servers.run(command, self.plan.environment, self.directory)
        done = done or subprocess.run(
            command,
            cwd=BASE_DIR,
            env=self.plan.environment,
            capture_output=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        # Not as text, which would take a carriage return for a line end.
        told = subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments} failed:\n{told.stderr[-3000:]}")
        return told


def _is_fine(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False
