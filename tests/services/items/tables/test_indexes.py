"""Indexes of tables are there while they are used, and stay true to the items."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import OperationalError
from django.http import QueryDict
from django.utils import timezone

from integrations import tasks
from integrations.models import Item, PropertyIndex, PropertyValue
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.services.items.tables import listing
from integrations.services.items.tables.columns.columns import Family, columns_of
from integrations.services.items.tables.conditions import Asker
from integrations.services.items.tables.indexing import indexes
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_query import TableQuery
from integrations.services.upkeep import schedule
from tests.support.rows import make_collection, make_connection

FIELDS = [
    {"name": "amount", "label": "Amount", "kind": "money"},
    {"name": "hubspot_owner_id", "label": "Owner", "kind": "user"},
]


def schema(owner="Cleo Cole"):
    return {"fields": FIELDS, "lookups": {"owner": {"41": owner, "42": "Bo Berg"}}}


@pytest.fixture
def deals(alice):
    made = make_collection(
        make_connection(alice), remote_id="deals", item_type="deal", schema=schema()
    )
    put(made, {"a": ("5", "41"), "b": ("30", "42"), "c": (None, "41")})
    return made


def put(collection, rows):
    items = [
        IntegrationItem(
            id=key,
            type="deal",
            name=key,
            properties={
                name: value
                for name, value in zip(
                    ("amount", "hubspot_owner_id"), values, strict=True
                )
                if value is not None
            },
        )
        for key, values in rows.items()
    ]
    counts = store.store_page(collection, items, run_id=None, now=timezone.now())
    collection.stored_count += counts.live_delta
    collection.save(update_fields=["stored_count"])


def ask(collection, address):
    collection.refresh_from_db()
    columns = columns_of(collection)
    query = TableQuery.parse(collection.pk, QueryDict(address), columns)
    ready = indexes.prepare(collection, query.indexed)
    asker = Asker(zone=timezone.get_current_timezone(), today=timezone.localdate())
    page = listing.fetch_page(Selection.make(collection, query, ready, asker))
    return [item.name for item in page.items], ready


def names(collection, address):
    return ask(collection, address)[0]


def test_what_is_stored_and_deleted_later_is_in_its_place(deals):
    assert names(deals, "sort=-amount") == ["b", "a", "c"]

    put(deals, {"a": ("99", "41"), "d": ("40", None)})
    assert names(deals, "sort=-amount") == ["a", "d", "b", "c"]
    assert names(deals, "hubspot_owner_id__empty=1") == ["d"]

    gone = Item.objects.get(name="d")
    deletion = Deletion(kind=DeletionKind.DELETED)
    store.soft_delete(deals, {gone.pk: deletion}, run_id=None, now=timezone.now())
    assert names(deals, "sort=-amount") == ["a", "b", "c"]
    assert not PropertyValue.objects.filter(item=gone).exists()

    put(deals, {"d": ("1", None)})
    assert names(deals, "sort=-amount") == ["a", "b", "d", "c"]
    assert Item.objects.filter(name="b").delete()[0]
    assert names(deals, "sort=-amount") == ["a", "d", "c"]


def test_an_owner_who_is_renamed_is_filtered_by_the_new_name(deals):
    assert names(deals, "hubspot_owner_id__is=cleo+cole&sort=amount") == ["a", "c"]

    deals.schema = schema("Zoe Stone")
    deals.save(update_fields=["schema"])

    assert names(deals, "hubspot_owner_id__is=cleo+cole") == []
    assert names(deals, "hubspot_owner_id__is=Zoe+Stone&sort=amount") == ["a", "c"]
    assert names(deals, "sort=hubspot_owner_id&amount__filled=1") == ["b", "a"]


def test_a_large_collection_is_indexed_by_a_worker_and_says_how_far(deals, monkeypatch):
    monkeypatch.setattr(indexes, "SMALL", 2)
    monkeypatch.setattr(indexes, "BATCH", 2)

    shown, ready = ask(deals, "sort=-amount")
    (building,) = ready.building
    assert (building.column.id, building.done, building.total) == ("amount", 0, 3)
    assert len(shown) == 3

    indexes.build(deals.pk, seconds=0)
    (building,) = ask(deals, "sort=-amount")[1].building
    assert building.done == 2
    # What is stored meanwhile is neither lost nor there twice.
    put(deals, {"a": ("99", "41"), "d": ("40", None)})

    tasks.index_properties(str(deals.pk))
    assert ask(deals, "sort=-amount") == (
        ["a", "d", "b", "c"],
        ask(deals, "sort=-amount")[1],
    )
    assert ask(deals, "sort=-amount")[1].building == []


def test_what_a_dead_worker_left_is_queued_again(deals, monkeypatch):
    monkeypatch.setattr(indexes, "SMALL", 2)
    ask(deals, "sort=-amount")
    sent = []
    monkeypatch.setattr(
        indexes.queue, "send", lambda *told, **_: sent.append(told) or 1
    )

    schedule.enqueue_lost()

    assert ("index_properties", deals.pk) in sent


def test_an_index_that_nobody_uses_is_dropped_and_made_again(deals, settings):
    ask(deals, "sort=-amount")
    ask(deals, "sort=hubspot_owner_id")
    old = timezone.now() - timedelta(days=settings.TABLE_INDEX_DAYS + 1)
    PropertyIndex.objects.filter(name="amount").update(used_at=old)

    schedule.sweep()

    assert [i.name for i in PropertyIndex.objects.all()] == ["hubspot_owner_id"]
    assert names(deals, "sort=-amount") == ["b", "a", "c"]


def test_a_collection_has_a_bounded_number_of_indexes(deals, monkeypatch):
    monkeypatch.setattr(indexes, "MOST_INDEXES", 2)
    for address in ("sort=-amount", "sort=hubspot_owner_id", "sort=item.name"):
        ask(deals, address)

    kept = PropertyIndex.objects.exclude(state=PropertyIndex.State.DROPPING)
    assert kept.count() == 2
    assert names(deals, "sort=-amount") == ["b", "a", "c"]


def test_a_row_that_moves_to_another_collection_leaves_the_table(alice):
    connection = make_connection(alice, provider="notion", remote_id="w:u")
    one, two = (
        make_collection(
            connection,
            remote_id=name,
            item_type="row",
            schema={"fields": [{"name": "p", "label": "P", "kind": "text"}]},
        )
        for name in ("one", "two")
    )
    page = IntegrationItem(id="x", type="row", name="x", properties={"p": "hello"})
    store.store_page(one, [page], run_id=None, now=timezone.now())
    assert names(one, "sort=p") == ["x"]

    store.store_page(two, [page], run_id=None, now=timezone.now())

    assert (names(one, "sort=p"), names(two, "sort=p")) == ([], ["x"])


def refuse(*_):
    """Refuse to write, as a database does while somebody else writes."""
    raise OperationalError


def test_an_index_of_another_type_serves_nothing_while_another_writes(
    deals, monkeypatch
):
    ask(deals, "sort=amount")
    PropertyIndex.objects.update(family=Family.TEXT)
    monkeypatch.setattr(indexes, "_begin", refuse)

    _, ready = ask(deals, "amount__gt=6")

    assert [each.column.id for each in ready.building] == ["amount"]


def test_a_worker_begins_a_formula_as_the_page_asked_for_it(alice):
    table = make_collection(
        make_connection(alice, provider="notion"),
        remote_id="src",
        item_type="page",
        schema={"fields": [{"name": "sum", "label": "Sum", "kind": "value"}]},
    )
    row = IntegrationItem(id="a", type="page", name="a", properties={"sum": 5})
    store.store_page(table, [row], run_id=None, now=timezone.now())

    tasks.index_properties(str(table.pk), "sum")

    assert PropertyIndex.objects.get().family == Family.NUMBER


def test_relations_indexed_by_an_earlier_version_are_not_used_meanwhile(
    alice, monkeypatch
):
    column = "associations.companies"
    connection = make_connection(alice)
    for name, kind in (("companies", "company"), ("deals", "deal")):
        made = make_collection(connection, remote_id=name, item_type=kind)
    row = IntegrationItem(id="1", type="deal", name="1", properties={column: ["7"]})
    store.store_page(made, [row], run_id=None, now=timezone.now())
    ask(made, f"{column}__filled=1")
    PropertyIndex.objects.update(labels="of an earlier version")
    monkeypatch.setattr(indexes, "SMALL", 0)

    _, ready = ask(made, f"{column}__filled=1")

    assert [each.column.id for each in ready.building] == [column]


def test_texts_that_an_earlier_version_folded_are_not_used_meanwhile(
    deals, monkeypatch
):
    deals.schema = {"fields": [{"name": "amount", "label": "Text", "kind": "text"}]}
    deals.save(update_fields=["schema"])
    put(deals, {"a": ("Éclair", None)})
    assert names(deals, "amount__is=eclair") == ["a"]
    PropertyIndex.objects.update(labels="of an earlier version")
    PropertyValue.objects.update(text="éclair")
    monkeypatch.setattr(indexes, "SMALL", 0)

    _, ready = ask(deals, "amount__is=eclair")

    assert [each.column.id for each in ready.building] == ["amount"]
    indexes.build(deals.pk)
    assert names(deals, "amount__is=eclair") == ["a"]


def test_numbers_that_an_earlier_release_indexed_with_fewer_digits_are_found(deals):
    wanted = "amount__is=33.333333333333336"
    put(deals, {"a": ("33.333333333333336", None)})
    assert names(deals, wanted) == ["a"]
    PropertyValue.objects.filter(number=100 / 3).update(number=33.3333333333333)
    labels = PropertyIndex.objects.get().labels

    import_module("integrations.migrations.0065_index_all_digits").mark(apps, None)

    assert ask(deals, wanted)[1].building == []
    assert schedule.enqueue_lost()["table_indexes"] == 1
    indexes.build(deals.pk)
    assert names(deals, wanted) == ["a"]
    index = PropertyIndex.objects.get()
    # Older processes beside see nothing that they would index otherwise.
    assert (index.state, index.labels) == (PropertyIndex.State.READY, labels)


STAGES = {"new": "New", "won": "Won"}


@pytest.fixture
def staged(deals):
    fields = [{"name": "amount", "label": "Stage", "kind": "stage"}]
    deals.schema = {"fields": fields, "lookups": {"stage": STAGES}}
    deals.save(update_fields=["schema"])
    put(deals, {"a": ("won", None), "b": ("new", None), "c": ("won", None)})
    assert names(deals, "sort=amount") == ["b", "a", "c"]
    return deals


@pytest.mark.parametrize(
    ("changes", "building"),
    [
        ({"labels": "of an earlier version"}, ["amount"]),
        ({"lookups": {"stage": dict(reversed(STAGES.items()))}}, ["amount"]),
        ({"lookups": {"stage": STAGES, "owner": {"41": "Cleo"}}}, []),
    ],
)
def test_choices_in_another_order_are_not_used_until_all_are_written_again(
    staged, monkeypatch, changes, building
):
    """Rows in two orders are in none, and a walk would miss some."""
    monkeypatch.setattr(indexes, "SMALL", 0)
    if labels := changes.get("labels"):
        PropertyIndex.objects.update(labels=labels)
        PropertyValue.objects.update(number=None)
    else:
        staged.schema = {**staged.schema, **changes}
        staged.save(update_fields=["schema"])

    _, ready = ask(staged, "sort=amount")

    assert [each.column.id for each in ready.building] == building
    indexes.build(staged.pk)
    assert ask(staged, "sort=amount")[1].building == []
