"""Rows are deleted for a reason that was proven, and come back without it."""

from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Collection, Connection, Item, ItemChange
from integrations.services.sync.deletions import held_deletions
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to, full_refresh_of, live


@pytest.mark.parametrize("keeps_id", [False, True])
def test_archived_and_merged_records_are_hidden_with_their_reason(
    synced: Connection, finish_sync: FinishSync, sandbox: Any, *, keeps_id: bool
) -> None:
    first, second, third, *_ = sorted(live("contacts"))
    where = {"portal": "555111", "type": "contacts"}
    sandbox.client.switch("merge_keeps_id", keeps_id)
    sandbox.client.command("records/archive", id=first, **where)
    merged = sandbox.client.command("records/merge", id=second, other=third, **where)

    finish_sync(synced, full=True)

    assert_equal_to(sandbox)
    contacts = Item.objects.filter(type="contact", remote_id__in=(first, second, third))
    into = ("merged", merged["id"])
    assert set(contacts.values_list("remote_id", "deleted_kind", "deleted_detail")) == {
        (first, "archived", ""),
        (second, None, "") if keeps_id else (second, *into),
        (third, *into),
    }


def test_a_restored_record_comes_back(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    first = min(live("contacts"))
    where = {"portal": "555111", "type": "contacts", "id": first}
    sandbox.client.command("records/archive", **where)
    finish_sync(synced, full=True)
    assert first not in live("contacts")
    sandbox.client.command("records/restore", **where)

    finish_sync(synced, full=True)

    assert_equal_to(sandbox)
    kinds = ItemChange.objects.filter(item__remote_id=first, item__type="contact")
    assert set(kinds.values_list("kind", flat=True)) >= {"deleted", "restored"}


def test_a_sweep_that_would_hide_too_much_is_held_for_a_user(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    count = len(live("contacts"))
    for identity in sorted(live("contacts"))[:100]:
        sandbox.client.command(
            "records/erase", portal="555111", type="contacts", id=identity
        )

    run = finish_sync(synced, full=True)

    contacts = Collection.objects.get(remote_id="contacts")
    assert run.outcome == "partial"
    assert contacts.completeness == "held"
    assert contacts.held_deletions["count"] == 100
    assert len(live("contacts")) == count

    assert held_deletions.approve(contacts) == 100
    assert_equal_to(sandbox)


def test_an_empty_answer_hides_nothing(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    before = live("contacts")
    sandbox.client.command("faults/add", kind="empty", family="list")

    run = finish_sync(synced, full=True)

    assert live("contacts") == before
    assert run.outcome == "failed"


def test_a_collection_that_two_listings_do_not_show_is_no_longer_shared(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    deals = Collection.objects.get(remote_id="deals")
    Collection.objects.filter(pk=deals.pk).update(remote_id="deals-of-old")
    count = Item.objects.live().filter(collection=deals).count()

    finish_sync(synced, full=True)
    assert Item.objects.live().filter(collection=deals).count() == count
    finish_sync(synced, full=True)

    assert not Item.objects.live().filter(collection=deals).exists()
    kinds = Item.objects.filter(collection=deals).values_list("deleted_kind")
    assert set(kinds) == {("unshared",)}
    calls = len(sandbox.log)
    finish_sync(synced)
    assert not [line for line in sandbox.log[calls:] if "deals-of-old" in line]


def test_a_collection_that_is_shown_again_comes_back_with_its_items(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    Collection.objects.filter(remote_id="deals").update(misses=2)
    Item.objects.filter(type="deal").update(
        deleted_at=timezone.now(), deleted_kind="unshared"
    )

    finish_sync(synced, full=True)

    assert_equal_to(sandbox)


def test_a_listing_that_fails_on_page_three_hides_nothing_and_goes_on_there(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    count = Item.objects.live().count()
    sandbox.client.command(
        "faults/add", kind="html", family="list", path="contacts", skip=2, count=99
    )

    run = finish_sync(synced, full=True)

    assert run.outcome == "partial"
    assert Item.objects.live().count() == count
    contacts = Collection.objects.get(remote_id="contacts")
    assert full_refresh_of(contacts).listed == 200
    calls = len(sandbox.log)
    sandbox.client.command("faults/clear")
    assert finish_sync(synced).outcome == "complete"
    first = next(line for line in sandbox.log[calls:] if "/objects/" in line)
    assert "after=" in first
