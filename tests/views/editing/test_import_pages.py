"""Pages on which a file is imported: upload, columns, check, and run."""

import csv
import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    BulkEdit,
    Collection,
    Connection,
    Edit,
    Import,
    ImportRow,
    ItemChange,
)
from integrations.services.writing.imports import jobs, results
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_connection, make_item
from tests.views.editing.contacts.fields import FIELDS, SCOPES

OWNERS = {"1": "Ana Lopez", "2": "Ben (deactivated)", "3": "Chris Wu", "4": "Chris Wu"}
EMAILS = {"1": "ana@example.com", "2": "ben@example.com", "3": "chris@example.com"}
HEADINGS = ["E-Mail Address", "First Name", "Due", "Score", "Stage", "Owner", "Met"]


@pytest.fixture
@kept
def contacts(alice: User) -> Collection:
    connection = make_connection(alice, granted_scopes=SCOPES, is_editing=True)
    lookups = {"owner": OWNERS, "owner_email": EMAILS}
    return make_collection(connection, schema={"fields": FIELDS, "lookups": lookups})


def to_csv(*rows: list[str], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def upload(client: Client, contacts: Collection, data: bytes) -> Any:
    url = reverse("integrations:import-create", args=(contacts.pk,))
    return client.post(url, {"file": SimpleUploadedFile("people.csv", data)})


def step(source: Import, name: str) -> str:
    return reverse(f"integrations:import-{name}", args=(source.pk,))


def match(client: Client, source: Import, action: str = "check", **chosen: str) -> Any:
    """Send the form of the columns, as it is but for what is chosen."""
    data = {"action": action, "empty": "keep"}
    for number, choice in source.mapping.items():
        data[f"field-{number}"] = choice["field"]
        data[f"format-{number}"] = choice["format"]
    chosen = {name.replace("_", "-"): value for name, value in chosen.items()}
    return client.post(step(source, "mapping"), {**data, **chosen})


def checked(client: Client, contacts: Collection, *rows: list[str]) -> Import:
    upload(client, contacts, to_csv(*rows))
    source = Import.objects.get()
    assert match(client, source).status_code == 302
    jobs.work_on(source.pk)
    source.refresh_from_db()
    return source


def test_columns_are_guessed_by_name_label_and_mail(
    as_alice: Client, contacts: Collection
) -> None:
    answer = upload(as_alice, contacts, to_csv(HEADINGS, ["a@b.example"] * 7))

    source = Import.objects.get()
    assert answer.url == step(source, "mapping")
    guessed = {number: choice["field"] for number, choice in source.mapping.items()}
    names = ["email", "firstname", "due", "score", "stage", "owner", "met"]
    assert guessed == {str(number): name for number, name in enumerate(names)}
    assert as_alice.get(answer.url).status_code == 200


@pytest.mark.parametrize(
    ("name", "cells", "way", "value"),
    [
        ("due", ["31/01/2027", "03/04/2026"], "", "2026-04-03"),
        ("due", ["01/31/2027", "03/04/2026"], "", "2026-03-04"),
        ("due", ["03/04/2026"], "month", "2026-03-04"),
        ("due", ["3.4.2026"], "", "2026-04-03"),
        ("due", ["2026/04/03"], "", "2026-04-03"),
        ("due", ["April 3, 2026"], "", "2026-04-03"),
        ("due", ["2026-04-03T23:30:00"], "", "2026-04-03"),
        ("met", ["03/04/2026 2:30 pm"], "day", "2026-04-03T18:30:00Z"),
        ("met", ["2026-04-03T12:00:00+02:00"], "", "2026-04-03T10:00:00Z"),
        ("score", ["1.234,5"], "", "1234.5"),
        ("score", ["1.5", "1,234"], "", "1234"),
        ("score", ["1,234"], "comma", "1.234"),
        ("score", ["\N{EURO SIGN} 1 234.50"], "", "1234.50"),
        ("stage", ["won"], "", "won"),
        ("stage", ["LEAD"], "", "lead"),
        ("topics", ["Ants; b"], "", "a;b"),
        ("vip", ["Yes"], "", "true"),
        ("owner", ["ana lopez"], "", "1"),
        ("owner", ["Chris@example.com"], "", "3"),
        ("notes", ["two\r\nlines"], "", "two\nlines"),
    ],
)
def test_a_cell_becomes_a_value_in_the_providers_form(
    as_alice: Client,
    contacts: Collection,
    name: str,
    cells: list[str],
    way: str,
    value: str,
) -> None:
    as_alice.cookies["tz"] = "America/New_York"
    rows = [[f"{number}@b.example", cell] for number, cell in enumerate(cells)]
    upload(as_alice, contacts, to_csv(["email", name], *rows))
    source = Import.objects.get()

    answer = match(as_alice, source, format_1=way)

    assert answer.status_code == 302
    jobs.work_on(source.pk)
    content = contents(source)[-1]
    assert content["values"][name] == value


def contents(source: Import) -> list[dict[str, Any]]:
    from integrations.services.common.sealing import import_content

    return [import_content.unseal(row) for row in source.rows.order_by("number")]


@pytest.mark.parametrize(
    ("name", "cell", "code"),
    [
        ("email", "nobody", "invalid_email"),
        ("due", "2027-02-31", "invalid_date"),
        ("due", "1/2/26", "year"),
        ("score", "many", "invalid_number"),
        ("stage", "hero", "invalid_option"),
        ("stage", "Old", "invalid_option"),
        ("vip", "perhaps", "invalid"),
        ("owner", "Chris Wu", "invalid_option"),
        ("owner", "ben@example.com", "invalid_option"),
    ],
)
def test_a_cell_that_is_no_value_is_refused_with_row_column_and_reason(
    as_alice: Client, contacts: Collection, name: str, cell: str, code: str
) -> None:
    other = "firstname" if name == "email" else "email"
    first = "Zoë" if name == "email" else "a@b.example"

    source = checked(as_alice, contacts, [other, name], [first, cell])

    row = source.rows.get()
    assert (row.state, row.problems) == ("invalid", [[1, code, 0]])
    page = as_alice.get(step(source, "detail")).content.decode()
    assert 'data-count="invalid"' in page
    answer = as_alice.post(step(source, "refused"))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    [found] = csv.reader(lines[1:])
    assert found[:4] == [first, cell, "2", name]


def test_an_ambiguous_date_is_asked_for(as_alice: Client, contacts: Collection) -> None:
    data = to_csv(["email", "due"], ["a@b.example", "03/04/2026"])
    upload(as_alice, contacts, data)
    source = Import.objects.get()

    asked = match(as_alice, source)

    assert asked.status_code == 400
    assert 'data-field="1"' in asked.content.decode()
    assert match(as_alice, source, format_1="day").status_code == 302


def test_two_columns_are_not_one_field_and_something_identifies_a_row(
    as_alice: Client, contacts: Collection
) -> None:
    upload(as_alice, contacts, to_csv(["email", "x"], ["a@b.example", "y"]))
    source = Import.objects.get()

    twice = match(as_alice, source, field_1="email")
    none = match(as_alice, source, field_0="", field_1="city")

    assert (twice.status_code, none.status_code) == (400, 400)
    assert twice.context["errors"].keys() == {1}
    assert none.context["errors"].keys() == {-1}


def test_a_preview_shows_what_the_first_rows_become(
    as_alice: Client, contacts: Collection
) -> None:
    rows = [["a@b.example", "won", "31.12.2026"], ["x", "hero", ""]]
    upload(as_alice, contacts, to_csv(["email", "stage", "due"], *rows))
    source = Import.objects.get()

    preview = match(as_alice, source, action="preview").context["preview"]

    texts = [cell["text"] for cell in preview["rows"][0]["cells"]]
    assert texts[:2] == ["a@b.example", "Won"]
    assert [bool(c["error"]) for c in preview["rows"][1]["cells"]] == [
        True,
        True,
        False,
    ]


def test_a_file_that_cannot_be_read_is_refused_at_its_field(
    as_alice: Client, contacts: Collection
) -> None:
    answers = [
        upload(as_alice, contacts, b"PK\x03\x04\0\0\0\0zip"),
        upload(as_alice, contacts, b"email,x\n" + b"a" * (6 * 1024 * 1024)),
        as_alice.post(reverse("integrations:import-create", args=(contacts.pk,))),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert all('data-field="file"' in a.content.decode() for a in answers)
    assert not Import.objects.exists()


def test_an_import_is_confirmed_watched_and_cancelled(
    as_alice: Client, contacts: Collection
) -> None:
    item = make_item(contacts, properties={"email": "zoe@example.com", "city": "Bonn"})
    source = checked(
        as_alice,
        contacts,
        ["email", "city"],
        ["ZOE@example.com", "Köln"],
        ["new@example.com", "Bonn"],
    )
    assert results.counts_of(source) == {"new": 1, "changed": 1}

    page = as_alice.get(step(source, "detail"))
    as_alice.post(step(source, "confirm"))

    text = page.content.decode()
    assert item.get_absolute_url() in text
    assert "Köln" in text
    assert step(source, "confirm") in text
    running = as_alice.get(step(source, "detail")).content.decode()
    assert "hx-trigger" in running
    assert as_alice.get(step(source, "live")).status_code == 200
    as_alice.post(step(source, "cancel"))
    jobs.work_on(source.pk)
    source.refresh_from_db()
    assert source.state == Import.State.CANCELLED
    assert not Edit.objects.exists()


def test_the_rows_are_shown_by_state_and_by_page(
    as_alice: Client, contacts: Collection
) -> None:
    rows = [[f"n{number}@example.com"] for number in range(60)]
    source = checked(as_alice, contacts, ["email"], *rows, ["nobody"])

    pages = [
        as_alice.get(step(source, "detail"), {"state": state, "page": page})
        for state, page in (("new", "2"), ("invalid", ""), ("odd", "99"))
    ]

    shown = [[each["row"].number for each in page.context["rows"]] for page in pages]
    assert shown == [list(range(52, 62)), [62], list(range(52, 63))]


def test_without_editing_nothing_is_imported(
    as_alice: Client, contacts: Collection
) -> None:
    Connection.objects.update(is_editing=False)

    answer = upload(as_alice, contacts, to_csv(["email"], ["a@b.example"]))

    assert answer.url.endswith("#editing")
    assert not Import.objects.exists()


def test_a_file_is_deleted_before_and_after_but_not_meanwhile(
    as_alice: Client, contacts: Collection
) -> None:
    source = checked(as_alice, contacts, ["email"], ["a@b.example"])
    Import.objects.update(state="cancelling")

    as_alice.post(step(source, "cancel"))
    assert Import.objects.exists()

    Import.objects.update(state="done")
    as_alice.post(step(source, "cancel"))
    assert not ImportRow.objects.exists()


def imported(contacts: Collection) -> tuple[Import, list[Edit]]:
    """Store an import that created one contact and changed two, one of them since."""
    connection = contacts.connection
    source = Import.objects.create(
        connection=connection,
        collection=contacts,
        created_by=connection.owner,
        state=Import.State.DONE,
    )
    edits = []
    for number, verb in enumerate(("create", "update", "update")):
        item = make_item(contacts, properties={"city": "Köln"}, name=f"N{number}")
        made = {"connection_id": connection.pk, "at": timezone.now(), "kind": "changed"}
        fields = {"properties.city": ["Bonn", "Köln"]}
        change = ItemChange.objects.create(item=item, fields=fields, **made)
        is_update = verb == "update"
        edit = Edit.objects.create(
            connection=connection,
            collection=contacts,
            created_by=connection.owner,
            item=item,
            remote_id=item.remote_id,
            verb=verb,
            values={"city": "Köln"},
            base={"city": "Bonn"} if is_update else {},
            change=change if is_update else None,
            state=Edit.State.SAVED,
        )
        if not is_update:
            change.delete()
        state = ImportRow.State.UPDATED if is_update else ImportRow.State.CREATED
        ImportRow.objects.create(
            source=source, number=number + 2, state=state, edit=edit, item=item
        )
        edits.append(edit)
    ItemChange.objects.create(item=edits[2].item, fields=fields, **made)
    return source, edits


def test_what_taking_an_import_back_does_is_shown_and_then_confirmed(
    as_alice: Client, contacts: Collection
) -> None:
    source, edits = imported(contacts)
    undo = step(source, "undo")

    offered = as_alice.get(step(source, "detail")).content.decode()
    pages = {
        kind: as_alice.get(undo, {"kind": kind})
        for kind in ("archived", "given_back", "left")
    }
    assert not BulkEdit.objects.exists()
    shown = pages["left"].context["shown"]
    done = as_alice.post(undo, {"shown": shown})

    assert undo in offered
    for kind, edit in zip(pages, edits, strict=True):
        told = pages[kind].context
        assert [row["item"] for row in told["rows"]] == [edit.item]
        assert {each["name"]: each["count"] for each in told["kinds"]} == {
            "archived": 1,
            "given_back": 1,
            "left": 1,
        }
    rows = BulkEdit.objects.get().edits.order_by("pk")
    assert [(row.verb, row.values, row.undoes) for row in rows] == [
        ("archive", {}, edits[0]),
        ("update", {"city": "Bonn"}, edits[1]),
    ]
    progress = as_alice.get(done.url)
    assert progress.context["source"] == source
    assert [row["is_archived"] for row in progress.context["rows"]] == [True, False]
    assert done.url in as_alice.get(step(source, "detail")).content.decode()
    # It is being taken back already.
    again = as_alice.post(undo, {"shown": shown})
    assert again.url == source.get_absolute_url()
    assert BulkEdit.objects.count() == 1


def test_an_undo_that_would_do_something_else_than_was_shown_is_shown_anew(
    as_alice: Client, contacts: Collection
) -> None:
    source, edits = imported(contacts)
    undo = step(source, "undo")
    shown = as_alice.get(undo).context["shown"]
    item = edits[1].item
    fields = {"properties.city": ["Köln", "Newer"]}
    item.changes.create(at=timezone.now(), kind="changed", fields=fields)

    answer = as_alice.post(undo, {"shown": shown})

    assert answer.url == undo
    assert not BulkEdit.objects.exists()
    assert as_alice.post(undo, {}).url == undo
    latest = as_alice.get(undo).context["shown"]
    as_alice.post(undo, {"shown": latest})
    assert [row.undoes for row in BulkEdit.objects.get().edits.all()] == [edits[0]]


def test_the_preview_of_an_undo_reads_whole_items_of_its_page_only(
    as_alice: Client, contacts: Collection
) -> None:
    source, _ = imported(contacts)

    with CaptureQueriesContext(database) as queries:
        as_alice.get(step(source, "undo"), {"kind": "archived"})

    told = [q["sql"] for q in queries if '"integrations_item"."properties"' in q["sql"]]
    assert len(told) == 1


def test_an_import_that_did_nothing_is_not_offered_to_be_taken_back(
    as_alice: Client, contacts: Collection
) -> None:
    source = checked(as_alice, contacts, ["email"], ["a@b.example"])

    shown = as_alice.get(step(source, "detail")).content.decode()

    assert step(source, "undo") not in shown
    assert as_alice.get(step(source, "undo")).status_code == 302
