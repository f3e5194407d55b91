"""A page of a table asks few questions, whatever its columns are and however it opens.

Own columns, calculated ones, relations both ways and saved views each need a question
or two of their own: the worst page is the one that has all of them.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection, Connection, OwnColumn, OwnValue, SavedView
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.services.items.tables.columns.columns import columns_of
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection

MOST_QUERIES = 12
OWN = {
    "text": "Call back",
    "number": "9",
    "date": "2026-11-03",
    "choice": "Hot",
    "check": "yes",
    "person": "Cleo Cole",
}
COMPANIES, CONTACTS = "associations.companies", "associations.contacts"
RELATIONS = f"{COMPANIES},{CONTACTS}"
INCOMING = f"deals.{COMPANIES}"
FIELDS = [
    {"name": "amount", "label": "Amount", "kind": "number"},
    {"name": "stage", "label": "Stage", "kind": "choice", "options": {"a": "A"}},
]
FORMULA = {"name": "formula", "label": "Formula", "kind": "value"}


def put(collection: Collection, count: int = 40) -> None:
    """Store items that have a value of each kind, and each its own links."""
    items = [
        IntegrationItem(
            id=f"{n}",
            type=collection.item_type,
            name=f"{collection.name} {n}",
            last_modified_time=NOON,
            properties={
                "amount": n,
                "formula": n * 2,
                "stage": "a",
                COMPANIES: [f"{n}"],
                CONTACTS: [f"{n}"],
            },
        )
        for n in range(count)
    ]
    store.store_page(collection, items, run_id=None, now=NOON)
    collection.refresh_from_db()


def make(
    connection: Connection, name: str, item_type: str, *more: dict[str, Any]
) -> Collection:
    made = make_collection(
        connection,
        remote_id=name,
        name=name.capitalize(),
        item_type=item_type,
        schema={"fields": [*FIELDS, *more]},
        first_full_refresh_at=NOON,
    )
    put(made)
    return made


@pytest.fixture
@kept
def tables(connection: Connection, alice: User) -> dict[str, Collection]:
    kinds = {"companies": "company", "contacts": "contact", "deals": "deal"}
    found = {name: make(connection, name, kind) for name, kind in kinds.items()}
    notion = make_connection(alice, provider="notion", remote_id="w:1")
    return found | {"tasks": make(notion, "tasks", "page", FORMULA)}


def test_small_tables_are_asked_by_the_same_statements(
    as_alice: Client, connection: Connection
) -> None:
    limits = []

    for count in (1, 2, 30):
        small = make_collection(connection, remote_id=f"{count}")
        put(small, count)
        half = small.items.filter(remote_id__gt="1")
        half.update(remote_updated_at=None)
        path = f"/collections/{small.pk}/?size=25"
        asked = [sql for sql in questions(as_alice, path) if "LIMIT 2" in sql]
        limits.append({sql.rpartition("LIMIT ")[2] for sql in asked})
        assert len(as_alice.get(path).context["rows"]) == min(count, 25)

    assert limits[0] == limits[1] == limits[2]


def add_own(owner: User, collection: Collection) -> list[str]:
    """Give a table a column of the user's own of each kind; return their ids."""
    connection = collection.connection
    found = []
    for kind, value in OWN.items():
        column = OwnColumn.objects.create(
            owner=owner,
            provider=connection.provider,
            account_id=connection.remote_id,
            collection_id=collection.remote_id,
            name=kind,
            kind=kind,
            options=["Hot", "Cold"] if kind == "choice" else [],
        )
        OwnValue.objects.bulk_create(
            OwnValue(column=column, remote_id=f"{n}", value=value) for n in range(40)
        )
        found.append(column.column_id)
    return found


def keep(client: Client, address: str, **more: Any) -> SavedView:
    """Keep the table of an address as a view."""
    answer = client.post("/views/new/", {"back": address, "name": "Mine"})
    assert answer.status_code == 302, answer.context["form"].errors
    view = SavedView.objects.get(name="Mine")
    SavedView.objects.filter(pk=view.pk).update(**more)
    return view


def questions(client: Client, address: str) -> list[str]:
    """Return what a page asks once its indexes are there; it shows rows."""
    client.get(address)
    with CaptureQueriesContext(database) as queries:
        page = client.get(address)
    assert page.status_code == 200
    assert page.context["rows"]
    assert not page.context["left_out"]
    return [str(each["sql"]) for each in queries.captured_queries]


def assert_few(asked: dict[str, list[str]]) -> None:
    many = {name: told for name, told in asked.items() if len(told) > MOST_QUERIES}
    assert not many, "\n".join(
        f"{name}, {n}: {sql[:200]}"
        for name, told in many.items()
        for n, sql in enumerate(told, 1)
    )


ALL = "group=stage&amount__gt=1"
LINKED = f"{COMPANIES}__contains=companies"
# Of a table, with "{0}" and so on for the user's own columns of it.
PAGES = {
    "own columns": ("deals", "columns={0},{1},{2},{3},{4},{5}"),
    "own, sorted": ("deals", "sort={1}"),
    "own, filtered": ("deals", "{1}__gt=1&{0}__contains=call"),
    "own, grouped": ("deals", "group={3}"),
    "calculated": ("tasks", "columns=formula"),
    "calculated, sorted and filtered": ("tasks", "sort=-formula&formula__gt=1"),
    "calculated, grouped": ("tasks", "columns=formula&group=stage"),
    "calculated, beside own": ("tasks", "columns=formula,{1}&sort=-formula"),
    "relations": ("deals", f"columns={RELATIONS}&{LINKED}&sort=-{CONTACTS}"),
    "relations, beside own": ("deals", f"columns={RELATIONS},{{1}}&{LINKED}"),
    "incoming": ("companies", f"columns={INCOMING}"),
    "incoming, sorted": ("companies", f"columns={INCOMING}&sort=-{INCOMING}"),
    "incoming, filtered": ("companies", f"{INCOMING}__filled=1"),
    "incoming, by name": ("companies", f"columns={INCOMING}&{INCOMING}__is=Deals+7"),
    "incoming, beside own": ("companies", f"columns={INCOMING},{{1}}&sort={{1}}"),
    "relations, all at once": (
        "deals",
        f"columns={RELATIONS},amount&q=deals&{ALL}&{LINKED}&sort=-{CONTACTS}",
    ),
    "incoming, all at once": (
        "companies",
        f"columns={INCOMING},amount&q=companies&{ALL}&sort=-{INCOMING}",
    ),
    "filtered, grouped": ("contacts", "amount__gt=1&group=stage&sort=-amount"),
}


def addresses(
    owner: User, tables: dict[str, Collection]
) -> Iterator[tuple[str, str, str]]:
    """Yield each kind of page, its path and what its address asks for.

    Columns of the user's own are asked for as well wherever there are any, so that a
    table has some as soon as one of its pages names them, and not before.
    """
    own: dict[str, list[str]] = {}
    assert columns_of(tables["companies"]).get(INCOMING)
    for name in sorted(PAGES, key=lambda each: "{" in PAGES[each][1]):
        kind, parameters = PAGES[name]
        if "{" in parameters and kind not in own:
            own[kind] = add_own(owner, tables[kind])
        asked = parameters.format(*own.get(kind, ()))
        yield name, f"/collections/{tables[kind].pk}/", f"{asked}&size=25"


def test_a_page_with_all_kinds_of_columns_asks_little(
    as_alice: Client, alice: User, tables: dict[str, Collection]
) -> None:
    asked = {
        name: questions(as_alice, f"{path}?{parameters}")
        for name, path, parameters in addresses(alice, tables)
    }

    assert asked.keys() == PAGES.keys()
    assert_few(asked)


def test_a_page_that_a_view_opens_asks_little(
    as_alice: Client, alice: User, tables: dict[str, Collection]
) -> None:
    asked = {}
    for name, path, parameters in addresses(alice, tables):
        view = keep(as_alice, f"{path}?{parameters}", is_default=True, is_shared=True)
        opened = as_alice.get(path)
        assert f"view={view.pk}" in opened.headers["Location"], name
        asked[name] = questions(as_alice, f"{opened.headers['Location']}&size=25")
        view.delete()

    assert asked.keys() == PAGES.keys()
    assert_few(asked)


def test_the_redirect_of_a_default_view_asks_little(
    as_alice: Client, alice: User, tables: dict[str, Collection]
) -> None:
    table = tables["deals"]
    own = add_own(alice, table)
    path = f"/collections/{table.pk}/"
    keep(as_alice, f"{path}?group=stage&sort={own[1]}", is_default=True)

    with CaptureQueriesContext(database) as queries:
        assert as_alice.get(path).status_code == 302

    assert_few({"redirect": [str(each["sql"]) for each in queries]})


def test_a_view_that_somebody_shared_asks_little(
    as_alice: Client, as_bob: Client, bob: User, tables: dict[str, Collection]
) -> None:
    path = f"/collections/{tables['deals'].pk}/"
    view = keep(as_alice, f"{path}?columns=amount&group=stage", is_shared=True)
    theirs = make_connection(bob, account_name="Bolt", remote_id="7:7")
    deals = make(theirs, "deals", "deal")
    add_own(bob, deals)

    asked = questions(as_bob, f"/collections/{deals.pk}/?view={view.pk}&group=stage")

    assert_few({"shared": asked})
