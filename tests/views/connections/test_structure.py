"""Base, table, record: how they are listed, linked, and how they changed."""

from datetime import timedelta

import pytest
from django.urls import reverse

from integrations.models import Item, ItemChange
from tests.support.pages.kept_rows import kept
from tests.support.pages.shown import in_words
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_item,
    make_items,
)

BASE, TABLE, PEOPLE = "appAAAAAAAAAAAAA1", "tblAAAAAAAAAAAAA1", "tblAAAAAAAAAAAAA2"
OWNER = "fldAAAAAAAAAowner"


@pytest.fixture
@kept
def connection(alice):
    return make_connection(alice, provider="airtable", remote_id="usrA")


@pytest.fixture
@kept
def structure(connection):
    """Make a base with a table in it."""
    collection = make_collection(
        connection, remote_id="structure", name="Bases and tables", item_type="table"
    )
    make_item(collection, name="Projects", type="base", remote_id=BASE)
    make_item(
        collection,
        name="Tasks",
        type="table",
        remote_id=TABLE,
        is_directory=True,
        parent_remote_id=BASE,
        parent_name="Projects",
    )
    return collection


@pytest.fixture
@kept
def tasks(connection, structure):
    return make_collection(
        connection,
        remote_id=f"{BASE}/{TABLE}",
        name="Projects / Tasks",
        item_type="record",
        schema={
            "base_id": BASE,
            "fields": [{"name": OWNER, "label": "Owner", "kind": "links"}],
            "formats": {OWNER: {"type": "multipleRecordLinks", "table": PEOPLE}},
        },
    )


@pytest.fixture
@kept
def people(connection):
    return make_collection(
        connection, remote_id=f"{BASE}/{PEOPLE}", name="People", item_type="record"
    )


def record(collection, **values):
    return make_item(collection, parent_remote_id=TABLE, **values)


def listed(client, **query):
    return client.get(reverse("integrations:item-list"), query)


def names(page):
    return [item.name for item in page.context["items"]]


def test_a_record_says_which_table_and_base_it_is_in(as_alice, tasks):
    page = as_alice.get(record(tasks, name="Buy rope").get_absolute_url())

    assert [item.name for item in page.context["breadcrumbs"]] == ["Projects", "Tasks"]


def test_a_base_lists_its_tables_with_their_numbers_of_rows(as_alice, tasks):
    make_item(tasks, parent_remote_id=TABLE)
    base = Item.objects.get(type="base")

    [child] = as_alice.get(base.get_absolute_url()).context["inside"].shown

    assert (child.item.name, child.table, child.table.stored_count) == (
        "Tasks",
        tasks,
        1,
    )


def test_a_table_leads_to_its_rows(as_alice, tasks):
    rows = [{"name": f"R{n:02}", "parent_remote_id": TABLE} for n in range(30)]
    make_items(tasks, rows)
    table = Item.objects.get(remote_id=TABLE)

    page = as_alice.get(table.get_absolute_url())
    rest = listed(as_alice, parent=table.uuid)

    assert page.context["table"] == tasks
    assert f"/collections/{tasks.pk}/" in page.content.decode()
    assert len(rest.context["items"]) == 30
    assert rest.context["count_text"].startswith("30 of ")
    assert {"Inside": "Tasks"}.items() <= {
        chip["label"]: chip["value"] for chip in rest.context["chips"]
    }.items()


def test_a_list_inside_an_item_stays_inside_while_searching(as_alice, tasks, people):
    record(tasks, name="Rope one")
    make_item(people, name="Rope two")
    table = Item.objects.get(remote_id=TABLE)

    page = listed(as_alice, parent=table.uuid, q="rope")

    assert names(page) == ["Rope one"]
    kept = {f["name"]: f for f in page.context["filters"]}["parent"]
    assert kept["chosen"] == str(table.uuid)


def test_somebody_elses_item_holds_nothing(as_bob, as_alice, tasks):
    record(tasks)
    table = Item.objects.get(remote_id=TABLE)

    assert names(listed(as_bob, parent=table.uuid)) == []


def test_a_collection_of_several_types_shows_all_of_them(as_alice, structure):
    page = listed(as_alice, collection=structure.pk)

    assert sorted(names(page)) == ["Projects", "Tasks"]
    assert page.context["count_text"] == "2 of 2 items"


@pytest.mark.parametrize(("kind", "found"), [("base", "Projects"), ("table", "Tasks")])
def test_each_of_its_types_can_be_asked_for(as_alice, structure, kind, found):
    page = listed(as_alice, type=kind)

    assert names(page) == [found]
    assert page.context["count_text"] == "1 of 2 items"
    types = {f["name"]: f for f in page.context["filters"]}["type"]
    offered = [c.label for group in types["groups"] for c in group.choices]
    assert offered == ["Any", "Base", "Table"]


def test_linked_records_are_shown_by_their_names(as_alice, tasks, people):
    ada = make_item(people, name="Ada <b>", remote_id="recAAAAAAAAAAAada")
    ids = ["recAAAAAAAAAAAada", "recAAAAAAAAAAgone1", "recAAAAAAAAAAgone2"]
    item = record(tasks, properties={OWNER: ids})

    page = as_alice.get(item.get_absolute_url())

    assert (
        f'<a href="{ada.get_absolute_url()}"><bdi>Ada &lt;b&gt;</bdi></a>' in page.text
    )
    assert "and 2 more" in " ".join(page.text.split())


def test_a_link_of_the_past_is_shown_by_its_name_as_well(as_alice, tasks, people):
    make_item(people, name="Ada", remote_id="recAAAAAAAAAAAada")
    item = record(tasks)
    fields = {f"properties.{OWNER}": [None, ["recAAAAAAAAAAAada"]]}
    ItemChange.objects.create(item=item, at=NOON, kind="changed", fields=fields)

    page = as_alice.get(item.get_absolute_url())

    changed = page.context["changes"][0]["fields"][0]
    assert (changed["label"], changed["new"]) == ("Owner", "Ada")


def test_many_links_cost_one_question(
    as_alice, tasks, people, django_assert_max_num_queries
):
    ids = [f"recAAAAAAAAAAA{n:03}" for n in range(40)]
    make_items(people, [{"name": f"P{n}", "remote_id": i} for n, i in enumerate(ids)])
    one, many = (record(tasks, properties={OWNER: ids[:n]}) for n in (1, 40))
    as_alice.get(one.get_absolute_url())

    with django_assert_max_num_queries(12) as few:
        as_alice.get(one.get_absolute_url())
    with django_assert_max_num_queries(12) as same:
        as_alice.get(many.get_absolute_url())

    assert len(few) == len(same)


def test_changes_of_the_structure_are_on_the_connections_page(
    as_alice, connection, structure, tasks
):
    structure.first_full_refresh_at = NOON
    structure.save()
    table = Item.objects.get(remote_id=TABLE)
    fields = {
        "name": ["Jobs", "Tasks"],
        f"properties.field.{OWNER}": ["Owner (single line text)", "Owner (checkbox)"],
    }
    ItemChange.objects.create(item=table, at=NOON, kind="changed", fields=fields)
    ItemChange.objects.create(item=record(tasks), at=NOON, kind="changed", fields={})
    make_item(
        structure,
        name="Orders",
        remote_id="tblAAAAAAAAAAAAA9",
        first_seen_at=NOON + timedelta(hours=1),
        changed_at=NOON + timedelta(hours=1),
    )

    page = as_alice.get(connection.get_absolute_url())

    added, changed = page.context["schema_changes"]
    assert (added["kind"], added["item"].name) == ("new", "Orders")
    assert changed["item"] == table
    assert in_words(changed["fields"]) == [
        ("Name", "Jobs", "Tasks"),
        ("Field", "Owner (single line text)", "Owner (checkbox)"),
    ]
    assert "Changes to its structure" in page.text


def test_what_was_found_out_is_no_change_of_the_structure(
    as_alice, connection, structure
):
    table = Item.objects.get(remote_id=TABLE)
    ItemChange.objects.create(item=table, at=NOON, kind="found", fields={})

    page = as_alice.get(connection.get_absolute_url())

    assert page.context["schema_changes"] == []


def test_a_structure_that_never_changed_takes_no_room(as_alice, connection, structure):
    page = as_alice.get(connection.get_absolute_url())

    assert page.context["schema_changes"] == []
    assert "Changes to its structure" not in page.text


def test_a_provider_without_a_structure_has_no_changes_of_one(as_alice, alice):
    connection = make_connection(alice)
    item = make_item(make_collection(connection), is_directory=True)
    ItemChange.objects.create(item=item, at=NOON, kind="changed", fields={})

    page = as_alice.get(connection.get_absolute_url())

    assert page.context["schema_changes"] == []


def test_times_of_a_record_are_in_the_zone_of_whoever_looks(as_alice, tasks):
    name = "fldAAAAAAAAAstart"
    tasks.schema = {
        "fields": [{"name": name, "label": "Starts", "kind": "datetime"}],
        "formats": {name: {"type": "dateTime", "time_zone": "client"}},
    }
    tasks.save()
    item = record(tasks, properties={name: "2026-07-01T22:30:00.000Z"})

    before = as_alice.get(item.get_absolute_url()).content.decode()
    as_alice.cookies["tz"] = "Asia/Tokyo"
    after = as_alice.get(item.get_absolute_url()).content.decode()

    assert "1 Jul 2026, 22:30 UTC" in before
    assert "1 Nov 2026, 12:00 UTC" in before
    assert "2 Jul 2026, 07:30 JST" in after
    assert "1 Nov 2026, 21:00 JST" in after
