"""Every connector keeps up with its own simulator, from consent to revocation."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from integrations.oauth.errors import GrantRejected
from integrations.providers import CONNECTORS
from sandbox.providers import PROVIDERS
from tests.providers.contract.simulator import WHILE, Simulation
from tests.providers.notion.invented.workspace import Store, View
from tests.sandbox.conftest import start_app
from tests.sandbox.wsgi_client import Client, Clock
from tests.support.provider_answers.seeds import make_seed

SIZES = {"contacts": 130, "companies": 8, "deals": 8, "records": 40, "rows": 30}
MOST_PAGES = 500


@pytest.fixture(scope="module")
def small_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_seed(tmp_path_factory.mktemp("simulators") / "seed.sqlite3", SIZES)


@pytest.fixture(params=sorted(CONNECTORS))
def simulation(
    request: pytest.FixtureRequest, small_seed: Path, tmp_path: Path
) -> Iterator[Simulation]:
    """Return each connector, connected to its simulator."""
    clock = Clock()
    app = start_app(shutil.copy(small_seed, tmp_path), clock, PROVIDERS)
    client = Client(app, clock)
    found = Simulation(CONNECTORS[request.param], client)
    found.connect()
    yield found
    client.sandbox.storage.close()


class Reader:
    """Read listings to their ends into a store, as the engine does."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.store = Store()

    def read(self, method: str, own: str, **more: Any) -> set[str]:
        """Read one listing of a collection; return the ids that it showed."""
        connector, api = self.simulation.connector, self.simulation.api
        view: Any = View(self.store, own, 1, None)
        context = replace(self.simulation.context(own), stored=view)
        fetch, shown = getattr(connector, method), set()
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = fetch(api, context, cursor=cursor, **more)
            self.store.keep(own, page)
            shown |= {item.id for item in page.items}
            assert page.unreadable == 0
            if page.next_cursor is None:
                return shown
            assert page.next_cursor != cursor
            cursor = page.next_cursor
        raise AssertionError("the listing does not end")

    def read_everything(self) -> None:
        """Read every collection, those that turn up meanwhile included."""
        waiting = [each.remote_id for each in self.simulation.collections()]
        done: set[str] = set()
        while waiting:
            own = waiting.pop(0)
            done.add(own)
            self.read("fetch_page", own)
            waiting += sorted(self.store.collections - done - set(waiting))

    def records(self) -> set[str]:
        """Return the ids of what the store holds, what an account is made of aside."""
        made_of = set(self.simulation.connector.structure_types)
        live = self.store.live().values()
        return {item.id for item in live if item.type not in made_of}


def test_the_account_is_the_one_that_consented(simulation: Simulation) -> None:
    assert simulation.account.remote_id
    assert simulation.account.name
    scopes = simulation.account.scopes
    required = set(simulation.connector.spec.required_scopes())
    assert scopes is None or set(scopes) >= required


def test_a_listing_to_its_end_is_the_simulators_inventory(
    simulation: Simulation,
) -> None:
    reader = Reader(simulation)

    reader.read_everything()

    assert reader.records() == simulation.inventory()


def test_what_is_touched_is_among_the_changes(simulation: Simulation) -> None:
    reader = Reader(simulation)
    reader.read_everything()
    simulation.client.clock.now += WHILE
    since = datetime.fromtimestamp(simulation.client.clock.now, UTC)
    told = simulation.command("records/touch", count=5, **simulation.script["touch"])
    touched = set(map(str, told["ids"])) & reader.records()
    simulation.client.clock.now += WHILE

    changed: set[str] = set()
    for own in sorted({key[0] for key in reader.store.rows}):
        changed |= reader.read("fetch_page", own, since=since)

    assert touched & changed
    # A search leaves some out by itself; the full refresh finds those.
    if simulation.script.get("changes_are") != "searched":
        assert touched <= changed
    assert len(changed) < len(reader.records()) / 2


def test_a_refreshed_grant_goes_on_and_a_revoked_one_does_not(
    simulation: Simulation,
) -> None:
    assert simulation.tokens.refresh_token is not None
    renewed = simulation.oauth.refresh(simulation.tokens.refresh_token)
    old, simulation.tokens = simulation.tokens, renewed
    assert renewed.access_token.reveal() != old.access_token.reveal()
    assert simulation.collections()

    token = renewed.refresh_token or old.refresh_token
    assert token is not None
    given = token, "refresh_token"
    if simulation.connector.spec.revokes == "access_token":
        given = renewed.access_token, ""
    if not simulation.oauth.revoke(*given):
        simulation.command("grants/revoke")
    with pytest.raises(GrantRejected):
        simulation.oauth.refresh(token)
