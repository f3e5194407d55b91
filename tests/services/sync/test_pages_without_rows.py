"""Pages without rows lock what they tell of, in the order of all transactions."""

from typing import Any

import pytest
from msgspec.structs import replace

from integrations.models import Connection, Item
from integrations.providers import CONNECTORS
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import Page
from integrations.services.items.storage import store
from tests.services.fixtures import FinishSync
from tests.support.lock_order import watched
from tests.support.rows import NOON


@pytest.fixture
def unreadable_at_the_end(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a full listing end with a page on which no row can be read."""
    connector, named = CONNECTORS["hubspot"], list[str]()
    fetch = connector.fetch_page

    def fetch_page(api: Any, context: Any, **more: Any) -> Page:
        if more.get("cursor") == "none":
            return Page(items=[], next_cursor=None, unreadable=1, unreadable_ids=named)
        page: Page = fetch(api, context, **more)
        if context.remote_id != "contacts" or page.next_cursor is not None:
            return page
        *items, last = page.items
        named.append(last.id)
        return replace(page, items=items, next_cursor="none")

    monkeypatch.setattr(connector, "fetch_page", fetch_page)
    return named


def test_marks_of_unreadable_rows_come_after_their_collection(
    synced: Connection, finish_sync: FinishSync, unreadable_at_the_end: list[str]
) -> None:
    with watched() as order:
        finish_sync(synced, full=True)

    assert order.late == []
    [remote_id] = unreadable_at_the_end
    assert not Item.objects.get(type="contact", remote_id=remote_id).is_deleted


def test_what_is_deleted_is_looked_up_when_its_collection_is_locked(
    synced: Connection,
) -> None:
    contacts = synced.collections.get(remote_id="contacts")
    one = contacts.items.live().first()
    lock = store.table_rows.lock_rows
    gone = {one.pk: Deletion(kind=DeletionKind.ARCHIVED)}

    def lock_late(*args: Any, **more: Any) -> None:
        """Let somebody else delete it while the lock is waited for."""
        lock(*args, **more)
        Item.objects.filter(pk=one.pk).update(deleted_at=NOON)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store.table_rows, "lock_rows", lock_late)
        assert store.soft_delete(contacts, gone, run_id=None, now=NOON) == 0

    assert one.changes.count() == 0
