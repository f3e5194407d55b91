"""Give services a sandbox of the same process, and alice a grant in it."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import User
from kombu import Connection as BrokerConnection

from integrations.http.resilience.limits import Limit
from integrations.http.secrets import Secret
from integrations.models import Connection, SyncRun
from integrations.services.common import queue
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients import oauth_clients
from integrations.services.connections.connect import connect as store_grant
from integrations.services.grants.identify import identify
from integrations.services.sync import engine, runs
from sandbox.core.config import Config
from sandbox.core.serving.app import App
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS
from tests.sandbox.wsgi_client import ANA, Client
from tests.services.fixtures import let_time_pass, read_once
from tests.support.pages.content import has_rows_of_another
from tests.support.pages.snapshots import made_once, sandbox_file
from tests.support.provider_answers.sandbox_transport import SandboxTransport
from tests.support.provider_answers.seeds import (
    FEW,
    FEW_PROPERTIES,
    SMALL,
    remove_sandbox,
    shared_seed,
)


class Unlimited:
    """Grant everything, but remember which buckets were blocked."""

    def __init__(self) -> None:
        self.blocked: dict[str, float] = {}

    def acquire(self, limits: list[Limit]) -> float:
        return 0.0

    def block(self, key: str, seconds: float) -> None:
        self.blocked[key] = seconds


class Broker:
    """Take every task and run none: the tests work on runs themselves."""

    def send_task(self, *_args: Any, **_options: Any) -> None:
        return

    def connection_for_write(self) -> BrokerConnection:
        """Return a connection to the broker of the settings, to look at it."""
        return current_app.connection_for_write()


@pytest.fixture(scope="session")
def seeded_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a seed whose types have few properties, of which a list tells all."""
    return shared_seed(tmp_path_factory, FEW, properties=FEW_PROPERTIES)


@pytest.fixture(scope="session")
def seeded_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a seed for tests that need several pages, as their `seeded_sandbox`."""
    return shared_seed(tmp_path_factory, SMALL, properties=FEW_PROPERTIES)


@pytest.fixture
def sandbox(
    request: pytest.FixtureRequest,
    seeded_sandbox: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[SandboxTransport]:
    """Put a sandbox where the product's network is."""
    site = Sandbox(
        Storage(sandbox_file(request.node, seeded_sandbox, tmp_path)),
        config=Config(),
        providers=PROVIDERS,
        clock=time.time,
        sleep=lambda seconds: None,
    )
    transport = SandboxTransport(Client(App(site), time.time))
    transport.client.command("switches/set", name="rate_limits", value=False)
    transport.client.command("switches/set", name="index_lag", value=0)
    limiter = Unlimited()
    monkeypatch.setattr(oauth_clients, "transport", lambda: transport)
    monkeypatch.setattr(clients, "limiter", lambda: limiter)
    # What is waited for counts, and is not waited for.
    hasty = partial(clients.ApiClient, sleep=lambda _seconds: None)
    monkeypatch.setattr(clients, "ApiClient", hasty)
    monkeypatch.setattr(queue, "current_app", Broker())
    yield transport
    site.storage.close()
    remove_sandbox(tmp_path)


@pytest.fixture
def grant(sandbox: SandboxTransport, settings: Any) -> Callable[..., Any]:
    """Return what walks the consent and returns tokens and account."""

    def walk(identity: str = ANA) -> Any:
        code = sandbox.client.consent(identity).query["code"]
        oauth = oauth_clients.oauth_client("hubspot")
        tokens = oauth.exchange(code=Secret(code))
        return tokens, identify("hubspot", tokens)

    return walk


@pytest.fixture
def connect(grant: Callable[..., Any]) -> Callable[..., Connection]:
    """Return what connects a user to the sandbox's main portal."""

    def do(user: User, identity: str = ANA) -> Connection:
        tokens, account = grant(identity)
        connected = store_grant(
            user=user, provider="hubspot", tokens=tokens, account=account
        )
        return connected.connection

    return do


@pytest.fixture
def connection(alice: User, connect: Callable[..., Connection]) -> Connection:
    kept = has_rows_of_another() and alice.connections.first()
    return kept or connect(alice)


@pytest.fixture
def finish_sync() -> Callable[..., SyncRun]:
    """Return what works on a connection's open run, or a new one, to its end."""

    def work(
        connection: Connection,
        *,
        full: bool = False,
        most: int = 50,
        trigger: str = "user",
    ) -> SyncRun:
        run, _ = runs.open_run(connection, trigger=trigger, full=full)
        for _ in range(most):
            let_time_pass(run)
            engine.run_slice(run.pk)
            run.refresh_from_db()
            if not run.is_open:
                break
        return run

    return work


@pytest.fixture
@made_once
def synced(
    request: pytest.FixtureRequest, sandbox: SandboxTransport, connection: Connection
) -> Iterator[Connection]:
    """Return the connection of this folder, read to its end."""
    yield from read_once(request, sandbox, connection)
