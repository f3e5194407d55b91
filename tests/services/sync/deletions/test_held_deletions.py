"""What is held is what a pass did not see, and nothing that was seen since."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Collection, Connection, Item
from integrations.services.sync import engine, runs
from integrations.services.sync.deletions import held_deletions
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.hubspot_account import (
    assert_equal_to,
    full_refresh_of,
    inventory,
    live,
)
from tests.support.pages.snapshots import built_once, made_once

WHERE = {"portal": "555111", "type": "contacts"}


@pytest.fixture
def contacts(synced: Connection) -> Collection:
    return Collection.objects.get(remote_id="contacts")


def do(sandbox: Any, order: str, *ids: str) -> None:
    for identity in ids:
        sandbox.client.command(f"records/{order}", **WHERE, id=identity)


def some(number: int) -> list[str]:
    return sorted(live("contacts"))[:number]


@pytest.fixture
@made_once
def held(
    request: pytest.FixtureRequest,
    contacts: Collection,
    finish_sync: FinishSync,
    sandbox: Any,
) -> Iterator[Collection]:
    """Return the collection with a hundred deletions that wait for a user."""

    def build() -> None:
        do(sandbox, "erase", *some(100))
        finish_sync(contacts.connection, full=True)

    with built_once(request, sandbox, build, goes_back=True):
        contacts.refresh_from_db()
        assert contacts.held_deletions["count"] == 100
        yield contacts


def test_what_is_new_since_is_not_hidden_with_it(
    held: Collection, finish_sync: FinishSync, sandbox: Any
) -> None:
    created = sandbox.client.command(
        "records/create", **WHERE, properties={"email": "new@example.com"}
    )
    run = finish_sync(held.connection)
    assert str(created["id"]) in live("contacts")

    assert held_deletions.approve(held) == 100

    assert run.outcome == "partial"
    assert str(created["id"]) in live("contacts")
    assert_equal_to(sandbox)
    held.refresh_from_db()
    assert (held.completeness, held.held_deletions) == ("complete", {})


def test_what_came_back_meanwhile_stays(
    contacts: Collection, finish_sync: FinishSync, sandbox: Any
) -> None:
    sandbox.client.command("records/touch", **WHERE, count=400)
    finish_sync(contacts.connection)
    gone = some(100)
    do(sandbox, "archive", *gone)
    finish_sync(contacts.connection, full=True)
    do(sandbox, "restore", *gone[:50])
    # They are shown because of the overlap, with the times they are stored with.
    finish_sync(contacts.connection)

    assert held_deletions.approve(contacts) == 50
    assert live("contacts") == inventory(sandbox, "contacts")


@pytest.mark.parametrize("decide", [held_deletions.approve, held_deletions.discard])
def test_a_pass_that_began_meanwhile_decides_anew(
    held: Collection, sandbox: Any, decide: Any
) -> None:
    run, _ = runs.open_run(held.connection, trigger="user", full=True)
    engine.run_slice(run.pk, seconds=0.001)
    held.refresh_from_db()
    assert full_refresh_of(held).listed == 100
    assert (held.completeness, held.held_deletions) == ("partial", {})
    before = live("contacts")

    assert not decide(held)

    assert live("contacts") == before
    for _ in range(30):
        let_time_pass(run)
        engine.run_slice(run.pk)
    held.refresh_from_db()
    assert (held.completeness, held.held_deletions["count"]) == ("held", 100)


def test_only_the_hold_that_was_seen_is_decided(held: Collection) -> None:
    seen_as = held.held_deletions["generation"]

    assert held_deletions.approve(held, generation=seen_as - 1) is None
    assert held_deletions.approve(held, generation=seen_as) == 100
    assert held_deletions.approve(held, generation=seen_as) is None


def test_a_discarded_hold_is_looked_at_again_by_the_next_pass(
    held: Collection, finish_sync: FinishSync
) -> None:
    assert held_deletions.discard(held)
    held.refresh_from_db()
    assert held.completeness == "partial"
    assert finish_sync(held.connection).outcome == "partial"

    finish_sync(held.connection, full=True)

    held.refresh_from_db()
    assert held.completeness == "held"


def test_what_is_held_can_be_named(held: Collection) -> None:
    sample = held_deletions.sample_of(held)

    assert len(sample) == held_deletions.SAMPLE
    assert {i.remote_id for i in sample}.isdisjoint({""})
    assert all(item.deleted_at is None for item in sample)


def test_archiving_much_is_held_and_keeps_its_reason(
    contacts: Collection, finish_sync: FinishSync, sandbox: Any
) -> None:
    gone = some(280)
    do(sandbox, "archive", *gone)

    run = finish_sync(contacts.connection, full=True)

    contacts.refresh_from_db()
    assert (run.outcome, run.deleted) == ("partial", 0)
    assert contacts.held_deletions["count"] == 280
    assert held_deletions.approve(contacts) == 280
    hidden = Item.objects.filter(remote_id__in=gone, type="contact")
    assert set(hidden.values_list("deleted_kind", flat=True)) == {"archived"}
    assert_equal_to(sandbox)


def test_archiving_much_is_held_when_an_incremental_sync_comes_upon_it(
    contacts: Collection, finish_sync: FinishSync, sandbox: Any
) -> None:
    do(sandbox, "archive", *some(280))
    long_ago = timezone.now() - timedelta(hours=1)
    Collection.objects.update(
        late_arrivals_read_at=long_ago, last_full_refresh_at=long_ago
    )
    before = live("contacts")

    run = finish_sync(contacts.connection)

    contacts.refresh_from_db()
    assert live("contacts") == before
    assert (run.outcome, contacts.completeness) == ("partial", "held")
    calls = len(sandbox.log)
    Collection.objects.update(late_arrivals_read_at=long_ago)
    assert finish_sync(contacts.connection).outcome == "partial"
    listed = [line for line in sandbox.log[calls:] if "/contacts?" in line]
    assert all("archived=true" in line for line in listed)


def test_archiving_a_little_is_found_by_an_increment(
    contacts: Collection, finish_sync: FinishSync, sandbox: Any
) -> None:
    do(sandbox, "archive", *some(15))
    Collection.objects.update(late_arrivals_read_at=timezone.now() - timedelta(hours=1))

    run = finish_sync(contacts.connection)

    assert (run.outcome, run.deleted) == ("complete", 15)
    assert_equal_to(sandbox)
    contacts.refresh_from_db()
    assert contacts.remote_count == contacts.stored_count
