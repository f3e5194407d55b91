"""A user connects any provider, sees its items and their changes, and leaves again."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from msgspec.structs import replace

from integrations.models import Connection, Credential, Item, ItemChange, SyncRun
from integrations.oauth.errors import GrantRejected
from integrations.providers import CONNECTORS
from integrations.services.common import queue
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients import oauth_clients
from integrations.services.grants import credentials, revocation, tokens
from sandbox.core.config import Config
from sandbox.core.serving.app import App
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS
from tests.providers.contract.simulator import WHILE, Simulation
from tests.sandbox.wsgi_client import Client
from tests.services.conftest import (  # noqa: F401 (a fixture is found by name)
    Broker,
    Unlimited,
    finish_sync,
)
from tests.services.grants.working import expire
from tests.support.provider_answers.sandbox_transport import BASE, SandboxTransport
from tests.support.provider_answers.seeds import make_seed
from tests.support.sessions import prove

SIZES = {"contacts": 30, "companies": 5, "deals": 5, "records": 20, "rows": 10}


class AheadClock:
    """Go with the real time, and jump when told to: what lags is seen then."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture(scope="module")
def tiny_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_seed(tmp_path_factory.mktemp("journeys") / "seed.sqlite3", SIZES)


@pytest.fixture(params=sorted(CONNECTORS))
def simulation(
    request: pytest.FixtureRequest,
    tiny_seed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Simulation]:
    """Put one provider's simulator where the product's network is."""
    clock = AheadClock()
    sandbox = Sandbox(
        Storage(shutil.copy(tiny_seed, tmp_path)),
        config=Config(),
        providers=PROVIDERS,
        clock=clock,
        sleep=lambda _seconds: None,
    )
    found = Simulation(CONNECTORS[request.param], Client(App(sandbox), clock))
    found.transport = SandboxTransport(found.client)
    found.oauth = replace(found.oauth, transport=found.transport)
    slug = found.connector.spec.slug
    client = found.client
    client.command("switches/set", provider=slug, name="rate_limits", value=False)
    limiter = Unlimited()
    monkeypatch.setattr(oauth_clients, "transport", lambda: found.transport)
    monkeypatch.setattr(clients, "limiter", lambda: limiter)
    monkeypatch.setattr(queue, "current_app", Broker())
    yield found
    sandbox.storage.close()


@pytest.fixture
def browser(alice: User) -> Browser:
    browser = Browser()
    browser.force_login(alice)
    return browser


def connect(browser: Browser, simulation: Simulation) -> Connection:
    """Press Connect, consent, and come back with the code."""
    slug = simulation.connector.spec.slug
    sent = browser.post(f"/integrations/{slug}/authorize")
    answer = simulation.consent(sent.headers["Location"].removeprefix(BASE))
    back = browser.get(f"/integrations/{slug}/oauth2callback", answer)
    assert back.status_code == 302
    return Connection.objects.get(provider=slug)


def test_a_user_connects_syncs_and_leaves(
    browser: Browser,
    simulation: Simulation,
    finish_sync: Callable[..., SyncRun],  # noqa: F811
) -> None:
    connection = connect(browser, simulation)
    simulation.client.clock.ahead += WHILE
    run = finish_sync(connection)

    assert run.outcome == SyncRun.Outcome.COMPLETE, run.progress
    live = Item.objects.filter(connection=connection, deleted_at=None)
    records = live.exclude(type__in=simulation.connector.structure_types)
    known = set(records.values_list("remote_id", flat=True))
    assert known == simulation.inventory()

    told = simulation.command("records/touch", count=3, **simulation.script["touch"])
    simulation.client.clock.ahead += WHILE
    run = finish_sync(connection)

    assert run.outcome == SyncRun.Outcome.COMPLETE, run.progress
    changed = ItemChange.objects.filter(run=run, item__connection=connection)
    ids = set(changed.values_list("item__remote_id", flat=True))
    assert ids & {str(each) for each in told["ids"]}

    before = tokens.token_for(connection.pk)
    expire(Credential.objects.get(connection=connection))
    after = tokens.token_for(connection.pk)

    assert after.version == before.version + 1
    assert after.secret.reveal() != before.secret.reveal()

    credential = Credential.objects.get(connection=connection)
    refresh_token = credentials.open_refresh(credential)
    assert refresh_token is not None
    prove(browser)
    path = f"/connections/{connection.pk}/disconnect/"
    assert browser.post(path, {"items": "delete"}).status_code == 302
    revocation.revoke_due()

    connection.refresh_from_db()
    assert connection.state == Connection.State.DISCONNECTED
    assert not Item.objects.filter(connection=connection).exists()
    assert not Credential.objects.filter(connection=connection).exists()
    if simulation.connector.spec.revoke_path:
        with pytest.raises(GrantRejected):
            simulation.oauth.refresh(refresh_token)
