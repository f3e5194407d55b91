"""What is cut says so, from the first thing that is left out on, and not before."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from integrations.models import Item, ItemChange, Notice, OwnColumn, RefreshAttempt
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import notices
from integrations.views.items.parts.values import Shown
from integrations.views.items.tables.drawing import Cell, draw
from tests.support.pages.kept_rows import kept
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_item,
)

FIELDS = [
    {"name": "city", "label": "City"},
    {"name": "tags", "label": "Tags", "kind": "choices"},
    {"name": "stage", "label": "Stage", "kind": "choice"},
]


@pytest.fixture
@kept
def table(connection: Any) -> Any:
    return make_collection(
        connection, schema={"fields": FIELDS}, first_full_refresh_at=NOON
    )


def page_of_table(client: Client, table: Any, query: str) -> Any:
    return client.get(reverse("integrations:table", args=(table.pk,)) + query)


def has(page: Any, code: str) -> bool:
    return f'data-code="{code}"' in page.text


@pytest.mark.parametrize(("number", "is_cut"), [(50, False), (51, True)])
def test_values_of_a_filter(
    as_alice: Client, table: Any, number: int, is_cut: bool
) -> None:
    values = ",".join(f"v{n}" for n in range(number))

    page = page_of_table(as_alice, table, f"?city__in={values}")

    assert has(page, "left_out") is is_cut


@pytest.mark.parametrize(("number", "is_cut"), [(40, False), (41, True)])
def test_columns_of_a_table(
    as_alice: Client, table: Any, number: int, is_cut: bool
) -> None:
    names = [f"c{n}" for n in range(number)]
    table.schema = {"fields": [{"name": n, "label": n} for n in names]}
    table.save(update_fields=["schema"])

    page = page_of_table(as_alice, table, f"?columns={','.join(names)}")

    assert has(page, "left_out") is is_cut


@pytest.mark.parametrize(("number", "is_cut"), [(200, False), (201, True)])
def test_choices_that_a_filter_offers(
    as_alice: Client, table: Any, number: int, is_cut: bool
) -> None:
    options = {f"o{n}": f"Option {n}" for n in range(number)}
    spec = {"name": "stage", "label": "Stage", "kind": "choice", "options": options}
    table.schema = {"fields": [spec]}
    table.save(update_fields=["schema"])

    page = page_of_table(as_alice, table, "filter/?column=stage")

    assert len(page.context["filtering"]["boxes"]) == 200
    assert has(page, "more_options") is is_cut


@pytest.mark.parametrize(("number", "is_cut"), [(99, False), (101, True)])
def test_values_that_a_filter_compares(
    as_alice: Client, table: Any, number: int, is_cut: bool
) -> None:
    tags = ";".join(f"tag{n}" for n in range(number))
    make_item(table, properties={"tags": tags})

    page = page_of_table(as_alice, table, f"?tags__is=tag{number - 1}")

    assert len(page.context["rows"]) == (0 if is_cut else 1)
    assert has(page, "in_part") is is_cut


@pytest.mark.parametrize(("number", "is_cut"), [(50, False), (51, True)])
def test_notices_that_were_told(
    as_alice: Client, alice: User, number: int, is_cut: bool
) -> None:
    Notice.objects.bulk_create(
        Notice(user=alice, channel="mail", phase="test", text="T", state="sent")
        for _ in range(number)
    )

    page = as_alice.get("/notices/")

    assert len(page.context["page"]) == 50
    assert ("?page=2" in page.text) is is_cut
    assert len(as_alice.get("/notices/?page=2").context["page"]) == (
        1 if is_cut else 50
    )


@pytest.mark.parametrize(("number", "is_cut"), [(12, False), (13, True)])
def test_collections_of_the_charts(
    as_alice: Client, connection: Any, number: int, is_cut: bool
) -> None:
    for n in range(number):
        make_item(make_collection(connection, remote_id=f"c{n}"))

    page = as_alice.get("/charts/")

    assert len(page.context["collections"]) == 12
    assert ("?page=2" in page.text) is is_cut


@pytest.mark.parametrize(("number", "is_cut"), [(10, False), (11, True)])
def test_refreshes_of_a_key(
    as_alice: Client, connection: Any, number: int, is_cut: bool
) -> None:
    RefreshAttempt.objects.bulk_create(
        RefreshAttempt(id=uuid4(), connection=connection, generation=1, started_at=NOON)
        for _ in range(number)
    )
    whole = reverse("integrations:connection-attempts", args=(connection.pk,))

    page = as_alice.get(connection.get_absolute_url())

    assert (whole in page.text) is is_cut
    assert len(as_alice.get(whole).context["attempts"]) == number


@pytest.mark.parametrize(("number", "is_cut"), [(20, False), (21, True)])
def test_changes_of_a_structure(
    as_alice: Client, alice: User, number: int, is_cut: bool
) -> None:
    connection = make_connection(alice, provider="airtable")
    structure = make_collection(connection, remote_id="bases", item_type="table")
    item = make_item(structure)
    make_changes(item, number)

    page = as_alice.get(connection.get_absolute_url())

    assert len(page.context["schema_changes"]) == 20
    assert has(page, "older_schema_changes") is is_cut
    lists = [each["url"] for each in page.context["schema_change_lists"]]
    counts = [len(entries(as_alice.get(url))) for url in lists]
    assert sum(counts) == (number if is_cut else 0)


def make_changes(item: Item, number: int) -> None:
    ItemChange.objects.bulk_create(
        ItemChange(
            item=item,
            connection=item.connection,
            at=NOON + timedelta(minutes=n),
            kind="changed",
            fields={"name": ["Old", "New"]},
        )
        for n in range(number)
    )


def entries(page: Any) -> list[Any]:
    return [entry for day in page.context["days"] for entry in day["entries"]]


@pytest.mark.parametrize(("number", "is_cut"), [(100, False), (101, True)])
def test_changes_of_an_item(
    as_alice: Client, table: Any, number: int, is_cut: bool
) -> None:
    item, other = make_item(table), make_item(table)
    make_changes(item, number)
    make_changes(other, 1)
    whole = f"/changes/?item={item.uuid}"

    page = as_alice.get(item.get_absolute_url())

    assert (whole in page.text) is is_cut
    found, path = 0, whole
    while path:
        listed = as_alice.get(path)
        found += len(entries(listed))
        path = listed.context["next_url"]
    assert found == number


@pytest.mark.parametrize(("number", "is_cut"), [(500, False), (501, True)])
def test_names_that_an_own_column_offers(
    as_alice: Client, alice: User, table: Any, number: int, is_cut: bool
) -> None:
    owners = {str(n): f"Owner {n}" for n in range(number)}
    table.schema = {"fields": FIELDS, "lookups": {"owner": owners}}
    table.save(update_fields=["schema"])
    item = make_item(table)
    OwnColumn.objects.create(
        owner=alice,
        name="Who",
        kind="person",
        provider="hubspot",
        account_id=item.connection.remote_id,
        collection_id=table.remote_id,
    )

    page = as_alice.get(reverse("integrations:item-own-values", args=(item.uuid,)))

    assert len(page.context["owner_names"]) == 500
    assert has(page, "more_names") is is_cut


@pytest.mark.parametrize(("number", "is_cut"), [(100, False), (101, True)])
def test_items_that_share_an_address(
    as_alice: Client, table: Any, number: int, is_cut: bool
) -> None:
    for _ in range(number):
        make_item(table, properties={"email": "ada@harbour.example"})

    page = as_alice.get("/everything/?about=ada@harbour.example")

    assert len(page.context["items"]) == 100
    assert page.context["has_more"] is is_cut


def test_links_that_the_provider_cut_are_not_shown_as_all(
    as_alice: Client, table: Any
) -> None:
    shown = Shown(text="", kind="relation", items=(make_item(table, name="Ada"),))

    whole, cut = (draw(Cell(look="linked", value=shown, has_more=m)) for m in (0, 1))

    assert "more" not in whole
    assert "and more" in cut


def test_notices_that_failed_are_counted_to_the_last(alice: User, capsys: Any) -> None:
    Notice.objects.bulk_create(
        Notice(user=alice, channel="mail", state="failed", error=f"no {n % 5}")
        for n in range(1001)
    )

    (check,) = notices.CHECKS
    result = check.probe(Census())
    call_command("notices")

    assert result.facts == {"notices": 1001}
    assert "and other reasons" in result.found
    assert "and 951 more notices not sent" in capsys.readouterr().out
