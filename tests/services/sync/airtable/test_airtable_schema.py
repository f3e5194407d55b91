"""Renamed, retyped and new tables and fields of Airtable are followed."""

from integrations.models import Connection, Item, ItemChange
from integrations.providers import CONNECTORS
from integrations.providers.typed.fields import Text
from tests.services.fixtures import FinishSync
from tests.services.sync.airtable.account_rows import (
    Airtable,
    assert_equal_to,
    live,
    table_of,
)


def test_a_renamed_table_keeps_its_items_and_shows_its_new_name(
    synced_few: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Inventory 📦", "Items")
    airtable.do("tables/rename", base="Inventory 📦", table="Items", name="Cargo")

    finish_sync(synced_few)

    item = Item.objects.get(remote_id=table.details["table_id"])
    change = ItemChange.objects.get(item=item)
    table.refresh_from_db()
    assert (item.name, table.name) == ("Cargo", "Inventory 📦 / Cargo")
    assert change.fields["name"] == ["Items", "Cargo"]
    assert_equal_to(airtable)


def test_a_renamed_or_retyped_field_is_known_with_the_next_increment(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Operations", "Customers")
    where = {"base": "Operations", "table": "Customers"}
    renamed = airtable.do("fields/rename", field="Place", name="Town", **where)
    retyped = airtable.do("fields/retype", field="Phone", to="singleLineText", **where)

    finish_sync(synced)

    table.refresh_from_db()
    fields = {f["name"]: f for f in table.schema["fields"]}
    assert fields[renamed["field"]]["label"] == "Town"
    assert fields[retyped["field"]]["kind"] == "text"
    item = Item.objects.get(remote_id=table.details["table_id"])
    changes = ItemChange.objects.get(item=item).fields
    assert changes[f"properties.field.{renamed['field']}"] == [
        "Place (single line text)",
        "Town (single line text)",
    ]
    assert changes[f"properties.field.{retyped['field']}"] == [
        "Phone (phone number)",
        "Phone (single line text)",
    ]


def test_a_new_field_has_its_name_as_soon_as_it_has_a_value(
    synced_few: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = table_of(airtable, "Inventory 📦", "Items")
    where = {"base": "Inventory 📦", "table": "Items"}
    added = airtable.do("fields/add", name="Colour", **where)
    first = live(table.remote_id)[0]
    airtable.do("records/edit", id=first, fields={"Colour": "red"})

    finish_sync(synced_few)

    item = Item.objects.select_related("collection").get(remote_id=first)
    shown = CONNECTORS["airtable"].describe(
        item.properties, item.collection.schema, synced_few.account
    )
    assert item.properties[added["field"]] == "red"
    assert ("Colour", Text(text="red")) in {
        (field.label, field.value) for field in shown
    }


def test_a_table_that_is_new_is_read_in_the_run_that_finds_it(
    synced_few: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    made = airtable.do("tables/add", base="Inventory 📦", name="Returns")
    airtable.do("records/create", table=made["table"], fields={"Name": "R1"})

    finish_sync(synced_few)

    assert_equal_to(airtable)
    assert Item.objects.get(name="R1").parent_remote_id == made["table"]
