"""Give alice contacts that she may edit."""

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.http.client import ApiClient
from integrations.models import Collection, Connection
from integrations.services.common.clients import api_clients as clients
from integrations.services.grants.tokens import TokenSource
from integrations.services.items.storage import store
from integrations.services.sync.deletions import seen_bitmap
from integrations.services.sync.refresh.context import connector_of, context_of
from tests.services.fixtures import FinishSync
from tests.services.writing.fixtures_of_edits import Desk
from tests.support.pages.snapshots import built_once, made_once
from tests.support.rows import NOON


def switch_on(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(is_editing=True)
    connection.refresh_from_db()


@pytest.fixture
@made_once
def desk(
    request: pytest.FixtureRequest, sandbox: Any, connection: Connection
) -> Iterator[Desk]:
    """Return a portal with editing on, of which one page of contacts is stored."""

    def build() -> None:
        switch_on(connection)
        read_one_page(connection)
        sandbox.log.clear()

    with built_once(request.node, sandbox, build):
        connection.refresh_from_db()
        yield Desk(connection, sandbox)


def read_one_page(connection: Connection) -> None:
    contacts = Collection.objects.create(
        connection=connection,
        remote_id="contacts",
        name="Contacts",
        item_type="contact",
    )
    api: ApiClient = clients.api_client(connection, TokenSource(connection.pk))
    contacts.schema = connector_of(contacts).fetch_schema(api, context_of(contacts))
    page = connector_of(contacts).fetch_page(api, context_of(contacts), cursor=None)
    counts = store.store_page(contacts, page.items, run_id=None, now=NOON)
    seen_bitmap.mark(contacts, counts.seen_keys)
    contacts.stored_count = counts.created
    contacts.save()


@pytest.fixture
@made_once
def synced_desk(
    request: pytest.FixtureRequest,
    sandbox: Any,
    connection: Connection,
    finish_sync: FinishSync,
) -> Iterator[Desk]:
    """Return a portal with editing on that was read to its end."""

    def build() -> None:
        finish_sync(connection)
        switch_on(connection)
        sandbox.log.clear()

    with built_once(request.node, sandbox, build):
        connection.refresh_from_db()
        yield Desk(connection, sandbox)
