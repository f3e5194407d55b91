"""Wherever items are told of, what they are in and linked to has its name."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from integrations.models import Collection
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection

PAGE = reverse("integrations:item-download")
FIELDS = [{"name": "amount", "label": "Amount", "kind": "number"}]
GONE = Deletion(kind=DeletionKind.DELETED)


def deal(company, *contacts, companies=()):
    return IntegrationItem(
        id="5",
        type="deal",
        name="Renewal",
        parent_id=company,
        properties={
            "associations.companies": [company, *companies],
            "associations.contacts": list(contacts),
        },
    )


@pytest.fixture
@kept
def deals(connection):
    """Return deals, one of them of a company and a contact that are stored."""
    rows = {"company": ("companies", "Acme"), "contact": ("contacts", "Ana")}
    for type_, (place, name) in rows.items():
        made = make_collection(connection, remote_id=place, item_type=type_)
        items = [IntegrationItem(id="77", type=type_, name=name)]
        if type_ == "company":
            items.append(IntegrationItem(id="78", type=type_, name="Bolt"))
        store.store_page(made, items, run_id=None, now=NOON)
    made = make_collection(
        connection, remote_id="deals", item_type="deal", schema={"fields": FIELDS}
    )
    store.store_page(
        made, [deal("77", "77", "99", companies=["78"])], run_id=None, now=NOON
    )
    made.first_full_refresh_at = NOON
    made.save(update_fields=["first_full_refresh_at"])
    return made


@pytest.fixture
def download(as_alice):
    def do(**fields):
        answer = as_alice.post(PAGE, {"type": "deal", **fields})
        assert answer.status_code == 200
        return b"".join(answer.streaming_content).decode()

    return do


def test_a_list_as_it_is_shown_names_parents_and_linked_items(download, deals):
    [row] = csv.DictReader(io.StringIO(download(form="csv", values="shown")))

    assert row["Parent"] == "Acme"
    assert "Contacts: Ana, 99" in row["Values"].splitlines()
    assert "Companies: Acme, Bolt" in row["Values"].splitlines()


def test_programs_read_the_name_of_the_parent(as_alice, download, deals):
    item = deals.items.get()
    [shown] = json.loads(download(form="json", values="shown"))
    [raw] = json.loads(download(form="json", values="raw"))
    table_page = reverse("integrations:table-download", args=[deals.pk])
    answer = as_alice.post(table_page, {"form": "json", "values": "shown"})
    [of_table] = json.loads(b"".join(answer.streaming_content))
    exported = as_alice.get(item.get_absolute_url()).context["raw"]

    for told in (shown, raw, of_table, json.loads(exported)):
        assert told["parent_id"] == "77"
        assert told["parent_path_or_name"] == "Acme"
    assert raw["properties"]["associations.contacts"] == ["77", "99"]
    assert shown["properties"]["Contacts"] == "Ana, 99"


def test_the_console_names_what_an_item_is_in(deals, capsys):
    call_command("items", "--type", "deal")

    assert "Acme" in capsys.readouterr().out


def test_a_list_of_the_past_names_the_parent_as_it_was(as_alice, deals, time_machine):
    time_machine.move_to(NOON + timedelta(hours=9), tick=False)

    def at(hours):
        return NOON + timedelta(hours=hours)

    companies = Collection.objects.get(item_type="company")
    renamed = IntegrationItem(id="77", type="company", name="Acme Holding")
    store.store_page(companies, [renamed], run_id=None, now=at(2))
    store.store_page(deals, [deal("78")], run_id=None, now=at(4))
    gone = {companies.items.get(remote_id="78").pk: GONE}
    store.soft_delete(companies, gone, run_id=None, now=at(6))

    def place(hours):
        told = {"at": at(hours).isoformat(), "type": "deal"}
        [row] = as_alice.get("/items/as-of/", told).context["rows"]
        return row.past.parent_name

    assert [place(each) for each in (1, 3, 5, 7)] == [
        "Acme",
        "Acme Holding",
        "Bolt",
        "",
    ]


@pytest.mark.parametrize("page", ["item", "table"])
def test_a_file_names_every_linked_item_however_many(as_alice, deals, page):
    contacts = Collection.objects.get(item_type="contact")
    people = [
        IntegrationItem(id=str(n), type="contact", name=f"Person {n}")
        for n in range(100, 180)
    ]
    store.store_page(contacts, people, run_id=None, now=NOON)
    several = deal("77", *(each.id for each in people), "9")
    store.store_page(deals, [several], run_id=None, now=NOON + timedelta(hours=1))
    place = {"table": [deals.pk]}.get(page, [])
    address = reverse(f"integrations:{page}-download", args=place)

    values = {"table": "all"}.get(page, "shown")
    fields = {"form": "json", "values": values, "type": "deal"}
    answer = as_alice.post(address, fields)

    [told] = json.loads(b"".join(answer.streaming_content))
    names = told["properties"]["Contacts"].split(", ")
    assert names == [*(each.name for each in people), "9"]
