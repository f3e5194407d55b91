"""Rows of each group are in the order of another column, on pages over all groups."""

import pytest
from django.http import QueryDict

from integrations.models import Item
from integrations.providers.records import IntegrationItem
from integrations.services.items.lists.neighbours import find_in_table
from integrations.services.items.storage import store
from integrations.services.items.tables import listing
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.columns.values import (
    keys_of,
    places_of,
    values_of,
)
from integrations.services.items.tables.grouping import nested
from integrations.services.items.tables.indexing import indexes
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_query import TableQuery
from integrations.services.items.tables.walk import walk
from tests.services.items.tables.test_model import ASKER, ask, table
from tests.support.rows import NOON, make_deals

__all__ = ["table"]

GROUPS = (
    "fldBox00000000000",
    "fldChoice00000000",
    "fldChoices0000000",
    "fldUser0000000000",
    "fldUsers000000000",
)
SORTS = (
    *("fldText0000000000", "fldNumber00000000", "fldDay00000000000"),
    *("fldChoices0000000", "fldUsers000000000", "item.name", "item.updated"),
)
FILTERS = (
    "",
    "&fldNumber00000000__gt=0",
    "&q=eclair",
    "&fldText0000000000__filled=1&fldDay00000000000__filled=1&match=any",
    "&fldUser0000000000__filled=1&fldChoices0000000__not=Doing",
)


def selected(table, address, **at):
    query = TableQuery.parse(table.pk, QueryDict(address), columns_of(table))
    assert query.left_out == (), address
    ready = indexes.prepare(table, query.indexed)
    return Selection.make(table, query.change(**at), ready, ASKER)


def group_keys(table, group):
    """Return for each item by its key what its first value of a column is."""
    column = columns_of(table).get(group)
    found = {}
    for item in Item.objects.live().filter(collection=table):
        value = values_of(item, table, [column]).get(group)
        found[item.pk] = keys_of(value, column.family, places=places_of(column))[0]
    return found


def expected(table, group, sort, more=""):
    """Return rows by their groups, each in the order that the table has without any."""
    column = columns_of(table).get(group)
    keys = group_keys(table, group)
    run = {}
    for key in ask(table, f"sort={group}"):
        told = keys[key].text if column.sorts_by_text else keys[key]
        run.setdefault(told, len(run))

    def place(key):
        told = keys[key]
        if not column.sorts_by_text:
            return (run[told],)
        return (run[told.text], 2**63 if told.number is None else told.number)

    return sorted(ask(table, f"sort={sort}{more}"), key=place)


@pytest.mark.parametrize("looks", [60, 1])
@pytest.mark.parametrize("group", GROUPS)
def test_each_group_is_sorted_by_any_column_both_ways(table, group, looks, monkeypatch):
    monkeypatch.setattr(nested, "LOOKS_EACH", looks)
    for sort in SORTS:
        # Each way once, by one look at many rows or by several at few.
        for sign in ("-" if (SORTS.index(sort) + looks) % 2 else "",):
            if sort == group:
                continue
            found = ask(table, f"group={group}&sort={sign}{sort}&size=25")

            assert found == expected(table, group, f"{sign}{sort}"), (sort, sign)


@pytest.mark.parametrize("more", FILTERS[1:])
def test_what_is_filtered_is_sorted_in_groups(table, more, monkeypatch):
    for looks, group in ((60, GROUPS[1]), (2, GROUPS[2]), (1, GROUPS[4])):
        monkeypatch.setattr(nested, "LOOKS_EACH", looks)
        for sort in ("-fldNumber00000000", "item.updated"):
            found = ask(table, f"group={group}&sort={sort}{more}&size=25")

            assert found == expected(table, group, sort, more), (group, sort)


@pytest.mark.parametrize("more", FILTERS[:3])
def test_neighbours_pages_back_and_files_have_the_same_order(table, more, monkeypatch):
    monkeypatch.setattr(nested, "LOOKS_EACH", 2)
    for group, sort in (
        ("fldUsers000000000", "-fldMoney000000000"),
        ("fldChoices0000000", "-item.updated"),
        ("fldBox00000000000", "fldText0000000000"),
    ):
        address = f"group={group}&sort={sort}{more}"
        rows = expected(table, group, sort, more)
        items = Item.objects.in_bulk(rows)

        assert [item.pk for item in walk(selected(table, address))] == rows
        for place in range(0, len(rows), 7):
            key = rows[place]
            both = [
                find_in_table(items[key], selected(table, address), is_next=is_next)
                for is_next in (False, True)
            ]
            around = [rows[place - 1] if place else None, *rows[place + 1 :][:1], None]
            assert [each and each.pk for each in both] == around[:2], (group, place)
            at = listing.cursor_of(selected(table, address), items[key])
            back = listing.read_page(selected(table, address, before=at, size=25))
            assert [item.pk for item in back.items] == rows[max(0, place - 25) : place]


def test_a_position_in_groups_is_none_in_a_table_without_them(table):
    grouped = selected(table, f"group={GROUPS[1]}&sort=-fldNumber00000000&size=25")
    token = listing.read_page(grouped).next.after.to_token()

    for address in ("", f"group={GROUPS[0]}&", f"group={GROUPS[1]}&size=50&"):
        asked = QueryDict(f"{address}sort=-fldNumber00000000&after={token}")
        query = TableQuery.parse(table.pk, asked, columns_of(table))
        assert (query.after is None) is ("50" not in address)


def test_a_former_choice_has_its_own_place_behind_those_that_are(connection):
    told = {"name": "state", "label": "State", "kind": "choice", "options": {"a": "A"}}
    rows = make_deals(connection, [told])
    items = [
        IntegrationItem(
            id=f"{n}",
            type="deal",
            name=f"Row {n:02}",
            last_modified_time=NOON,
            properties={"state": ("a", "Older", "Oldest", None)[n % 4], "n": f"{n}"},
        )
        for n in range(70)
    ]
    store.store_page(rows, items, run_id=None, now=NOON)
    rows.refresh_from_db()
    names = dict(Item.objects.filter(collection=rows).values_list("pk", "name"))

    found = [names[key] for key in ask(rows, "group=state&sort=-item.name&size=25")]

    groups = [[f"Row {n:02}" for n in range(70) if n % 4 == each] for each in range(4)]
    assert found == [name for each in groups for name in reversed(each)]
