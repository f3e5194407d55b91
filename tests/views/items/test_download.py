"""Every item of a list as a file: what the list shows, all pages, safe to open."""

import csv
import io
import json

import openpyxl
import pytest
from django.urls import reverse

from integrations.models import AuditEvent, Connection, Preferences
from integrations.services.items.lists import walk
from tests.support.rows import NOON, make_collection, make_connection, make_item

PAGE = reverse("integrations:item-download")


@pytest.fixture
def download(as_alice):
    """Return the text of a file, for a list and a choice of forms."""

    def do(**fields):
        answer = as_alice.post(PAGE, {"form": "json", "values": "raw", **fields})
        assert answer.status_code == 200
        return b"".join(answer.streaming_content).decode()

    return do


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(walk, "PART", 2)


@pytest.mark.parametrize("sort", ["name", "-name", "updated", "-created"])
@pytest.mark.parametrize("words", ["", "quagga"])
def test_a_file_holds_the_list_in_its_order_however_many_pages(
    as_alice, download, collection, sort, words
):
    for number in range(7):
        name = f"Quagga {number % 3}"
        make_item(collection, name=name, remote_updated_at=NOON if number % 2 else None)
    make_item(collection, name="Other")
    list_url = reverse("integrations:item-list")
    shown = as_alice.get(list_url, {"sort": sort, "q": words}).context["items"]

    rows = json.loads(download(sort=sort, q=words))

    assert [row["id"] for row in rows] == [item.remote_id for item in shown]
    assert len(rows) == (7 if words else 8)


def test_filters_and_owners_hold_in_files(download, alice, bob):
    contacts = make_collection(make_connection(alice))
    deals = {"remote_id": "deals", "name": "Deals", "item_type": "deal"}
    make_item(make_collection(contacts.connection, **deals), name="Deal")
    make_item(contacts, name="Contact")
    make_item(make_collection(make_connection(bob)), name="Theirs")

    everything = json.loads(download())
    of_type = json.loads(download(type="deal"))

    assert {row["name"] for row in everything} == {"Deal", "Contact"}
    assert [row["name"] for row in of_type] == ["Deal"]


def test_a_line_per_item_and_nothing_for_nothing(download, collection):
    assert download(form="ndjson") == ""
    make_item(collection, name="One\nline")
    make_item(collection, name="Two")

    lines = download(form="ndjson", sort="name").splitlines()

    assert [json.loads(line)["name"] for line in lines] == ["One\nline", "Two"]


def test_a_spreadsheet_reads_text_not_formulas_in_the_users_zone(
    as_alice, alice, collection
):
    Preferences.objects.create(user=alice, time_zone="Asia/Tokyo")
    make_item(collection, name="=HYPERLINK(1)")

    answer = as_alice.post(PAGE, {"form": "csv-utf8", "values": "shown"})
    text = b"".join(answer.streaming_content).decode()

    assert text.startswith("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert row["Name"] == "'=HYPERLINK(1)"
    assert row["Changed"] == "1 Nov 2026, 21:00 JST"
    assert answer["Content-Disposition"].startswith("attachment; filename=")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_of_the_list_as_shown_tells_two_accounts_apart(
    as_alice, alice, tmp_path, form
):
    for portal in ("Harbour", "Quay"):
        connection = make_connection(alice, remote_id=portal, account_name=portal)
        contacts = make_collection(connection)
        item = {
            "name": "Ana",
            "parent_name": "Vale Ltd",
            "properties": {"city": "Kiel"},
        }
        make_item(contacts, remote_url="https://app.example/1", **item)

    answer = as_alice.post(PAGE, {"form": form, "values": "shown"})
    (tmp_path / f"file.{form}").write_bytes(b"".join(answer.streaming_content))

    if form == "csv":
        with (tmp_path / f"file.{form}").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    else:
        rows = list(openpyxl.load_workbook(tmp_path / f"file.{form}").active.values)
    heads, *rows = rows
    told = [dict(zip(heads, row, strict=True)) for row in rows]
    names = [str(each) for each in Connection.objects.all()]
    assert sorted(row["Connection"] for row in told) == sorted(names)
    for row in told:
        assert (row["Name"], row["Type"]) == ("Ana", "Contact")
        assert (row["Collection"], row["Parent"]) == ("Contacts", "Vale Ltd")
        assert "https://app.example/1" in row["Address"]
        assert "Kiel" in row["Values"]
        assert not row["Values"].startswith("{")


@pytest.mark.parametrize("fields", [{"form": "exe"}, {"values": "x"}, {"form": ""}])
def test_what_is_no_format_leads_back_to_the_list(as_alice, collection, fields):
    chosen = {"form": "json", "values": "raw", "type": "contact", **fields}

    answer = as_alice.post(PAGE, chosen)

    assert answer.url == "/items/?type=contact"


def test_a_download_is_audited_and_needs_a_form(as_alice, alice, download, collection):
    download(form="csv")

    event = AuditEvent.objects.get(event="items.exported")
    assert (event.user_id, event.facts["way"]) == (alice.pk, "page")
    assert as_alice.get(PAGE).status_code == 405


def test_the_list_offers_its_file_with_its_own_filters(as_alice, collection):
    make_item(collection, name="Quagga")

    page = as_alice.get(reverse("integrations:item-list"), {"q": "quagga"})

    assert page.context["download_fields"] == {"q": "quagga"}
    assert f'action="{PAGE}"' in page.content.decode()
