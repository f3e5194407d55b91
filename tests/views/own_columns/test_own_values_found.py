"""What users note in columns of their own is found by every search of theirs."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import OwnColumn, OwnValue
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import Content, IntegrationItem
from integrations.services.items.own_columns import store as own_store
from integrations.services.items.search import reindex
from integrations.services.items.search.anybodys import find_anybodys
from integrations.services.items.storage import contents, store
from integrations.services.sync.texts import page_text
from tests.support.rows import make_collection, make_connection, make_item
from tests.support.sessions import prove
from tests.views.own_columns.own_tables import (
    add,
    make_deals,
    note,
    page_of,
    sync,
)

# A value of each type, words that find it, and what of it is marked.
FOUND = {
    "text": ("Call again after Easter", "easter", "Easter"),
    "number": ("1250.5", "1250.5", "1,250.5"),
    "date": ("2026-11-03", "3 Nov 2026", "3 Nov 2026"),
    "choice": ("Very hot", "hot", "hot"),
    "person": ("Dora Quill", "quill", "Quill"),
}


def everywhere(client, collection, text):
    """Return the names that the header's search, the list's and the table's find."""
    groups = client.get("/search/", {"q": text}).context["groups"]
    listed = client.get("/items/", {"q": text}).context["items"]
    rows = client.get(f"/collections/{collection.pk}/", {"q": text}).context["rows"]
    return (
        [item.name for group in groups for item in group["items"]],
        [item.name for item in listed],
        [row.item.name for row in rows],
    )


def passages(client, text):
    page = client.get("/items/", {"q": text})
    return [
        (each.label, [piece.text for piece in each.pieces if piece.is_match])
        for item in page.context["items"]
        for each in item.passages
    ]


@pytest.mark.parametrize("kind", FOUND)
def test_a_value_is_found_by_every_search_and_its_passage_is_marked(
    as_alice, deals, three, kind
):
    value, words, marked = FOUND[kind]
    column = add(as_alice, deals, "Mine", kind, "Very hot\nCold")

    note(as_alice, three[0], column, value)

    assert everywhere(as_alice, deals, words) == (["One"],) * 3
    ((label, texts),) = passages(as_alice, words)
    assert label == "Mine"
    assert " ".join(texts) == marked


def test_words_of_a_name_and_of_a_note_are_found_together(as_alice, deals, three):
    column = add(as_alice, deals, "Mine", "text")
    for item in three[:2]:
        note(as_alice, item, column, "after Easter")

    assert everywhere(as_alice, deals, "two easter") == (["Two"],) * 3


def test_a_value_that_was_changed_or_emptied_is_not_found_by_what_it_was(
    as_alice, deals, three
):
    column = add(as_alice, deals, "Mine", "text")
    note(as_alice, three[0], column, "Easter")

    note(as_alice, three[0], column, "Whitsun")
    assert everywhere(as_alice, deals, "easter") == ([],) * 3
    assert everywhere(as_alice, deals, "whitsun") == (["One"],) * 3

    note(as_alice, three[0], column, "")
    assert everywhere(as_alice, deals, "whitsun") == ([],) * 3


def test_nobody_else_finds_what_a_user_noted(as_alice, as_bob, bob, deals, three):
    column = add(as_alice, deals, "Mine", "text")
    note(as_alice, three[0], column, "Easter")
    deals.connection.state = "disconnected"
    deals.connection.save()
    theirs = make_deals(make_connection(bob, remote_id=deals.connection.remote_id))
    make_item(theirs, name="Theirs", remote_id=three[0].remote_id)
    item = IntegrationItem(id=three[0].remote_id, type="deal", name="Theirs, anew")
    sync(theirs, item)

    assert everywhere(as_bob, theirs, "easter") == ([],) * 3
    assert everywhere(as_bob, theirs, "anew") == (["Theirs, anew"],) * 3


def test_staff_find_what_providers_say_and_not_what_a_user_noted(
    as_alice, deals, three
):
    column = add(as_alice, deals, "Mine", "text")
    for item in three[:2]:
        note(as_alice, item, column, "Easter, by One")

    assert find_anybodys("easter") == []
    assert find_anybodys("one easter") == []
    assert find_anybodys("one") == [three[0].pk]


def test_what_was_noted_is_still_found_after_a_sync(as_alice, deals, three):
    column = add(as_alice, deals, "Mine", "text")
    note(as_alice, three[0], column, "Easter")

    sync(deals, page_of(three[0], amount="5"))

    assert everywhere(as_alice, deals, "easter") == (["One"],) * 3


def test_what_was_noted_is_found_beside_a_record_that_comes_later(as_alice, deals):
    column = add(as_alice, deals, "Mine", "text")
    OwnValue.objects.create(column=column, remote_id="77", value="Easter")

    sync(deals, IntegrationItem(id="77", type="deal", name="Late"))

    assert everywhere(as_alice, deals, "easter") == (["Late"],) * 3


@pytest.mark.parametrize("way", ["with a list", "by itself"])
def test_what_was_noted_is_still_found_after_its_text_was_read(
    as_alice, deals, three, way, settings
):
    settings.CONTENT_PAGES_PER_RUN = 5
    column = add(as_alice, deals, "Mine", "text")
    note(as_alice, three[0], column, "Easter")
    text, now = Content(blocks=[], text="quagga"), timezone.now()

    if way == "with a list":
        contents.store_contents({three[0].pk: text}, now=now)
    else:
        page_text.store(three[0], text, reason=None, now=now)

    assert everywhere(as_alice, deals, "easter quagga") == (["One"],) * 3
    note(as_alice, three[0], column, "Whitsun")
    assert everywhere(as_alice, deals, "whitsun quagga") == (["One"],) * 3


def test_a_merged_record_is_found_by_what_was_noted_of_the_other(
    as_alice, deals, three
):
    column = add(as_alice, deals, "Mine", "text")
    note(as_alice, three[0], column, "Easter")

    merged = Deletion(kind=DeletionKind.MERGED, detail=three[1].remote_id)
    store.soft_delete(deals, {three[0].pk: merged}, run_id=None, now=timezone.now())

    assert everywhere(as_alice, deals, "easter") == (["Two"],) * 3


@pytest.mark.parametrize("at_once", [5, 1])
def test_a_choice_that_is_renamed_is_found_by_its_new_name_alone(
    as_alice, deals, three, monkeypatch, at_once
):
    monkeypatch.setattr(reindex, "BATCH", at_once)
    column = add(as_alice, deals, "Mine", "choice", "Hot\nCold")
    for item in three[:2]:
        note(as_alice, item, column, "Hot")

    own_store.change(
        column, name="Mine", options={"Hot": "Glowing", "Cold": "Cold"}, added=[]
    )
    reindex.run_slice()

    assert everywhere(as_alice, deals, "hot") == ([],) * 3
    assert sorted(everywhere(as_alice, deals, "glowing")[1]) == ["One", "Two"]
    assert not reindex.outdated().exists()


@pytest.mark.parametrize("at_once", [5, 1])
def test_what_was_in_a_column_that_is_deleted_is_not_found(
    as_alice, deals, three, monkeypatch, at_once
):
    monkeypatch.setattr(reindex, "BATCH", at_once)
    column = add(as_alice, deals, "Mine", "text")
    for item in three[:2]:
        note(as_alice, item, column, "Easter")
    prove(as_alice)

    as_alice.post(f"/own-columns/{column.pk}/delete/", {"confirm": "on"})
    reindex.run_slice()

    assert not OwnColumn.objects.exists()
    assert everywhere(as_alice, deals, "easter") == ([],) * 3


def test_values_from_before_are_found_once_they_are_indexed(as_alice, deals, three):
    column = add(as_alice, deals, "Mine", "text")
    OwnValue.objects.create(column=column, remote_id=three[0].remote_id, value="Easter")
    reindex.note_labels(deals)
    reindex.run_slice()
    OwnValue.objects.filter(column=column).update(value="Whitsun")

    reindex.mark_outdated(deals)
    reindex.run_slice()

    assert everywhere(as_alice, deals, "whitsun") == (["One"],) * 3


def test_a_box_that_is_ticked_has_no_words(as_alice, deals, three):
    column = add(as_alice, deals, "Mine", "check")

    note(as_alice, three[0], column, "yes")

    assert everywhere(as_alice, deals, "yes") == ([],) * 3


def test_a_page_of_found_notes_takes_no_query_for_each_record(as_alice, deals, three):
    column = add(as_alice, deals, "Mine", "text")
    table = make_collection(deals.connection, remote_id="others", item_type="contact")
    other = add(as_alice, table, "Remark", "text")
    people = [make_item(table, name=f"P {n}", type="contact") for n in range(20)]
    note(as_alice, three[0], column, "Easter")
    note(as_alice, people[0], other, "Easter")

    few = questions(as_alice)
    for item in people[1:]:
        note(as_alice, item, other, "Easter")

    assert questions(as_alice) == few
    assert len(passages(as_alice, "easter")) == 21


def questions(client):
    client.get("/items/", {"q": "easter"})
    with CaptureQueriesContext(database) as queries:
        client.get("/items/", {"q": "easter"})
    return len(queries.captured_queries)
