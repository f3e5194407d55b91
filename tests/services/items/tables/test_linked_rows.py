"""What a page of items writes in indexes of other collections costs little."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection, Connection, PropertyIndex, PropertyValue
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.columns.values import id_number
from integrations.services.items.tables.indexing import indexes
from tests.support.rows import NOON, make_collection, make_connection

COMPANIES = "associations.companies"
Put = Callable[..., list[str]]


@pytest.fixture
def hubspot(alice: User) -> Connection:
    return make_connection(alice)


@pytest.fixture
def put(hubspot: Connection) -> Put:
    """Store a company as a sync does, and return the statements."""
    companies = make_collection(hubspot, remote_id="companies", item_type="company")

    def put(name: str, phone: str = "") -> list[str]:
        # As a run reads it: nothing of it is known but the row itself.
        own = Collection.objects.select_related("connection").get(pk=companies.pk)
        found = IntegrationItem(
            id="7", type="company", name=name, properties={"phone": phone}
        )
        with CaptureQueriesContext(database) as asked:
            store.store_page(own, [found], run_id=None, now=NOON)
        return [each["sql"] for each in asked]

    return put


def index(hubspot: Connection, kind: str, *linked: list[str]) -> None:
    """Store records that name companies, first of all ours, and index what they do."""
    made = make_collection(
        hubspot, remote_id=kind, item_type=kind.rstrip("s"), schema={"fields": []}
    )
    rows = [
        IntegrationItem(id=str(n), type=kind, name="", properties={COMPANIES: ids})
        for n, ids in enumerate([["7"], *linked])
    ]
    store.store_page(made, rows, run_id=None, now=NOON)
    made.refresh_from_db()
    column = columns_of(made).get(COMPANIES)
    assert column is not None
    indexes.prepare(made, [column])


def renaming(statements: list[str]) -> list[str]:
    table = PropertyValue._meta.db_table
    return [each for each in statements if f'UPDATE "{table}"' in each]


@pytest.mark.django_db
def test_another_index_beside_a_collection_costs_a_page_no_more_questions(
    hubspot: Connection, put: Put
) -> None:
    put("Acme")
    index(hubspot, "deals")
    one = put("Acme & Co")

    index(hubspot, "contacts")

    assert len(put("Acme Ltd")) == len(one)
    assert not any('"schema"' in sql or '"checkpoint"' in sql for sql in one)
    assert set(PropertyValue.objects.filter(position=0).values_list("text")) == {
        ("acme ltd",)
    }
    assert PropertyIndex.objects.count() == 2


@pytest.mark.django_db
def test_rows_of_others_are_written_only_where_the_name_changed(
    hubspot: Connection, put: Put
) -> None:
    put("Acme")
    index(hubspot, "deals")

    assert renaming(put("Acme", "1")) == []
    assert renaming(put("Acme & Co", "1"))


@pytest.mark.django_db
def test_a_name_is_written_once_however_many_others_stand_before_it(
    hubspot: Connection, put: Put
) -> None:
    put("Acme")
    index(hubspot, "deals", ["7", "8"], ["8", "7"], ["9", "7"])
    first = PropertyValue.objects.filter(position=0, number=id_number("7"))
    others = PropertyValue.objects.filter(position=1, number=id_number("7"))
    # Each has the name of what stands first in it.
    assert (first.count(), others.count()) == (2, 2)
    for row, text in zip(others, ("one", "two"), strict=True):
        PropertyValue.objects.filter(item=row.item_id).update(text=text)

    assert [sql.split(" ")[0] for sql in renaming(put("Acme Ltd"))] == ["1"]
    assert set(first.values_list("text")) == {("acme ltd",)}
    assert set(others.values_list("text")) == {("one",), ("two",)}
    assert renaming(put("Acme Ltd", "1")) == []
