"""A property that is the items' name is one column: that of the names."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from msgspec.structs import asdict

from integrations.models import (
    Collection,
    PropertyIndex,
    PropertyValue,
    SavedView,
)
from integrations.providers.airtable.api.bases import Table
from integrations.providers.airtable.listing.schema import to_schema
from integrations.providers.records import FieldSpec, IntegrationItem
from integrations.services.items.saved_views.fitting import fit_table
from integrations.services.items.storage import store
from integrations.services.items.tables.columns.columns import NAME, columns_of
from integrations.services.items.tables.table_query import TableQuery
from integrations.views.items.tables.drawing import EMPTY
from tests.support.rows import NOON, make_collection, make_connection, make_item
from tests.views.saved_views.test_feeds import make_feed, titles

PRIMARY = "fldProject"
SINGLE_LINE = {"type": "singleLineText"}


def schema_of(*specs: FieldSpec, **more: Any) -> dict[str, Any]:
    return {"fields": [asdict(spec) for spec in specs], **more}


def make_table(
    owner: User, provider: str, item_type: str, schema: dict[str, Any]
) -> Collection:
    return make_collection(
        make_connection(owner, provider=provider, remote_id="1:1"),
        remote_id=f"{item_type}s",
        item_type=item_type,
        schema=schema,
        first_full_refresh_at=NOON,
    )


def projects(owner: User, **kind: Any) -> Collection:
    return make_table(
        owner,
        "airtable",
        "record",
        schema_of(
            FieldSpec(name=PRIMARY, label="Project", **kind),
            FieldSpec(name="fldPlace", label="Place"),
            primary=PRIMARY,
            formats={PRIMARY: SINGLE_LINE},
        ),
    )


@pytest.mark.parametrize(
    ("provider", "item_type", "naming", "label"),
    [
        ("hubspot", "company", "name", "Company name"),
        ("hubspot", "deal", "dealname", "Deal name"),
        ("airtable", "record", PRIMARY, "Project"),
    ],
)
def test_what_names_the_items_is_offered_once(
    alice: User, provider: str, item_type: str, naming: str, label: str
) -> None:
    schema = schema_of(
        FieldSpec(name=naming, label=label),
        FieldSpec(name="other", label="Other"),
        primary=naming,
        formats={naming: SINGLE_LINE},
    )

    columns = columns_of(make_table(alice, provider, item_type, schema))

    assert naming not in columns.by_id
    assert columns.find(naming) == columns.by_id[NAME]
    assert columns.get(naming) == columns.naming
    assert "other" in columns.by_id


@pytest.mark.parametrize(
    ("provider", "item_type", "parts"),
    [("hubspot", "contact", ("firstname", "lastname")), ("notion", "page", ("note",))],
)
def test_parts_of_a_name_and_other_texts_stay_columns(
    alice: User, provider: str, item_type: str, parts: tuple[str, ...]
) -> None:
    schema = schema_of(*(FieldSpec(name=each, label=each) for each in parts))

    columns = columns_of(make_table(alice, provider, item_type, schema))

    assert set(parts) <= set(columns.by_id)
    assert columns.naming is None


@pytest.mark.parametrize(
    "kind",
    [
        {"kind": "number"},
        {"kind": "date"},
        {"kind": "email"},
        {"kind": "markdown"},
        {"is_long": True},
    ],
)
def test_a_name_that_is_more_than_words_stays_a_column(
    alice: User, kind: dict[str, Any]
) -> None:
    assert PRIMARY in columns_of(projects(alice, **kind)).by_id


@pytest.mark.parametrize("kind", ["date", "datetime", "number", "serial"])
def test_what_is_sorted_by_its_own_value_is_shown_beside_the_name(
    client: Client, alice: User, kind: str
) -> None:
    """As a text, 10 comes before 9, and the 1st of May before the 2nd of April."""
    table = projects(alice, kind=kind)
    told = ("2026-05-01", "2026-04-02") if "date" in kind else (10, 9)
    for value in told:
        make_item(table, name=f"{value} or so", properties={PRIMARY: value})
    client.force_login(alice)

    page = client.get(f"/collections/{table.pk}/")
    asked = client.get(f"/collections/{table.pk}/?sort={PRIMARY}")

    labels = [each["label"] for each in page.context["columns"]]
    assert labels == ["Name", "Project", "Place", "Updated"]
    order = [row.item.properties[PRIMARY] for row in asked.context["rows"]]
    assert order == sorted(told)


@pytest.mark.parametrize("kind", ["email", "markdown"])
def test_a_name_that_is_sorted_by_its_text_is_shown_once(
    alice: User, kind: str
) -> None:
    assert PRIMARY not in columns_of(projects(alice, kind=kind)).default


@pytest.mark.parametrize(
    "options",
    [
        {"type": "multilineText"},
        {"type": "richText"},
        {"type": "aiText"},
        {"type": "barcode"},
        {"type": "formula", "options": {"result": {"type": "singleLineText"}}},
    ],
    ids=lambda options: options["type"],
)
def test_a_primary_field_of_which_the_name_is_a_part_stays_a_column(
    alice: User, options: dict[str, Any]
) -> None:
    """A record's name is the beginning of it, on one line."""
    known = Table(
        id="tblProjects",
        name="Projects",
        description="",
        primary_field_id=PRIMARY,
        fields=[{"id": PRIMARY, "name": "Project", **options}],
        views=[],
    )
    schema = to_schema("appBase", known)

    columns = columns_of(make_table(alice, "airtable", "record", schema))

    assert columns.find(PRIMARY) == columns.by_id[PRIMARY]


def test_an_address_and_a_view_from_before_mean_the_names(
    client: Client, alice: User
) -> None:
    table = projects(alice)
    for name in ("Pier", "Quay"):
        make_item(table, name=name, properties={PRIMARY: name, "fldOther": name})
    view = SavedView.objects.create(
        owner=alice,
        name="Piers",
        provider="airtable",
        account_id="1:1",
        collection_id=table.remote_id,
        collection_name=table.name,
        item_type=table.item_type,
        parameters=[[f"{PRIMARY}__contains", "Pier"], ["sort", PRIMARY]],
        columns=[NAME, PRIMARY, "fldPlace"],
        names={PRIMARY: "Project", "fldPlace": "Place"},
    )
    client.force_login(alice)
    address = f"/collections/{table.pk}/"

    opened = client.get(f"/views/{view.pk}/", follow=True)
    asked = client.get(f"{address}?{PRIMARY}__is=Quay&columns={PRIMARY},fldPlace")
    table.schema = schema_of(
        FieldSpec(name="fldOther", label="Project"),
        FieldSpec(name="fldPlace", label="Place"),
        primary="fldOther",
        formats={"fldOther": SINGLE_LINE},
    )
    table.save(update_fields=["schema"])
    # The same table in another base: its fields have other ids.
    copied = client.get(f"/views/{view.pk}/", follow=True)

    for page, name in ((opened, "Pier"), (asked, "Quay"), (copied, "Pier")):
        assert [row.item.name for row in page.context["rows"]] == [name]
        assert [each["label"] for each in page.context["columns"]] == [
            "Project",
            "Place",
        ]
        assert 'data-code="lost_' not in page.text


def companies(owner: User) -> Collection:
    """Return companies of which one has no name, so that its domain stands for it."""
    table = make_table(
        owner,
        "hubspot",
        "company",
        schema_of(
            FieldSpec(name="name", label="Company name"),
            FieldSpec(name="domain", label="Domain"),
        ),
    )
    make_item(table, name="Pier", properties={"name": "Pier", "domain": "pier.test"})
    make_item(table, name="quay.test", properties={"name": "", "domain": "quay.test"})
    return table


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("empty", "1", ["quay.test"]),
        ("filled", "1", ["Pier"]),
        ("is", "quay.test", []),
        ("not", "Pier", ["quay.test"]),
    ],
)
def test_a_filter_by_what_names_the_items_is_of_what_they_say(
    client: Client, alice: User, operator: str, value: str, found: list[str]
) -> None:
    """What stands for a name that is empty is no value of the property."""
    table = companies(alice)
    view = SavedView.objects.create(
        owner=alice,
        name="Companies",
        provider="hubspot",
        account_id="1:1",
        collection_id=table.remote_id,
        collection_name=table.name,
        item_type=table.item_type,
        parameters=[[f"name__{operator}", value]],
        columns=[NAME, "name", "domain"],
        names={"name": "Company name", "domain": "Domain"},
    )
    client.force_login(alice)
    feed = make_feed(client, view)

    asked = client.get(f"/collections/{table.pk}/?name__{operator}={value}&sort=name")
    opened = client.get(f"/views/{view.pk}/", follow=True)
    told = Client().get(feed)

    for page in (asked, opened):
        assert [row.item.name for row in page.context["rows"]] == found
        assert page.context["query"].conditions[0].column.id == "name"
        assert 'data-code="lost_' not in page.text
    assert asked.context["query"].sort.id == NAME
    assert titles(told) == found


def test_a_view_filters_the_property_of_that_label_in_another_base(
    client: Client, alice: User
) -> None:
    """Most tables of Airtable call their primary field just what its column is."""
    table = projects(alice)
    table.schema["fields"][0]["label"] = "Name"
    columns = columns_of(table)
    view = SavedView(
        parameters=[["fldElse__empty", "1"], ["sort", "fldElse"]],
        columns=[NAME, "fldElse"],
        names={"fldElse": "Name"},
    )

    fitted = fit_table(view, table, columns)

    assert isinstance(fitted.query, TableQuery)
    assert [each.column.id for each in fitted.query.conditions] == [PRIMARY]
    assert fitted.query.sort == columns.by_id[NAME]
    assert fitted.columns == (NAME,)


def offered(client: Client, table: Collection, column: str) -> set[str]:
    page = client.get(f"/collections/{table.pk}/filter/?column={column}")
    return {value for value, _ in page.context["filtering"]["operators"]}


@pytest.mark.parametrize(
    ("operator", "found"), [("empty", ["quay.test"]), ("filled", ["Pier"])]
)
def test_that_a_name_is_empty_is_asked_of_what_the_name_stands_for(
    client: Client, alice: User, operator: str, found: list[str]
) -> None:
    table = companies(alice)
    client.force_login(alice)

    assert {"empty", "filled"} <= offered(client, table, NAME)
    page = client.get(
        f"/collections/{table.pk}/filter/?column={NAME}&operator={operator}&add=1",
        follow=True,
    )

    assert [row.item.name for row in page.context["rows"]] == found


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("contains", "quay", []),
        ("not", "Pier", ["quay.test"]),
        ("is", "pier", ["Pier"]),
    ],
)
def test_what_is_shown_in_place_of_a_name_is_compared_with_nothing(
    client: Client, alice: User, operator: str, value: str, found: list[str]
) -> None:
    table = companies(alice)
    client.force_login(alice)

    page = client.get(f"/collections/{table.pk}/?{NAME}__{operator}={value}")

    assert [row.item.name for row in page.context["rows"]] == found
    assert 'data-code="lost_' not in page.text


def test_an_index_of_names_as_they_are_shown_answers_no_filter(
    client: Client, alice: User
) -> None:
    table = companies(alice)
    former = PropertyIndex.objects.create(
        collection=table, name=NAME, family="text", state="ready"
    )
    client.force_login(alice)
    # What a release of before makes of a name, also of one that comes beside it.
    told = {"name": "", "domain": "sail.test"}
    item = IntegrationItem(id="7", type="company", name="sail.test", properties=told)
    store.store_page(table, [item], run_id=None, now=NOON)

    page = client.get(f"/collections/{table.pk}/?{NAME}__empty=1&sort={NAME}")

    found = {row.item.name for row in page.context["rows"]}
    assert found == {"quay.test", "sail.test"}
    kept = PropertyValue.objects.filter(index=former)
    assert [each.text for each in kept] == ["sail.test"]


@pytest.mark.parametrize(
    ("sign", "names"), [("", ["Pier", "Wharf"]), ("-", ["Wharf", "Pier"])]
)
def test_rows_without_a_name_are_last_and_look_it(
    client: Client, alice: User, sign: str, names: list[str]
) -> None:
    table = projects(alice)
    for name in ("Pier", "Wharf"):
        make_item(table, name=name, properties={PRIMARY: name})
    make_item(table, name="Record recAbc", properties={})
    make_item(table, name="Record recXyz", properties={PRIMARY: " "})
    client.force_login(alice)

    page = client.get(f"/collections/{table.pk}/?sort={sign}{NAME}")

    rows = page.context["rows"]
    assert [row.item.name for row in rows][:2] == names
    assert {row.item.name for row in rows[2:]} == {"Record recAbc", "Record recXyz"}
    heads = [row.line.partition("</a>")[0] for row in rows]
    assert [EMPTY in head for head in heads] == [False, False, True, True]


def test_where_nothing_but_the_name_is_known_it_is_not_asked_whether_it_is_empty(
    client: Client, alice: User
) -> None:
    schema = schema_of(FieldSpec(name="email", label="E-mail"))
    table = make_table(alice, "hubspot", "contact", schema)
    client.force_login(alice)

    assert {"contains", "is"} <= offered(client, table, NAME)
    assert not {"empty", "filled"} & offered(client, table, NAME)
    assert {"empty", "filled"} <= offered(client, table, "email")
