"""What is stored of Airtable is what was shared, whatever its listings do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Collection, Connection, Item
from tests.sandbox.airtable.airtable_client import BO, IDA
from tests.services.fixtures import FinishSync
from tests.services.sync.airtable.account_rows import (
    Airtable,
    assert_equal_to,
    live,
    table_of,
)


def test_the_first_load_stores_every_base_table_and_record(
    connection: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    run = finish_sync(connection)

    assert (run.outcome, run.reason) == ("complete", "")
    assert_equal_to(airtable)
    words = Collection.objects.values_list("completeness", flat=True)
    assert set(words) == {"complete"}
    assert connection.account_name == "ana@harbour-and-vale.example"


def test_syncs_of_an_account_without_a_base_find_nothing_to_read(
    alice: User, connect_airtable: Callable[..., Connection], finish_sync: FinishSync
) -> None:
    empty = connect_airtable(alice, IDA)

    runs = [finish_sync(empty), finish_sync(empty)]

    assert [(run.outcome, run.reason) for run in runs] == [("complete", "empty")] * 2
    assert {run.result_text for run in runs} == {"Nothing to read"}


def test_a_sync_without_changes_is_no_empty_one(
    synced_few: Connection, finish_sync: FinishSync
) -> None:
    run = finish_sync(synced_few)

    assert (run.outcome, run.reason) == ("complete", "")
    assert not run.has_read_nothing


def test_every_record_is_in_its_table_and_every_table_in_its_base(
    synced_few: Connection, airtable: Airtable
) -> None:
    found = Item.objects.live()

    for base in airtable.bases():
        item = found.get(remote_id=base["id"])
        assert (item.type, item.is_directory) == ("base", True)
        assert set(item.children) == {table["id"] for table in base["tables"]}
        for table in base["tables"]:
            item = found.get(remote_id=table["id"])
            assert (item.type, item.parent_remote_id) == ("table", base["id"])
            records = found.filter(type="record", parent_remote_id=table["id"])
            assert records.count() == table["live"]


def test_what_a_record_holds_is_what_its_cells_hold(
    synced: Connection, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Customers")
    told = airtable.query(
        "records", provider="airtable", table=table.details["table_id"], limit=1000
    )["records"]

    assert told
    for record in told:
        item = Item.objects.get(collection=table, remote_id=record["id"])
        plain = {k: v for k, v in record["cells"].items() if isinstance(v, str)}
        assert plain.items() <= item.properties.items()


def test_an_incremental_sync_with_nothing_new_costs_one_call_a_table(
    synced_few: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    before, calls = list(Item.objects.values()), len(sandbox.log)
    later = timezone.now() + timedelta(minutes=30)
    Collection.objects.update(watermark=later, late_arrivals_read_at=later)

    with time_machine.travel(later):
        run = finish_sync(synced_few)

    tables = Collection.objects.filter(item_type="record").count()
    bases = Item.objects.filter(type="base").count()
    assert run.outcome == "complete"
    assert len(sandbox.log) - calls == run.requests == tables + 1 + bases
    assert list(Item.objects.values()) == before


def test_an_incremental_sync_finds_what_changed_and_what_is_new(
    synced_few: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Inventory 📦", "Items")
    where = {"base": "Inventory 📦", "table": "Items"}
    touched = airtable.do("records/touch", count=3, value="Renamed Ltd", **where)
    made = airtable.do("records/create", fields={"Name": "A new one"}, **where)

    run = finish_sync(synced_few)

    assert (run.changed, run.created, run.new) == (3, 1, 1)
    assert_equal_to(airtable)
    names = Item.objects.filter(remote_id__in=touched["ids"])
    assert set(names.values_list("name", flat=True)) == {"Renamed Ltd"}
    assert Item.objects.get(remote_id=made["id"]).collection == table


def test_a_deleted_record_goes_with_the_next_full_refresh_at_the_latest(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Orders")
    first = live(table.remote_id)[0]
    airtable.do("records/delete", id=first)

    # An incremental sync asks for 60 records in rotation; it may be among them.
    finish_sync(synced)
    finish_sync(synced, full=True)

    assert_equal_to(airtable)
    assert Item.objects.get(remote_id=first).deleted_kind == "deleted"


def test_a_record_that_changed_without_an_edit_is_found_by_the_full_refresh(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Customers")
    first = live(table.remote_id)[0]
    airtable.do("records/edit", id=first, fields={"Place": "Elsewhere"}, quiet=True)

    assert finish_sync(synced).changed == 0
    assert finish_sync(synced, full=True).changed == 1


def test_only_what_was_granted_is_read(
    bob: User, connect_airtable: Callable[..., Connection], finish_sync: FinishSync
) -> None:
    run = finish_sync(connect_airtable(bob, BO))

    assert run.outcome == "complete"
    bases = Item.objects.filter(owner=bob, type="base")
    assert sorted(bases.values_list("name", flat=True)) == [
        "Operations",
        "Projects",
        "Projects",
    ]
    assert Item.objects.filter(owner=bob, type="table").count() == 9
