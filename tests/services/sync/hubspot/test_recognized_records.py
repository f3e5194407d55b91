"""A record that is told as it was is not mapped again, whatever else has changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Collection, Connection, Item, RecordDigests
from integrations.services.items.storage import recognition
from tests.services.fixtures import FinishSync, note_rows_made
from tests.services.hubspot_account import assert_equal_to, live, touch


@pytest.fixture(scope="session")
def seeded_sandbox(seeded_small: Path) -> Path:
    return seeded_small


def contacts() -> Collection:
    return Collection.objects.get(remote_id="contacts")


def a_contact() -> Item:
    """Return a contact that follows from its record alone."""
    return Item.objects.live().filter(collection=contacts()).order_by("-pk")[0]


def telling_more() -> set[str]:
    """Return the records that follow not from what is told of them alone."""
    found = Item.objects.live().values_list("remote_id", "properties")
    more = {key for key, told in found if any("labels" in name for name in told)}
    merged = {key for key, told in found if told.get("hs_merged_object_ids")}
    assert more
    assert merged
    return more | merged


def test_a_full_refresh_makes_rows_of_those_alone_that_changed(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish_sync(synced, full=True)
    before = dict(Item.objects.values_list("pk", "changed_at"))
    made = note_rows_made(monkeypatch)

    run = finish_sync(synced, full=True)

    assert len(set(made)) < run.seen / 10
    # No record tells by itself how labels of links read, and a page what was merged.
    assert telling_more() <= set(made)
    assert run.outcome == "complete"
    assert (run.created, run.changed, run.deleted) == (0, 0, 0)
    assert dict(Item.objects.values_list("pk", "changed_at")) == before
    assert_equal_to(sandbox)
    made.clear()
    changed = touch(sandbox, count=3)
    finish_sync(synced, full=True)
    assert set(changed) <= set(made)
    assert_equal_to(sandbox)


def test_a_refresh_without_news_writes_no_digest(
    synced: Connection, finish_sync: FinishSync
) -> None:
    finish_sync(synced, full=True)
    kept = set(RecordDigests.objects.values_list("pk", "digests"))

    finish_sync(synced, full=True)

    assert set(RecordDigests.objects.values_list("pk", "digests")) == kept


def other_code(monkeypatch: pytest.MonkeyPatch, _connection: Connection) -> None:
    monkeypatch.setattr(recognition, "CODE", b"another")


def other_account(_: pytest.MonkeyPatch, connection: Connection) -> None:
    connection.account = {**connection.account, "ui_domain": "app-eu1.hubspot.com"}
    connection.save(update_fields=["account"])


def everything_wanted(_: pytest.MonkeyPatch, _connection: Connection) -> None:
    Collection.objects.update(full_refresh_wanted_at=timezone.now())


def digests_lost(_: pytest.MonkeyPatch, _connection: Connection) -> None:
    RecordDigests.objects.all().delete()


@pytest.mark.parametrize(
    "change", [other_code, other_account, everything_wanted, digests_lost]
)
def test_all_is_mapped_again_where_it_might_be_mapped_otherwise(
    synced: Connection,
    finish_sync: FinishSync,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[pytest.MonkeyPatch, Connection], None],
) -> None:
    finish_sync(synced, full=True)
    change(monkeypatch, synced)
    made = note_rows_made(monkeypatch)

    finish_sync(Connection.objects.get(pk=synced.pk), full=True)

    assert set(made) >= live("contacts")


def test_what_was_deleted_here_comes_back(
    synced: Connection, finish_sync: FinishSync
) -> None:
    finish_sync(synced, full=True)
    item = a_contact()
    Item.objects.filter(pk=item.pk).update(
        deleted_at=timezone.now(), deleted_kind="deleted"
    )

    finish_sync(synced, full=True)

    item.refresh_from_db()
    assert not item.is_deleted
    assert item.changes.get().kind == "restored"


def test_what_another_wrote_is_replaced(
    synced: Connection, finish_sync: FinishSync
) -> None:
    finish_sync(synced, full=True)
    item = a_contact()
    Item.objects.filter(pk=item.pk).update(name="Edited", digest="0" * 32)

    finish_sync(synced, full=True)

    assert Item.objects.get(pk=item.pk).name == item.name
