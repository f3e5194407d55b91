"""A property that is the items' name is one column: that of the names."""

from dataclasses import asdict
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Collection, SavedView
from integrations.providers.records import FieldSpec
from integrations.services.items.tables.columns.columns import NAME, columns_of
from tests.support.rows import NOON, make_collection, make_connection, make_item

PRIMARY = "fldProject"


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
    )

    columns = columns_of(make_table(alice, provider, item_type, schema))

    assert naming not in columns.by_id
    assert columns.find(naming) == columns.by_id[NAME]
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
    [{"kind": "number"}, {"kind": "date"}, {"kind": "email"}, {"is_long": True}],
)
def test_a_name_that_is_more_than_words_stays_a_column(
    alice: User, kind: dict[str, Any]
) -> None:
    assert PRIMARY in columns_of(projects(alice, **kind)).by_id


def test_an_address_and_a_view_from_before_mean_the_names(
    client: Client, alice: User
) -> None:
    table = projects(alice)
    for name in ("Pier", "Quay"):
        make_item(table, name=name, properties={PRIMARY: name})
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
    )
    table.save(update_fields=["schema"])
    # The same table in another base: its fields have other ids.
    copied = client.get(f"/views/{view.pk}/", follow=True)

    for page, name in ((opened, "Pier"), (asked, "Quay"), (copied, "Pier")):
        assert [row.item.name for row in page.context["rows"]] == [name]
        assert [each["label"] for each in page.context["columns"]] == [
            "Name",
            "Place",
        ]
        assert 'data-code="lost_' not in page.text
