"""Pages on which many contacts are edited: chosen rows, a preview, a confirmation."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    BulkEdit,
    Collection,
    Connection,
    Edit,
    Import,
    ImportRow,
    Item,
)
from integrations.services.items.tables.indexing import indexes
from integrations.services.writing import editing
from integrations.services.writing.batches import bulk as bulk_service
from integrations.views.items.choosing.choice import write_shown
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

FIELDS = [
    {"name": "firstname", "label": "First name"},
    {"name": "email", "label": "E-mail", "kind": "email"},
    {"name": "city", "label": "City"},
    {"name": "score", "label": "Score", "kind": "number"},
    {"name": "made", "label": "Made", "kind": "datetime", "is_read_only": True},
]
SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]


@pytest.fixture
@kept
def connection(alice: User) -> Connection:
    return make_connection(alice, granted_scopes=SCOPES, is_editing=True)


@pytest.fixture
@kept
def contacts(connection: Connection) -> Collection:
    schema = {"fields": FIELDS, "lookups": {}}
    return make_collection(connection, schema=schema, first_full_refresh_at=NOON)


@pytest.fixture
@kept
def rows(contacts: Collection) -> list[Item]:
    cities = ["Bonn", "Köln", "Köln", None]
    made = [
        make_item(contacts, name=f"Row {n}", properties={"city": city} if city else {})
        for n, city in enumerate(cities)
    ]
    contacts.refresh_from_db()
    return made


def choose(client: Client, contacts: Collection, query: str = "", **sent: Any) -> Any:
    """Send the form around a table; return where it leads."""
    url = reverse("integrations:bulk-edit-create", args=(contacts.pk,))
    return client.post(url + query, sent, follow=True)


def chosen(answer: Any) -> set[int]:
    return {row[0] for row in answer.context["bulk"].rows}


def preview(client: Client, contacts: Collection, city: str, **sent: Any) -> Any:
    """Choose rows, property and value; return the preview."""
    bulk = choose(client, contacts, **sent).context["bulk"]
    url = f"{bulk.get_absolute_url()}?field=city"
    return client.post(url, {"p.city": city}, follow=True)


def confirm(client: Client, page: Any) -> BulkEdit:
    bulk = page.context["bulk"]
    url = reverse("integrations:bulk-edit-confirm", args=(bulk.uuid,))
    client.post(url, {"shown": bulk.shown})
    bulk.refresh_from_db()
    found: BulkEdit = bulk
    return found


def test_ticked_rows_a_page_and_all_that_match_are_chosen(
    as_alice: Client, contacts: Collection, rows: list[Item], bob: User
) -> None:
    theirs = make_item(make_collection(make_connection(bob), remote_id="contacts"))
    first, second, *_ = rows
    shown = write_shown([first, second, theirs])
    query = "?city__is=K%C3%B6ln"

    ticked = choose(as_alice, contacts, rows="ticked", item=[first.uuid], shown=shown)
    page = choose(as_alice, contacts, rows="page", shown=shown)
    everything = choose(as_alice, contacts, rows="all", shown=shown)
    matching = choose(as_alice, contacts, query, rows="all", item=[first.uuid])

    assert chosen(ticked) == {first.pk}
    assert chosen(page) == {first.pk, second.pk}
    assert chosen(everything) == {row.pk for row in rows}
    assert chosen(matching) == {rows[1].pk, rows[2].pk}


@pytest.mark.parametrize(
    ("query", "sent", "code"),
    [
        ("", {"rows": "ticked"}, "no_rows"),
        ("", {"rows": "page", "shown": ""}, "no_rows"),
        ("?gone__is=1", {"rows": "all"}, "left_out"),
        ("?city__is=Bonn", {"rows": "all"}, "building"),
    ],
)
def test_more_rows_than_were_meant_are_never_chosen(
    as_alice: Client,
    contacts: Collection,
    rows: list[Item],
    codes: Any,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    sent: dict[str, str],
    code: str,
) -> None:
    # So that an index is left to a worker, who is not there.
    monkeypatch.setattr(indexes, "SMALL", 0)

    answer = choose(as_alice, contacts, query, **sent)

    assert codes(answer) == [code]
    assert not BulkEdit.objects.exists()


def test_more_rows_than_can_be_edited_at_once_are_told_how_many_can(
    as_alice: Client,
    contacts: Collection,
    rows: list[Item],
    codes: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk_service, "MOST_ROWS", len(rows) - 1)

    answer = choose(as_alice, contacts, rows="all")

    assert codes(answer) == ["too_many_rows"]
    assert "At most 3 rows" in answer.content.decode()


def test_ticked_rows_can_be_edited_only_where_they_can_be_written(
    as_alice: Client, contacts: Collection, rows: list[Item]
) -> None:
    url = reverse("integrations:table", args=(contacts.pk,))
    edit = reverse("integrations:bulk-edit-create", args=(contacts.pk,))
    page = as_alice.get(url).content.decode()

    assert page.count("name=item") == len(rows)
    assert all(str(row.uuid) in page for row in rows)
    assert f'formaction="{edit}' in page
    Connection.objects.update(is_editing=False)
    assert f'formaction="{edit}' not in as_alice.get(url).content.decode()


def test_a_cell_leads_to_its_field_of_the_form_where_it_can_be_written(
    as_alice: Client, contacts: Collection, rows: list[Item]
) -> None:
    url = reverse("integrations:table", args=(contacts.pk,)) + "?columns=city,made"
    page = as_alice.get(url).content.decode()

    form = reverse("integrations:item-edit", args=(rows[0].uuid,))
    assert f'href={form} aria-labelledby="edit r' in page
    assert 'data-field="city" data-label="City"' in page
    assert 'data-field="made"' not in page
    assert 'id="field-city"' in as_alice.get(f"{form}?field=city").content.decode()
    Connection.objects.update(is_editing=False)
    told = as_alice.get(url).content.decode()
    assert form not in told
    assert "data-field" not in told


def test_a_preview_tells_changes_from_what_is_so_already_and_sends_nothing(
    as_alice: Client, contacts: Collection, rows: list[Item]
) -> None:
    choosing = choose(as_alice, contacts, rows="all")
    rows[0].delete()

    page = preview(as_alice, contacts, "Köln", rows="all")

    names = {field.name for field in choosing.context["fields"]}
    assert names == {"firstname", "city", "score"}
    assert page.context["change_count"] == 1
    assert [row["old"] for row in page.context["rows"]] == [""]
    assert not Edit.objects.exists()


def test_a_value_that_cannot_be_is_told_at_its_field(
    as_alice: Client, contacts: Collection, rows: list[Item]
) -> None:
    bulk = choose(as_alice, contacts, rows="all").context["bulk"]

    page = as_alice.post(f"{bulk.get_absolute_url()}?field=score", {"p.score": "many"})

    assert page.status_code == 400
    assert 'data-field="score"' in page.content.decode()


def test_only_what_was_previewed_is_changed(
    as_alice: Client, contacts: Collection, rows: list[Item]
) -> None:
    page = preview(as_alice, contacts, "Ulm", rows="all")
    Item.objects.filter(pk=rows[1].pk).update(properties={"city": "Trier"})

    bulk = confirm(as_alice, page)
    confirm(as_alice, page)

    taken = {edit.item_id: (edit.base, edit.values) for edit in bulk.edits.all()}
    assert taken == {
        rows[0].pk: ({"city": "Bonn"}, {"city": "Ulm"}),
        rows[2].pk: ({"city": "Köln"}, {"city": "Ulm"}),
        rows[3].pk: ({"city": None}, {"city": "Ulm"}),
    }
    assert (bulk.moved_count, bulk.same_count) == (1, 0)
    shown = as_alice.get(bulk.get_absolute_url())
    assert (shown.context["total"], shown.context["done"]) == (3, 0)


def test_what_is_confirmed_is_what_was_shown(
    as_alice: Client, contacts: Collection, rows: list[Item]
) -> None:
    page = preview(as_alice, contacts, "Ulm", rows="all")
    other = page.context["bulk"]
    url = f"{other.get_absolute_url()}?field=city"
    latest = as_alice.post(url, {"p.city": "Trier"}, follow=True)

    confirm(as_alice, page)

    assert not Edit.objects.exists()
    bulk = confirm(as_alice, latest)
    assert {edit.values["city"] for edit in bulk.edits.all()} == {"Trier"}


def test_what_was_confirmed_is_no_draft_for_another_window(
    as_alice: Client, contacts: Collection, rows: list[Item]
) -> None:
    stale = preview(as_alice, contacts, "Ulm", rows="all").context["bulk"]
    BulkEdit.objects.update(confirmed_at=NOON)

    bulk_service.choose(stale, editing.fields_of(contacts)["city"], "Trier")

    assert not bulk_service.leave(stale)
    assert BulkEdit.objects.get().value == "Ulm"


def test_what_waits_already_is_what_a_preview_starts_from(
    as_alice: Client, contacts: Collection, rows: list[Item]
) -> None:
    confirm(as_alice, preview(as_alice, contacts, "Ulm", rows="all"))

    again = preview(as_alice, contacts, "Ulm", rows="all")
    third = confirm(as_alice, preview(as_alice, contacts, "", rows="all"))

    assert again.context["change_count"] == 0
    assert {(e.base["city"], e.values["city"]) for e in third.edits.all()} == {
        ("Ulm", "")
    }


def test_a_draft_that_is_left_is_gone_and_cancelling_keeps_what_was_sent(
    as_alice: Client, contacts: Collection, rows: list[Item]
) -> None:
    draft = choose(as_alice, contacts, rows="all").context["bulk"]
    bulk = confirm(as_alice, preview(as_alice, contacts, "Ulm", rows="all"))
    sent = bulk.edits.first()
    assert sent is not None
    Edit.objects.filter(pk=sent.pk).update(state=Edit.State.UNKNOWN, sent_at=NOON)

    for each in (draft, bulk):
        as_alice.post(reverse("integrations:bulk-edit-cancel", args=(each.uuid,)))

    assert not BulkEdit.objects.filter(pk=draft.pk).exists()
    assert [edit.pk for edit in bulk.edits.open()] == [sent.pk]


LOST_SCOPE = {"granted_scopes": SCOPES[:2]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"is_editing": False}, "editing_off"),
        ({"state": "paused"}, "paused"),
        ({"state": "needs_reconnect"}, "not_connected"),
        ({"state": "disconnected"}, "disconnected"),
        (LOST_SCOPE, "no_permission"),
    ],
)
@pytest.mark.parametrize("is_import", [False, True])
def test_rows_that_are_held_say_why_and_where_that_is_changed(
    as_alice: Client,
    contacts: Collection,
    rows: list[Item],
    change: dict[str, Any],
    code: str | None,
    *,
    is_import: bool,
) -> None:
    page = confirm(as_alice, preview(as_alice, contacts, "Ulm", rows="all"))
    if is_import:
        page = running_import(page)
    Connection.objects.update(**change)

    shown = as_alice.get(page.get_absolute_url())

    wait = shown.context["wait"]
    assert (wait.code if wait else None) == code
    text = shown.content.decode()
    assert (f'data-wait="{code}"' in text) is (code is not None)
    here = f"{contacts.connection.get_absolute_url()}#editing"
    assert (here in text) is (code is not None)
    ends = is_import and code == "disconnected"
    assert ('data-code="kept_until"' in text) is ends


@pytest.mark.parametrize("is_import", [False, True])
@pytest.mark.parametrize("code", ["rate_limited", "quota_exhausted", "provider_paused"])
def test_rows_that_wait_for_their_provider_say_until_when(
    as_alice: Client,
    contacts: Collection,
    rows: list[Item],
    code: str,
    *,
    is_import: bool,
) -> None:
    page = confirm(as_alice, preview(as_alice, contacts, "Ulm", rows="all"))
    until = timezone.now() + timedelta(minutes=9)
    Edit.objects.filter(bulk_edit=page).update(due_at=until, reason=code)
    if is_import:
        page = running_import(page)

    wait = as_alice.get(page.get_absolute_url()).context["wait"]

    assert (wait.code, wait.until) == (code, until)
    # A worker that is on them waits for nothing.
    Edit.objects.update(lease_id=contacts.pk, lease_until=until)
    assert as_alice.get(page.get_absolute_url()).context["wait"] is None


def running_import(bulk: BulkEdit) -> Import:
    """Return an import that is sending the rows of a bulk edit."""
    source = Import.objects.create(
        connection=bulk.connection,
        collection=bulk.collection,
        created_by=bulk.connection.owner,
        state="running",
        bulk_edit=bulk,
    )
    for number, edit in enumerate(bulk.edits.all(), 2):
        ImportRow.objects.create(source=source, number=number, state="sent", edit=edit)
    return source


def test_nothing_is_confirmed_where_editing_was_switched_off(
    as_alice: Client, contacts: Collection, rows: list[Item], codes: Any
) -> None:
    page = preview(as_alice, contacts, "Ulm", rows="all")
    Connection.objects.update(is_editing=False)

    confirm(as_alice, page)

    assert not Edit.objects.exists()
