"""What is stored is what the provider has; no kill, fault or repeat loses anything."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from integrations.http.sending.transport import Request, Response
from integrations.models import Collection, Connection, Item, ItemChange, SeenBlock
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to, live, touch

LISTED = re.compile(r"/crm/objects/[^/]+/(\w+)(?:\?|/search$)")


def test_the_first_load_stores_exactly_what_the_provider_has(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    run = finish_sync(connection)

    assert (run.outcome, run.reason) == ("complete", "")
    assert (run.created, run.new) == (Item.objects.count(), 0)
    assert run.first_read == sum(each.first_read for each in run.entries.values())
    assert_equal_to(sandbox)
    words = Collection.objects.values_list("completeness", flat=True)
    assert set(words) == {"complete"}


def test_an_incremental_sync_with_nothing_new_asks_for_changes_and_links_only(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    later = timezone.now() + timedelta(minutes=30)
    Collection.objects.update(watermark=later, late_arrivals_read_at=later)
    before, calls = list(Item.objects.values()), len(sandbox.log)

    with time_machine.travel(later):
        run = finish_sync(synced)

    assert run.outcome == "complete"
    made = [call for call in sandbox.log[calls:] if "/crm/" in call]
    assert len([call for call in made if call.endswith("/search")]) == 3
    # One for each kind of link: two of deals, one of contacts.
    assert len([call for call in made if "/crm/associations/" in call]) == 3
    # And a look for stored records that were erased, a hundred in a call.
    looks = [call for call in made if "/objects/" in call and call.endswith("/read")]
    assert 3 <= len(looks) <= 6
    assert run.requests == len(made) == 6 + len(looks)
    assert list(Item.objects.values()) == before


def test_an_incremental_sync_finds_what_changed_and_keeps_what_it_was(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    touched = touch(sandbox, count=3, property="city", value="Bergen")

    run = finish_sync(synced)

    assert (run.changed, run.created) == (3, 0)
    changes = ItemChange.objects.filter(item__remote_id__in=touched, kind="changed")
    assert changes.count() == 3
    assert all(c.fields["properties.city"][1] == "Bergen" for c in changes)


def test_what_comes_after_a_first_load_is_new_and_the_first_load_is_not(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    assert not any(item.was_new for item in Item.objects.all())
    made = {"firstname": "Nova", "email": "nova@example.com"}
    sandbox.client.command(
        "records/create", portal="555111", type="contacts", properties=made
    )

    run = finish_sync(synced)

    assert run.new == 1
    assert [item.name for item in Item.objects.all() if item.was_new] == ["Nova"]


def test_a_second_full_refresh_over_unchanged_data_writes_no_item(
    synced: Connection, finish_sync: FinishSync
) -> None:
    before = list(Item.objects.order_by("pk").values())

    run = finish_sync(synced, full=True)

    assert (run.outcome, run.created, run.changed) == ("complete", 0, 0)
    assert run.unchanged == len(before)
    assert list(Item.objects.order_by("pk").values()) == before
    assert not SeenBlock.objects.exists()


@pytest.mark.parametrize("is_full", [False, True])
def test_what_changes_during_a_sync_is_of_the_next_one(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_full: bool,
) -> None:
    """The watermark is when the first page was asked for, not when the last came."""
    send, asked = sandbox.send, dict[str, datetime]()

    with time_machine.travel(timezone.now() + timedelta(minutes=35)) as clock:

        def dawdle(request: Request, *rest: Any) -> Response:
            if found := LISTED.search(request.url):
                asked.setdefault(found[1], timezone.now())
            answer: Response = send(request, *rest)
            clock.shift(timedelta(seconds=20))
            return answer

        monkeypatch.setattr(sandbox, "send", dawdle)
        assert finish_sync(synced, full=is_full).outcome == "complete"

    marks = dict(Collection.objects.values_list("remote_id", "watermark"))
    assert marks.keys() == asked.keys()
    for remote_id, watermark in marks.items():
        assert watermark <= asked[remote_id]


def test_rows_that_show_up_late_are_found_by_settling(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    touched = touch(sandbox, count=3, property="city", value="Bergen")
    later = timezone.now() + timedelta(minutes=25)
    Collection.objects.update(watermark=later, late_arrivals_read_at=later)
    with time_machine.travel(later):
        finish_sync(synced)
    assert not ItemChange.objects.filter(kind="changed").exists()
    Collection.objects.update(
        watermark=later, late_arrivals_read_at=later - timedelta(minutes=31)
    )

    with time_machine.travel(later):
        finish_sync(synced)

    found = ItemChange.objects.filter(kind="changed")
    assert set(found.values_list("item__remote_id", flat=True)) == set(touched)


def test_thousands_of_rows_on_one_timestamp_are_all_found(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    count = len(live("contacts"))
    touch(sandbox, count=count, property="city", value="Bergen")

    run = finish_sync(synced)

    assert run.changed == count
    assert_equal_to(sandbox)
