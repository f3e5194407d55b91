"""A text that comes with the list is kept like one that was fetched."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from integrations.models import Item, ItemContent
from integrations.providers.records import Content, IntegrationItem
from integrations.services.items.storage import contents, store
from integrations.services.sync.texts import page_text
from tests.support.rows import NOON, make_collection, make_connection
from tests.support.searching import found_by

TEXT = Content(
    blocks=[{"kind": "paragraph", "text": "Quagga", "depth": 0}], text="Quagga"
)
ITEM = IntegrationItem(id="1", type="note", name="Zoo", last_modified_time=NOON)


@pytest.fixture
def notes(alice):
    return make_collection(make_connection(alice), remote_id="notes", item_type="note")


def show(notes, item, text, *, hours=0):
    now = NOON + timedelta(hours=hours)
    return store.store_page(notes, [item], run_id=None, now=now, texts={"1": text})


def test_it_is_stored_and_found_with_its_item(notes):
    show(notes, ITEM, TEXT)

    kept = ItemContent.objects.get()
    assert (kept.item.name, kept.text, kept.blocks) == ("Zoo", "Quagga", TEXT.blocks)
    assert (kept.read_for, kept.read_at) == (NOON, NOON)
    assert found_by(notes.connection.owner, "quagga zoo").get() == kept.item


def test_it_is_written_again_only_when_it_changed(notes):
    show(notes, ITEM, TEXT, hours=1)
    show(notes, ITEM, TEXT, hours=2)
    assert ItemContent.objects.get().read_at == NOON + timedelta(hours=1)

    show(notes, ITEM, replace(TEXT, text="Okapi"), hours=3)

    kept = ItemContent.objects.get()
    assert (kept.text, kept.read_at) == ("Okapi", NOON + timedelta(hours=3))
    assert found_by(notes.connection.owner, "okapi").get() == kept.item
    assert list(found_by(notes.connection.owner, "quagga")) == []


def test_one_that_was_read_in_the_moment_of_an_edit_is_proven_once(notes):
    show(notes, ITEM, TEXT)

    for hours in (1, 2):
        show(notes, ITEM, TEXT, hours=hours)

        assert ItemContent.objects.get().read_at == NOON + timedelta(hours=1)


def test_a_text_may_come_without_its_item(notes):
    show(notes, ITEM, replace(TEXT, text="Okapi"))

    store.store_page(
        notes, [], run_id=None, now=NOON, texts={"1": TEXT, "2": TEXT, "": TEXT}
    )

    assert ItemContent.objects.get().text == "Quagga"


def test_it_follows_its_item(notes):
    show(notes, ITEM, TEXT)
    later = NOON + timedelta(hours=1)

    show(notes, replace(ITEM, name="Park", last_modified_time=later), TEXT, hours=1)

    assert ItemContent.objects.get().read_for == later
    assert found_by(notes.connection.owner, "park quagga").get() == Item.objects.get()


def test_the_text_of_nothing_on_the_page_is_left_alone(notes):
    store.store_page(notes, [ITEM], run_id=None, now=NOON, texts={"2": TEXT})

    assert not ItemContent.objects.exists()


@pytest.mark.parametrize(
    "long",
    [
        replace(TEXT, text="word " * contents.TEXT_LENGTH),
        replace(TEXT, blocks=[*TEXT.blocks] * (contents.MOST_BLOCKS + 1)),
    ],
    ids=["text", "blocks"],
)
def test_one_that_is_not_kept_whole_is_marked_as_cut(notes, long):
    show(notes, ITEM, long)
    listed = ItemContent.objects.get()
    was_marked = listed.is_truncated
    page_text.store(listed.item, long, reason=None, now=NOON)
    fetched = ItemContent.objects.get()

    assert (was_marked, fetched.is_truncated) == (True, True)
    assert len(fetched.text) <= contents.TEXT_LENGTH
    assert len(fetched.blocks) <= contents.MOST_BLOCKS
