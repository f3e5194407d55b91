"""A grant survives whatever happens to the worker that is renewing it."""

import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any
from uuid import UUID

import pytest
from celery import Celery

from tests.real.support.fixtures import DATABASES, MakeStack
from tests.real.support.postgres import Postgres
from tests.real.support.processes import Running, wait_until
from tests.real.support.stack import BASE_DIR, Stack

pytestmark = pytest.mark.real

DEADLINE = 4.0
WORKER, OTHER = "worker-refresh", "worker-refresh-2"
BOTH = (WORKER, OTHER)
OF_PROVIDER = (
    "where connection_id in (select id from integrations_connection where provider = ?)"
)
LONG_AGO = "2020-01-01 00:00:00"


class Grants:
    """Own a stack with one connection at a time; speak to its workers and its row."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        command = stack.commands[WORKER]
        stack.commands[OTHER] = [word.replace("refresh@", "other@") for word in command]
        self._celery = Celery(
            broker=f"redis://127.0.0.1:{stack.valkey_port}/0", set_as_current=False
        )
        self.provider, self.version = "", 0

    def start(self) -> None:
        """Start what a refresh needs; nothing ticks by itself."""
        self.stack.start("valkey", "sandbox", "web", WORKER)
        self.alice = self.stack.user("alice@example.com")

    def connect(self, provider: str) -> None:
        """Start each test with a new grant, strict rules and no faults."""
        self.provider = provider
        self.stack.sandbox("calm")
        self.switch("punish_reuse", value=True)
        if provider == "hubspot":
            self.switch("rotation", value=True)
        self.alice.connect(provider)
        self.stack.sandbox("stats/reset")
        self.version = self.ask("version")

    def switch(self, name: str, *, value: bool) -> None:
        """Set one of the provider's switches."""
        self.stack.sandbox(
            "switches/set", provider=self.provider, name=name, value=value
        )

    def ask(self, column: str) -> Any:
        """Return one column of the provider's only credential."""
        return self.stack.rows(
            f"select {column} from integrations_credential {OF_PROVIDER}", self.provider
        )[0][0]

    def set(self, **columns: str) -> None:
        """Write columns behind the product's back."""
        pairs = ", ".join(f"{name} = ?" for name in columns)
        self.stack.rows(
            f"update integrations_credential set {pairs} {OF_PROVIDER}"
            " returning version",
            *columns.values(),
            self.provider,
        )

    def ago(self, seconds: float) -> str:
        """Return a moment as this database writes it."""
        text = str(datetime.now(UTC) - timedelta(seconds=seconds))
        return text[:-6] if self.stack.is_sqlite else text

    def renew(self) -> None:
        """Have a worker renew the token."""
        self.send(
            "refresh_connection", str(UUID(str(self.ask("connection_id")))), "test"
        )

    def send(self, task: str, *args: str) -> None:
        """Publish a task of the refresh queue."""
        name = f"integrations.tasks.{task}"
        self._celery.send_task(name, args=args, queue="refresh")

    def slow_down(self, milliseconds: int) -> None:
        """Let the next token request wait before the provider looks at it."""
        self.spoil(kind="latency", ms=milliseconds)

    def spoil(self, **fault: Any) -> None:
        """Let the next token request meet a fault."""
        self.stack.sandbox(
            "faults/add", provider=self.provider, family="token", count=1, **fault
        )

    def wait_for_request(self) -> None:
        """Return once the provider has the request that it lets wait."""
        wait_until(self._has_request, "the provider has the request", every=0.05)
        assert self.ask("attempt_id"), "the intent is stored before it is sent"

    def _has_request(self) -> bool:
        return bool(self.stack.ask_sandbox("stats")["faults_struck"].get("latency"))

    def wait_for_answer(self, count: int = 1) -> None:
        """Return once the provider has answered so many token requests."""
        wait_until(lambda: len(self.requests()) >= count, "the provider answered")

    def wait_for_renewal(self) -> None:
        """Return once the new tokens are stored."""
        wait_until(lambda: self.ask("version") > self.version, "tokens are stored")

    def requests(self) -> list[dict[str, Any]]:
        """Return what the token endpoint was asked."""
        return self.stack.token_requests(self.provider)

    def state(self) -> tuple[str, str]:
        """Return state and reason of the connection."""
        rows = self.stack.rows(
            "select state, reason from integrations_connection where provider = ?",
            self.provider,
        )
        return rows[0][0], rows[0][1]

    def assert_well(self, *, requests: int) -> None:
        """Check that the grant lives and no token was spent twice."""
        stats = self.stack.ask_sandbox("stats")
        assert self.state() == ("active", "")
        assert len(self.requests()) == requests
        assert (stats["double_spends"], stats["overlapping_spends"]) == (0, 0)


@pytest.fixture(scope="module", params=DATABASES)
def grants(
    request: pytest.FixtureRequest, make_any_stack: MakeStack
) -> Iterator[Grants]:
    stack = make_any_stack(
        request.param,
        HTTP_CONNECT_TIMEOUT="2",
        HTTP_READ_TIMEOUT=str(DEADLINE),
        TOKEN_TIMEOUT=str(DEADLINE),
    )
    grants = Grants(stack)
    try:
        grants.start()
        yield grants
    finally:
        stack.close()


@pytest.fixture
def grant(request: pytest.FixtureRequest, grants: Grants) -> Grants:
    grants.connect(getattr(request, "param", "hubspot"))
    return grants


def test_a_worker_killed_before_its_answer_costs_no_grant_and_no_second_use(
    grant: Grants,
) -> None:
    grant.slow_down(60_000)
    grant.renew()
    grant.wait_for_request()

    # The request is on its way, and the provider will not look at it in time.
    grant.stack.kill(WORKER)
    grant.stack.restart("sandbox")
    grant.stack.start(WORKER)
    grant.set(attempt_started_at=LONG_AGO, lease_until=LONG_AGO)
    grant.stack.sandbox("faults/clear")
    grant.renew()

    grant.wait_for_renewal()
    grant.assert_well(requests=1)


def test_a_rotation_whose_worker_was_killed_is_said_to_be_lost(grant: Grants) -> None:
    grant.spoil(kind="slow", seconds=3)
    grant.renew()
    grant.wait_for_answer()

    grant.stack.kill(WORKER)
    grant.stack.start(WORKER)
    grant.set(attempt_started_at=LONG_AGO, lease_until=LONG_AGO)
    grant.renew()

    wait_until(lambda: grant.state()[0] != "active", "the loss is said")
    assert grant.state() == ("needs_reconnect", "rotation_lost")
    assert len(grant.requests()) == 1


@pytest.mark.parametrize("grant", ["hubspot", "airtable"], indirect=True)
def test_a_late_good_answer_of_a_worker_that_stood_still_is_stored(
    grant: Grants,
) -> None:
    grant.slow_down(1000)
    grant.renew()
    grant.wait_for_request()
    grant.stack.freeze(WORKER)
    try:
        grant.stack.start(OTHER)
        grant.wait_for_answer()
        time.sleep(DEADLINE)
        grant.set(attempt_started_at=grant.ago(45), lease_until=LONG_AGO)
        grant.renew()
        wait_until(lambda: asked(grant), "the other worker asks first")
    finally:
        grant.stack.thaw(WORKER)

    grant.wait_for_renewal()
    grant.stack.kill(OTHER)
    grant.assert_well(requests=1)


def asked(grant: Grants) -> int:
    counts = grant.stack.ask_sandbox("stats")["by_endpoint"]
    probes = ("token/introspect", "whoami")
    return sum(n for name, n in counts.items() if any(p in name for p in probes))


def test_workers_that_race_for_one_connection_make_one_request(grant: Grants) -> None:
    grant.stack.start(OTHER)
    grant.slow_down(1000)

    for _ in range(8):
        grant.renew()

    grant.wait_for_renewal()
    grant.stack.stop(OTHER)
    refused = [grant.stack.log(name).count("refresh not done") for name in BOTH]
    assert sum(refused) >= 1
    grant.assert_well(requests=1)


@contextmanager
def in_foreground(grant: Grants) -> Iterator[Running]:
    """Renew what is due in a process of its own, to its end."""
    stack = grant.stack
    running = Running(
        [stack.commands["web"][0], "manage.py", "refresh_due"],
        log=stack.directory / "foreground.log",
        environment=stack.plan.environment,
        cwd=BASE_DIR,
    )
    try:
        yield running
        running.popen.wait(30)
    finally:
        running.kill()


def test_a_token_is_renewed_while_redis_is_gone(grant: Grants) -> None:
    grant.stack.kill("valkey")
    try:
        grant.set(refresh_due_at=LONG_AGO)
        with in_foreground(grant):
            grant.wait_for_renewal()
    finally:
        grant.stack.start("valkey")

    grant.assert_well(requests=1)


def test_an_answer_waits_beside_a_database_that_is_away(
    grant: Grants, database_away: Callable[[], Any]
) -> None:
    grant.slow_down(1000)
    grant.renew()
    grant.wait_for_request()

    with database_away():
        kept = wait_until(lambda: fallback_file(grant), "the answer is kept")
        text = kept.read_text()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    # The first may meet what the server has closed; beat would send the next.
    wait_until(
        lambda: not fallback_file(grant) or grant.send("sweep"),
        "the file is gone",
        every=2,
    )
    grant.wait_for_renewal()
    issued = grant.stack.ask_sandbox("tokens")["tokens"]
    assert not [token for token in issued if token["value"] in text]
    grant.assert_well(requests=1)


def fallback_file(grant: Grants) -> Path | None:
    folder = grant.stack.directory / "var" / "fallback_store"
    return next(iter(folder.glob("*.json")), None)


@pytest.fixture
def database_away(request: pytest.FixtureRequest, grants: Grants) -> Callable[[], Any]:
    if grants.stack.is_sqlite:
        pytest.skip("SQLite is a file; the service tests take it away")
    server: Postgres = request.getfixturevalue("postgres")

    @contextmanager
    def away() -> Iterator[None]:
        server.stop()
        try:
            yield
        finally:
            server.start()

    return away


@pytest.mark.parametrize("grant", ["hubspot", "airtable"], indirect=True)
def test_a_restored_backup_costs_a_reconnect_only_where_tokens_rotate(
    grant: Grants,
) -> None:
    if not grant.stack.is_sqlite:
        pytest.skip("what is recognised is the same; a file is put back in no time")
    rotates = grant.provider == "airtable"
    if not rotates:
        grant.switch("rotation", value=False)
    backup = back_up(grant.stack)
    grant.renew()
    grant.wait_for_renewal()

    put_back(grant.stack, backup)
    assert grant.ask("version") == grant.version
    grant.renew()

    if rotates:
        lost = ("needs_reconnect", "database_restored")
        wait_until(lambda: grant.state() == lost, "the loss is said")
        path = grant.alice.connect(grant.provider)
        assert grant.alice.get(path).ok
        grant.version = grant.ask("version")
        grant.renew()
    grant.wait_for_renewal()
    grant.assert_well(requests=3 if rotates else 2)


def back_up(stack: Stack) -> Path:
    """Copy the database while the site runs, as `sqlite3 .backup` does."""
    path = stack.directory / "backup.sqlite3"
    source = stack.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(source)) as used, closing(sqlite3.connect(path)) as to:
        used.backup(to)
    return path


def put_back(stack: Stack, backup: Path) -> None:
    """Stop the site, put the backup where its database was, and start it again."""
    for name in ("web", WORKER):
        stack.stop(name)
    database = Path(stack.database_url.removeprefix("sqlite:///"))
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
    copyfile(backup, database)
    stack.start("web", WORKER)


def test_no_log_holds_a_token(grants: Grants) -> None:
    said = grants.stack.logs() + grants.stack.log("foreground")
    issued = grants.stack.ask_sandbox("tokens")

    told = [
        row for row in (*issued["tokens"], *issued["codes"]) if row["value"] in said
    ]
    assert told == []
