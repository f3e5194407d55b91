"""The simulated Notion's own inventory is what the connector finds, item for item."""

import json
from urllib.parse import urlsplit

import pytest

from integrations.http.secrets import Secret
from integrations.http.sending.transport import Headers, Response
from integrations.oauth.tokens import read_tokens
from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.serving.app import App
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS
from tests.providers.notion.invented.workspace import Reading
from tests.sandbox.notion_client import INES, LANTERN, NotionClient
from tests.sandbox.wsgi_client import Clock
from tests.support.provider_answers.fake_transport import sent_headers

NOTHING = {"contacts": 0, "companies": 0, "deals": 0, "records": 0}


class Bridge:
    """Carry the connector's calls into the sandbox, without a socket."""

    def __init__(self, client):
        self.client = client
        self.calls = 0

    def send(self, request, timeouts, max_bytes):
        self.calls += 1
        parts = urlsplit(request.url)
        url = f"/notion{parts.path}" + (f"?{parts.query}" if parts.query else "")
        headers = sent_headers(request)
        headers.pop("Content-Type", None)
        answer = self.client.call(
            request.method, url, body=request.body, headers=headers
        )
        return Response(
            status=answer.status, headers=Headers(answer.headers), body=answer.body
        )


@pytest.fixture
def simulated(tmp_path):
    """Return a client of a small, freshly seeded sandbox with no rate limits."""
    clock = Clock()
    sandbox = Sandbox(
        Storage(tmp_path / "sandbox.sqlite3"),
        config=Config(),
        providers=PROVIDERS,
        clock=clock,
        sleep=clock.sleep,
    )
    sandbox.seed(Plan(seed=7, sizes={**NOTHING, "rows": 60}))
    client = NotionClient(App(sandbox), clock)
    client.switch("rate_limits", value=False)
    yield client
    sandbox.storage.close()


@pytest.fixture
def found(notion, simulated):
    """Return a reading of what Ines shared."""
    tokens = read_tokens(simulated.connect())
    notion.api.transport = Bridge(simulated)
    notion.api.token = lambda: Secret(tokens.access_token.reveal())
    simulated.clock.now += 60
    return Reading(notion, simulated)


def read_everything(reading):
    """Read every collection, those that turn up meanwhile included."""
    connector, api = reading.scenario.connector, reading.scenario.api
    waiting = [c.remote_id for c in connector.list_collections(api, account={})]
    done = set()
    while waiting:
        own = waiting.pop(0)
        done.add(own)
        reading.full(own)
        waiting += sorted(reading.store.collections - done - set(waiting))


def inventory(client):
    answer = client.query("inventory", account=LANTERN, user=INES, with_ids=1)
    kinds = answer["types"].values()
    return {each for kind in kinds for each in kind["id_list"]}


def test_everything_is_found_although_search_leaves_a_tenth_out(found, simulated):
    read_everything(found)

    assert found.store.live().keys() == inventory(simulated)


def test_a_second_pass_changes_nothing(found, simulated):
    read_everything(found)
    before = dict(found.store.rows)

    read_everything(found)

    assert found.store.rows == before
    assert found.store.deleted == {}


def test_a_page_in_the_trash_goes_and_returns(found, simulated):
    read_everything(found)
    page = simulated.find("Projects 2025")["id"]
    before = found.store.live().keys()
    simulated.command("records/trash", id=page)
    simulated.clock.now += 60

    read_everything(found)
    without = found.store.live()
    simulated.command("records/restore", id=page)
    simulated.clock.now += 60
    read_everything(found)

    assert page not in without
    assert found.store.live().keys() == before


def test_texts_are_read_without_their_markup(found, simulated):
    page = simulated.find("Awkward *Markdown* [page]")["id"]

    content = found.scenario.connector.fetch_content(found.scenario.api, page)

    assert "[not a link](x) <not-a-tag>" in content.text
    assert not content.is_truncated
    assert json.loads(json.dumps(content.blocks)) == content.blocks
