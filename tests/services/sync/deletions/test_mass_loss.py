"""Many items that vanish at once wait for a user, however they vanish."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Collection, Connection, Item
from integrations.providers.errors import CollectionDeletedError
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import Page
from integrations.services.sync import failures
from integrations.services.sync.deletions import lost_collections, soft_delete
from integrations.services.sync.leases.lease import RunLease
from tests.support.rows import make_collection, make_connection, make_items, make_run

pytestmark = pytest.mark.django_db
TRASHED = Deletion(kind=DeletionKind.TRASHED)
Make = Callable[..., Collection]


@pytest.fixture
def lease(alice: User) -> RunLease:
    key = uuid4()
    run = make_run(
        make_connection(alice),
        lease_id=key,
        lease_until=timezone.now() + timedelta(minutes=1),
    )
    client = cast("Any", SimpleNamespace(calls=0, waited=0.0))
    return RunLease(run=run, api=client, stop_at=0.0, lease_id=key)


@pytest.fixture
def make(lease: RunLease) -> Make:
    """Return what makes a collection with so many items."""

    def do(name: str, count: int) -> Collection:
        made = make_collection(lease.connection, remote_id=name, name=name)
        rows = [{"name": f"{name} {n}", "remote_id": f"{n}"} for n in range(count)]
        make_items(made, rows)
        made.refresh_from_db()
        return made

    return do


def is_gone(collection: Collection) -> bool:
    return not Item.objects.live().filter(collection=collection).exists()


def delete(lease: RunLease, collection: Collection) -> None:
    proven = CollectionDeletedError(DeletionKind.TRASHED, is_proven=True)
    failures.mark_deleted(lease, collection, proven)
    collection.refresh_from_db()


def test_a_collection_that_is_a_small_part_goes_by_itself(
    lease: RunLease, make: Make
) -> None:
    make("rest", 90)
    small = make("small", 20)

    delete(lease, small)

    assert is_gone(small)
    assert (small.completeness, small.stored_count) == ("no_permission", 0)
    lease.run.refresh_from_db()
    assert lease.run.deleted == 20


def test_a_collection_that_is_a_large_part_waits_whoever_calls_it_deleted(
    lease: RunLease, make: Make
) -> None:
    make("rest", 20)
    large = make("large", 30)

    delete(lease, large)

    assert not is_gone(large)
    assert (large.completeness, large.reason) == ("held", "deletions_held")
    assert large.hold is not None
    assert (large.hold.count, large.hold.deletion) == (30, TRASHED)


def test_many_small_losses_in_one_run_are_a_large_one(
    lease: RunLease, make: Make
) -> None:
    each = [make(f"part {number}", 15) for number in range(5)]

    for collection in each:
        delete(lease, collection)

    assert [is_gone(collection) for collection in each] == [True, *[False] * 4]


def test_everything_at_once_waits_however_little_it_is(
    lease: RunLease, make: Make
) -> None:
    both = [make("one", 3), make("two", 4)]
    Collection.objects.update(misses=2)

    lost_collections.lose(lease, both, TRASHED)

    assert not any(is_gone(collection) for collection in both)


@pytest.mark.parametrize("told", ["deleted", "moved"])
def test_what_other_collections_tell_page_by_page_adds_up(
    lease: RunLease, make: Make, told: str
) -> None:
    shown = make("shown", 100)

    for start in range(0, 100, 15):
        ids = [str(number) for number in range(start, min(start + 15, 100))]
        page = Page(items=(), next_cursor=None, **{told: dict.fromkeys(ids, TRASHED)})
        now = timezone.now()
        deleted = soft_delete.take_by_the_way(lease, shown, page, now=now)
        lease.count(shown, deleted=deleted)

    live = Item.objects.live().filter(collection=shown).count()
    assert live == 85


def test_another_connection_is_another_account(
    lease: RunLease, make: Make, bob: User
) -> None:
    other: Connection = make_connection(bob)
    make_items(make_collection(other), [{"name": str(n)} for n in range(500)])
    make("rest", 20)
    large = make("large", 30)

    delete(lease, large)

    assert not is_gone(large)
