"""What is shown with other labels is searched by them soon, without a sync."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from integrations import tasks
from integrations.models import Collection, ItemContent, SearchState
from integrations.providers.records import UNSHOWN_KEYS
from integrations.services.common import queue
from integrations.services.items.search import full_text, reindex, texts
from integrations.services.items.storage import contents
from integrations.services.upkeep import schedule
from tests.support.rows import NOON, make_collection, make_connection, make_item
from tests.support.searching import found_by

FIELDS = [{"name": "hubspot_owner_id", "label": "Owner", "kind": "user"}]


def schema(owner: str) -> dict[str, object]:
    return {"fields": FIELDS, "lookups": {"owner": {"41": owner}}}


@pytest.fixture
def deals(alice: User) -> Collection:
    made = make_collection(make_connection(alice), schema=schema("Cleo Cole"))
    for _ in range(5):
        make_item(made, name="Deal", properties={"hubspot_owner_id": "41"})
    return made


def rename_owner(deals: Collection, name: str) -> None:
    deals.schema = schema(name)
    deals.save(update_fields=["schema"])
    reindex.note_labels(deals)


def count(text: str) -> int:
    return found_by(User.objects.get(username="alice"), text).count()


def test_nothing_is_indexed_again_while_nothing_changes(deals):
    reindex.note_labels(deals)

    assert not reindex.outdated().exists()
    assert reindex.progress_of([deals]) is None
    assert reindex.send_due() == 0


@pytest.mark.parametrize("key", sorted(UNSHOWN_KEYS))
def test_what_no_page_shows_of_a_schema_indexes_nothing_again(deals, key):
    deals.schema = {**deals.schema, key: ["fields"]}
    deals.save(update_fields=["schema"])
    reindex.note_labels(deals)

    assert not reindex.outdated().exists()


def test_an_owner_who_is_renamed_is_found_by_the_new_name(deals):
    rename_owner(deals, "Cleo Stone")
    assert (count("cole"), count("stone")) == (5, 0)

    reindex.run_slice()

    assert (count("cole"), count("stone")) == (0, 5)
    assert not reindex.outdated().exists()


def test_a_slice_that_ends_early_is_gone_on_with(deals, monkeypatch):
    monkeypatch.setattr(reindex, "BATCH", 2)
    rename_owner(deals, "Cleo Stone")

    reindex.run_slice(seconds=0)

    progress = reindex.progress_of([Collection.objects.get()])
    assert progress == reindex.Progress(done=2, total=5)
    assert count("stone") == 2

    reindex.run_slice()

    assert count("stone") == 5
    assert reindex.progress_of([deals]) is None


def test_labels_that_change_meanwhile_begin_it_again(deals, monkeypatch):
    monkeypatch.setattr(reindex, "BATCH", 2)
    rename_owner(deals, "Cleo Stone")
    text = texts.Indexer.text

    def rename_meanwhile(self, **facts):
        if not renamed:
            renamed.append(1)
            rename_owner(Collection.objects.get(), "Cleo Berg")
        return text(self, **facts)

    renamed: list[int] = []
    monkeypatch.setattr(texts.Indexer, "text", rename_meanwhile)

    reindex.run_slice()
    reindex.run_slice()

    assert (count("cole"), count("stone"), count("berg")) == (0, 0, 5)
    assert not reindex.outdated().exists()


def test_a_higher_version_indexes_everything_again(deals, monkeypatch):
    text = texts.Indexer(deals).text(name="x", remote_id="1", properties={})
    keys = deals.items.values_list("pk", flat=True)
    full_text.index({}, dict.fromkeys(keys, text))
    SearchState.objects.all().delete()
    assert reindex.progress_of([deals]) is not None
    assert count("cole") == 0

    tasks.index_search()

    assert count("cole deal") == 5
    monkeypatch.setattr(reindex, "VERSION", texts.VERSION + 1)
    assert reindex.outdated().get() == deals


def test_all_is_indexed_again_with_the_digits_that_were_left_out(deals):
    assert not reindex.outdated().exists()

    import_module("integrations.migrations.0065_index_all_digits").mark(apps, None)

    assert reindex.outdated().get() == deals
    reindex.run_slice()
    assert not reindex.outdated().exists()


def test_the_sweep_queues_a_slice_while_there_is_one_to_do(deals, monkeypatch):
    sent = []
    monkeypatch.setattr(queue, "_publish", lambda task, *_: sent.append(task) or True)
    schedule.enqueue_lost()
    assert "index_search" not in sent

    rename_owner(deals, "Cleo Stone")
    swept = schedule.enqueue_lost()

    assert swept["search"] == 1


def test_what_another_worker_does_is_left_to_it(deals):
    rename_owner(deals, "Cleo Stone")
    now = timezone.now()
    SearchState.objects.update(claimed_until=now + reindex.CLAIM)
    reindex.run_slice()
    assert count("stone") == 0

    SearchState.objects.update(claimed_until=now - reindex.CLAIM)
    reindex.run_slice()

    assert count("stone") == 5


def test_the_text_of_an_item_stays_in_its_words(deals):
    item = deals.items.first()
    kept = ItemContent.objects.create(
        item=item, text="Quagga", read_for=NOON, read_at=NOON
    )
    full_text.index({}, {item.pk: contents.words_of(kept)})
    rename_owner(deals, "Cleo Stone")

    reindex.run_slice()

    assert found_by(deals.connection.owner, "quagga stone").get() == item


def test_deleted_items_are_indexed_too(deals):
    deals.items.update(deleted_at=F("changed_at"))
    Collection.objects.update(stored_count=0)
    rename_owner(deals, "Cleo Stone")

    reindex.run_slice()

    assert count("stone") == 5
