"""Test `make run`: it starts from nothing, heals, stops, and leaves nothing behind."""

import os
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from celery import Celery

from config import deadlines
from config.environment.env import read_env_file
from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import Running, free_ports, processes_with, wait_until
from tests.real.support.stack import BASE_DIR, PASSED_ON
from tests.real.support.templates import Templates
from tests.real.support.web_user import WebUser
from tests.support.provider_answers.described import check_record
from tests.support.provider_answers.seeds import SMALL

pytestmark = pytest.mark.real

PASSWORD = re.compile(r"Sign in as (\S+) with the password (\S+)")
STOP_SECONDS = 30
# Longer than a worker may take that is asked to stop and spends nothing.
LATE_SECONDS = int(deadlines.SHUTDOWN_SECONDS) + 3


class Run:
    """Handle one `make run` with a directory and ports of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        web, self.valkey_port, sandbox = free_ports(3)
        self.web_port = web
        self.url = f"http://localhost:{web}/"
        self.environment = {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            "ENV_FILE": str(directory / "env"),
            "VAR_DIR": str(directory / "var"),
            "PUBLIC_BASE_URL": f"http://localhost:{web}",
            "VALKEY_PORT": str(self.valkey_port),
            "SANDBOX_PORT": str(sandbox),
            "SANDBOX_RECORD": str(directory / "calls.jsonl"),
        }
        self.log = directory / "log"
        self.running: Running | None = None

    def start(self) -> Running:
        """Start it, as make does."""
        self.log.unlink(missing_ok=True)
        self.running = Running(
            [sys.executable, "-m", "config.run"],
            log=self.log,
            environment=self.environment,
            cwd=BASE_DIR,
        )
        return self.running

    def start_and_wait(self) -> str:
        """Start it and return what it wrote until the address was printed."""
        self.start()
        self.wait_for("Ctrl-C stops everything")
        return self.text

    def wait_for(self, words: str) -> None:
        """Return once the words were printed."""
        wait_until(lambda: words in self.text, words, seconds=180)

    @property
    def text(self) -> str:
        """Return what it wrote so far."""
        return self.log.read_text() if self.log.exists() else ""

    def left_behind(self) -> list[int]:
        """Return the ids of processes that still know this run's directory."""
        return processes_with(str(self.directory))

    def wait_until_gone(self, *, seconds: float) -> None:
        """Return once nothing of it is left; fail with what each of the rest runs."""
        try:
            wait_until(lambda: not self.left_behind(), "all are gone", seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self._commands()}") from None

    def _commands(self) -> list[str]:
        commands = []
        for pid in self.left_behind():
            with suppress(OSError):
                told = Path(f"/proc/{pid}/cmdline").read_bytes()
                commands.append(told.replace(b"\0", b" ").decode())
        return commands

    def close(self) -> None:
        """End whatever is left of it."""
        if self.running is not None:
            self.running.kill()
        for pid in self.left_behind():
            os.kill(pid, signal.SIGKILL)
        check_record(self.directory / "calls.jsonl")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Run]:
    """Return a run that finds nothing."""
    made = Run(tmp_path)
    yield made
    made.close()


@pytest.fixture
def run(fresh: Run, templates: Templates) -> Run:
    """Return a run that need neither migrate nor seed."""
    var_dir = fresh.directory / "var"
    var_dir.mkdir()
    templates.copy_database(var_dir)
    templates.copy_sandbox(var_dir, SMALL)
    return fresh


def test_it_starts_from_nothing_and_again_heals_and_leaves_nothing(fresh: Run) -> None:
    text = fresh.start_and_wait()

    email, password = PASSWORD.findall(text)[0]
    keys = read_env_file(fresh.directory / "env")
    assert fresh.url in text
    assert requests.get(fresh.url, timeout=10).status_code == 200
    assert can_sign_in(fresh, email, password)
    fresh.wait_for("Simulated, for want of credentials")
    assert fresh.running is not None
    fresh.running.stop(number=signal.SIGINT, seconds=STOP_SECONDS)
    assert fresh.running.popen.poll() == 0
    assert fresh.left_behind() == []

    text = fresh.start_and_wait()

    assert not PASSWORD.search(text)
    assert read_env_file(fresh.directory / "env") == keys
    assert can_sign_in(fresh, email, password)

    assert_a_process_that_dies_comes_back(fresh)

    fresh.running.kill_head()

    fresh.wait_until_gone(seconds=STOP_SECONDS)


def assert_a_process_that_dies_comes_back(run: Run) -> None:
    wait_until(
        lambda: len(find(run, "-Q refresh")) == 3, "the worker has its pool", seconds=60
    )

    before = find(run, "-Q refresh")
    os.kill(min(before), signal.SIGKILL)

    run.wait_for("ended with signal SIGKILL")
    wait_until(
        lambda: (
            len(find(run, "-Q refresh")) == 3 and not set(before) & set(find(run, ""))
        ),
        "the worker is back and its old pool is gone",
        seconds=60,
    )


def test_a_killed_supervisor_cuts_no_call_that_spends_a_token(
    run: Run, make_stack: MakeStack
) -> None:
    provider = make_stack(PUBLIC_BASE_URL=run.environment["PUBLIC_BASE_URL"])
    provider.start("sandbox")
    run.environment["SANDBOX"] = provider.sandbox_url
    run.start_and_wait()
    user = WebUser(run.url, email="alice@example.com", password="sail-the-seven-7")
    user.sign_up()
    user.connect("airtable")
    ((key, version),) = ask(run, "select connection_id, version from {credential}")
    late = {"kind": "latency", "ms": LATE_SECONDS * 1000}
    of_token = {"provider": "airtable", "family": "token", "count": 1}
    provider.sandbox("faults/add", **of_token, **late)
    broker = f"redis://127.0.0.1:{run.valkey_port}/0"
    with Celery(broker=broker, set_as_current=False) as celery:
        name, args = "integrations.tasks.refresh_connection", [str(UUID(key)), "test"]
        celery.send_task(name, args=args, queue="refresh")
    wait_until(
        lambda: provider.ask_sandbox("stats")["faults_struck"].get("latency"),
        "the provider has the request",
    )
    assert run.running is not None

    run.running.kill_head()

    run.wait_until_gone(seconds=LATE_SECONDS + 60)
    stored = ask(run, "select version, attempt_id from {credential}")
    assert stored == [(version + 1, None)]


def ask(run: Run, sql: str) -> list[tuple[Any, ...]]:
    """Return what the database of a run holds."""
    path = run.directory / "var" / "mooring.sqlite3"
    with closing(sqlite3.connect(path, timeout=20)) as database:
        sql = sql.format(credential="integrations_credential")
        return database.execute(sql).fetchall()


def test_a_taken_port_is_named_with_what_to_do(run: Run) -> None:
    with socket.create_server(("127.0.0.1", run.web_port)):
        running = run.start()
        code = running.popen.wait(60)

    assert code == 1
    assert f"Port {run.web_port} is taken" in run.text
    assert "PUBLIC_BASE_URL" in run.text
    assert run.left_behind() == []


def test_a_refused_setting_ends_the_run_with_its_name(run: Run) -> None:
    run.environment["HUBSPOT_CLIENT_ID"] = "half"

    code = run.start().popen.wait(120)

    assert code == 1
    assert "HUBSPOT_CLIENT_SECRET" in run.text
    assert run.left_behind() == []


def find(run: Run, words: str) -> list[int]:
    """Return the ids of this run's processes with words in their command line."""
    found = []
    for pid in run.left_behind():
        with suppress(FileNotFoundError):
            line = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            if words in line:
                found.append(pid)
    return found


def can_sign_in(run: Run, email: str, password: str) -> bool:
    WebUser(run.url, email=email, password=password).sign_in()
    return True
