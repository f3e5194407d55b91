"""``manage.py items``: the stored items as a table, CSV or JSON."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.http import QueryDict
from msgspec.structs import asdict

from integrations.models import AuditEvent
from integrations.providers import CONNECTORS
from integrations.providers.hubspot.mapping.fields import to_field
from integrations.providers.hubspot.objects import DEALS
from integrations.services.items.downloads import asked
from integrations.services.items.downloads.formats import FORMATS
from integrations.services.items.export import FIELDS, to_cell
from integrations.services.items.saved_views import snapshot, store
from integrations.services.items.tables.opening import OpenTable
from tests.support.rows import NOON, make_collection, make_connection, make_item
from tests.support.workbooks import rows_of


@pytest.fixture
def collection(alice):
    return make_collection(make_connection(alice))


@pytest.fixture
def hubspot_deals(alice):
    """Deals whose fields say how their values are shown."""
    amount = {"type": "number", "currencyPropertyName": "deal_currency_code"}
    definitions = [
        {"name": "hs_arr", "label": "Revenue", "showCurrencySymbol": True} | amount,
        {"name": "stage", "label": "In stage", "numberDisplayHint": "duration"}
        | {"type": "number"},
        {"name": "bio", "label": "About", "type": "string", "fieldType": "html"},
    ]
    fields = [asdict(to_field(each, DEALS)) for each in definitions]
    connection = make_connection(alice, account={"currency": "USD"})
    return make_collection(connection, item_type="deal", schema={"fields": fields})


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("items", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_box_without_a_tick_is_a_no_in_every_export(alice, form):
    field = {"name": "fldAAAAAAAAAAAAA1", "label": "Approved", "kind": "boolean"}
    table = make_collection(
        make_connection(alice, provider="airtable"),
        item_type="record",
        schema={"fields": [field], "formats": {field["name"]: {"type": "checkbox"}}},
    )
    for remote_id, cells in (("rec1", {}), ("rec2", {field["name"]: True})):
        make_item(table, remote_id=remote_id, type="record", properties=cells)

    told = run("--format", form)

    rows = json.loads(told) if form == "json" else csv.DictReader(io.StringIO(told))
    cells = [row["properties"] for row in rows]
    found = cells if form == "json" else [json.loads(each) for each in cells]
    assert found == [{field["name"]: False}, {field["name"]: True}]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_values_are_written_as_pages_show_them_if_asked_to(alice, form, hubspot_deals):
    make_item(
        hubspot_deals,
        properties={
            "hs_arr": "12000",
            "deal_currency_code": "EUR",
            "stage": "93784000",
            "bio": "<p>Line one<br>Line two</p>",
        },
    )

    told = run("--format", form, "--values", "shown")

    rows = json.loads(told) if form == "json" else csv.DictReader(io.StringIO(told))
    (row,) = rows
    expected = {
        "Revenue": "12,000 EUR",
        "deal_currency_code": "EUR",
        "In stage": "1 day 2 h 3 min",
        "About": "Line one\nLine two",
    }
    if form == "json":
        assert row["properties"] == expected
    else:
        lines = (f"{label}: {text}" for label, text in expected.items())
        assert sorted(row["Values"].splitlines()) == sorted(
            "\n".join(lines).split("\n")
        )


def test_what_cannot_be_shown_is_exported_by_name(alice, monkeypatch, hubspot_deals):
    make_item(hubspot_deals, properties={"hs_arr": "12000"})
    monkeypatch.setattr(CONNECTORS["hubspot"], "describe", lambda *_: 1 / 0)

    (row,) = json.loads(run("--format", "json", "--values", "shown"))

    assert row["properties"] == {"Hs arr": "12000"}


def test_json_is_one_array_of_integration_items(collection):
    make_item(
        collection,
        remote_id="51",
        name="Ada",
        parent_remote_id="77",
        parent_name="Analytical Engines",
        remote_created_at=NOON - timedelta(days=1),
        remote_url="https://app.hubspot.com/contacts/1/record/0-1/51",
        children=["52"],
        properties={"email": "ada@example.com", "note": "größer"},
    )

    (item,) = json.loads(run("--format", "json"))

    assert tuple(item) == FIELDS
    assert item == {
        "id": "51",
        "type": "contact",
        "directory": False,
        "parent_path_or_name": "Analytical Engines",
        "parent_id": "77",
        "name": "Ada",
        "creation_time": "2026-10-31T12:00:00+00:00",
        "last_modified_time": "2026-11-01T12:00:00+00:00",
        "url": "https://app.hubspot.com/contacts/1/record/0-1/51",
        "children": ["52"],
        "mime_type": None,
        "delta": None,
        "drive_id": None,
        "visibility": True,
        "properties": {"email": "ada@example.com", "note": "größer"},
    }


@pytest.mark.parametrize("number", [0, 1, 3])
def test_json_is_valid_however_many_items_there_are(collection, number):
    for _ in range(number):
        make_item(collection)

    assert len(json.loads(run("--format", "json"))) == number


def test_csv_has_a_heading_and_a_row_per_item(collection):
    make_item(collection, name='Ada "the first", Lovelace\nCountess')

    rows = list(csv.DictReader(io.StringIO(run("--format", "csv"))))

    assert tuple(rows[0]) == FIELDS
    assert rows[0]["name"] == 'Ada "the first", Lovelace\nCountess'
    assert rows[0]["directory"] == "false"
    assert json.loads(rows[0]["properties"]) == {}


def test_csv_without_items_is_its_heading(db):
    heading = run("--format", "csv").strip()

    assert heading == ",".join(f'"{name}"' for name in FIELDS)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_like_a_formula(collection, start):
    make_item(collection, name=f"{start}HYPERLINK()", remote_id=f"{start}1+1")

    rows = list(csv.DictReader(io.StringIO(run("--format", "csv"), newline="")))

    shown = start.replace("\r", "\N{REPLACEMENT CHARACTER}")
    assert rows[0]["name"] == f"'{shown}HYPERLINK()"
    assert rows[0]["id"] == f"'{shown}1+1"


@pytest.mark.parametrize("form", ["json", "csv"])
def test_nothing_in_an_export_steers_the_terminal(collection, form):
    name = "\x1b[31mred\x9b1m\x07\u202e\u2066 two\nlines"
    name += "\u061c\u200e\u200f\u2028\u2029\ufeff."
    make_item(collection, name=name, properties={"note": name})

    told = run("--format", form)

    assert all(c.isprintable() or c in "\r\n" for c in told)
    if form == "json":
        assert json.loads(told)[0]["name"] == name


@pytest.mark.parametrize("mark", ["\u200e", "\u061c", "\ufeff"])
def test_what_is_left_out_of_a_cell_uncovers_no_formula(mark):
    assert to_cell(f"{mark}=1+1") == "'=1+1"


def test_cells_are_plain_text():
    assert to_cell(None) == ""
    assert to_cell(True) == "true"
    assert to_cell(["a", "ü"]) == '["a", "ü"]'
    assert to_cell(-1) == "'-1"


def test_the_table_is_made_for_users(collection):
    make_item(collection, name="Ada Lovelace", remote_id="51")

    table = run()

    assert "Ada Lovelace" in table
    assert "HubSpot" in table
    assert "1 Nov 2026, 12:00 UTC" in table
    assert "51" in table
    assert table.rstrip().endswith("1 item")


def test_the_table_has_one_heading_however_long_it_is(collection):
    for _ in range(205):
        make_item(collection)

    table = run()

    assert table.count("Changed") == 1
    assert table.rstrip().endswith("205 items")


def test_nothing_in_a_name_steers_the_terminal(collection):
    make_item(collection, name="\x1b[31mred\x07[bold]x[/bold]")

    table = run()

    assert "\x1b" not in table
    assert "\x07" not in table
    assert "[bold]x[/bold]" in table


def test_items_can_be_narrowed_down(collection, bob):
    make_item(collection, name="Ada")
    make_item(collection, name="Gone", deleted_at=NOON)
    theirs = make_collection(make_connection(bob), item_type="deal")
    make_item(theirs, name="Deal")

    def names(*arguments):
        found = json.loads(run(*arguments, "--format", "json"))
        return [item["name"] for item in found]

    assert names() == ["Ada", "Deal"]
    assert names("hubspot") == ["Ada", "Deal"]
    assert names("--user", "BOB@example.com") == ["Deal"]
    assert names("hubspot", "--type", "contact") == ["Ada"]


def test_an_unknown_provider_is_refused_naming_the_known(db):
    with pytest.raises(CommandError, match=r"unknown provider 'hubpsot'.*hubspot"):
        run("hubpsot")


def test_an_unknown_user_is_refused(db):
    with pytest.raises(CommandError, match="nobody here"):
        run("--user", "nobody@example.com")


def test_exports_leave_an_audit_record_and_tables_do_not(collection):
    run()
    assert not AuditEvent.objects.exists()

    run("--format", "csv")
    assert AuditEvent.objects.get().facts == {"form": "csv", "way": "console"}


def test_a_long_list_is_read_in_pieces(collection, django_assert_num_queries):
    for _ in range(3):
        make_item(collection)

    with django_assert_num_queries(1):
        run()


def test_a_closed_pipe_ends_quietly():
    # A process for each form, forked out of one that has imported what they need.
    script = """
import os
import sys
import django
django.setup()
from django.core.management.base import OutputWrapper
from django.utils import timezone
from integrations.management.commands.items import Command
from integrations.management.console import quietly_if_closed
from integrations.models import Item
for form in ("table", "csv", "json"):
    child = os.fork()
    if not child:
        break
    if os.waitpid(child, 0)[1]:
        sys.exit(form)
else:
    sys.exit()
command = Command(stdout=sys.stdout)
item = Item(name="Ada", remote_updated_at=timezone.now())
with quietly_if_closed(command.stdout):
    command.print_as(form, (item for _ in range(5000)))
    command.stdout.flush()
"""
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [sys.executable, "-c", script],
        stdout=writer,
        stderr=subprocess.PIPE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        check=False,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture
def revenues(hubspot_deals):
    """Deals with amounts, of which the list over everything knows nothing."""
    for number in (3, 1, 2):
        properties = {"hs_arr": str(number * 1000), "deal_currency_code": "EUR"}
        make_item(hubspot_deals, name=f"Deal {number}", properties=properties)
    return hubspot_deals


ALICES = ("--user", "alice@example.com")


@pytest.mark.parametrize(
    "asked", ["hs_arr__gt=1000", "hs_arr__not_in=1000,4000", "hs_arr__gte=2000"]
)
def test_a_table_is_exported_as_its_address_shows_it(revenues, asked):
    query = f"?{asked}&sort=-hs_arr&columns=hs_arr"
    address = f"https://mooring.example/collections/{revenues.pk}/{query}"

    told = run(*ALICES, "--address", address, "--format", "csv", "--values", "shown")

    rows = list(csv.reader(io.StringIO(told)))
    assert rows == [
        ["Name", "Revenue"],
        ["Deal 3", "3,000 EUR"],
        ["Deal 2", "2,000 EUR"],
    ]


def test_a_list_is_exported_as_its_address_shows_it(revenues):
    address = "/items/?type=deal&q=deal&sort=-name"

    told = json.loads(run(*ALICES, "--address", address, "--format", "json"))

    assert [item["name"] for item in told] == ["Deal 3", "Deal 2", "Deal 1"]
    assert run(*ALICES, "--address", "/items/?q=nothing").rstrip().endswith("0 items")


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written_to_a_file_of_ones_own(revenues, tmp_path, form):
    path = tmp_path / "deals"
    address = f"/collections/{revenues.pk}/?sort=hs_arr"
    asked = (*ALICES, "--address", address, "--values", "shown")

    assert run(*asked, "--format", form, "--output", str(path)) == ""

    found = rows_of(path.read_bytes(), form)
    names = [row[0] for row in (found if "json" in form else found[1:])]
    assert names == ["Deal 1", "Deal 2", "Deal 3"]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--format", "xlsx"), "--output"),
        (("--output", "x"), "--format"),
        (("--address", "/items/"), "--user"),
        (("--view", "Mine"), "--user"),
        ((*ALICES, "--view", "Mine"), "there are: none"),
        ((*ALICES, "--view", "Mine", "--address", "/items/"), "filters of its own"),
        ((*ALICES, "--address", "/items/", "--type", "deal"), "filters of its own"),
        ((*ALICES, "--address", "/nowhere/"), "no page"),
        ((*ALICES, "--address", "/connections/"), "lists of items and tables"),
        ((*ALICES, "--address", "/items/", "--values", "all"), "of a table"),
        ((*ALICES, "--address", f"/collections/{uuid4()}/"), "no such table"),
        (("--format", "csv", "--output", "/nowhere/at/all"), "cannot be written"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_word(collection, arguments, why):
    with pytest.raises(CommandError, match=why):
        run(*arguments)


def test_a_filter_that_cannot_be_used_exports_nothing(revenues):
    address = f"/collections/{revenues.pk}/?nothing__is=1"

    with pytest.raises(CommandError, match="no column"):
        run(*ALICES, "--address", address, "--format", "csv")


def test_another_users_table_is_as_good_as_none(bob, revenues):
    address = f"/collections/{revenues.pk}/"

    with pytest.raises(CommandError, match="no such table"):
        run("--user", "bob@example.com", "--address", address)


def test_a_saved_view_is_exported_by_its_name(alice, bob, revenues):
    table = OpenTable.open(
        asked.own_collections(alice).get(pk=revenues.pk),
        QueryDict("hs_arr__gt=1000&sort=-hs_arr&columns=hs_arr"),
        alice,
    )
    taken = snapshot.of_table(table.query, table.shown, "")
    store.create(alice, revenues, "Large ones", taken)

    told = run(*ALICES, "--view", "large ones", "--format", "csv", "--values", "shown")

    rows = list(csv.reader(io.StringIO(told)))
    assert rows == [
        ["Name", "Revenue"],
        ["Deal 3", "3,000 EUR"],
        ["Deal 2", "2,000 EUR"],
    ]
    with pytest.raises(CommandError, match="no view"):
        run("--user", "bob@example.com", "--view", "Large ones")
    revenues.schema = {}
    revenues.save()
    with pytest.raises(CommandError, match="no column"):
        run(*ALICES, "--view", "large ones", "--format", "csv")
