"""What users noted is looked up by an index, in a few queries, by either database."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Collection, Item, OwnColumn, OwnValue, SearchState
from integrations.models.remote_key import remote_key
from integrations.providers.records import IntegrationItem
from integrations.services.common import queue
from integrations.services.common.proof import RecentProof
from integrations.services.items.own_columns import store as store_columns
from integrations.services.items.search import own_words, reindex
from integrations.services.items.search.texts import VERSION
from integrations.services.items.storage import store
from integrations.services.upkeep import overlap
from tests.support import lock_order
from tests.support.plans import STATISTICS, tell_statistics, whole_reads
from tests.support.rows import make_collection, make_connection, make_item
from tests.support.searching import found_by

MANY, PAGE = 900, 100


@pytest.fixture
def noted(alice: User) -> Collection:
    """Return a collection beside which one user noted much, as others did."""
    made = make_collection(make_connection(alice), remote_id="deals", item_type="deal")
    for number in range(3):
        owner = alice if number < 2 else User.objects.create_user("carol")
        column = OwnColumn.objects.create(
            owner=owner, name=f"Mine {number}", kind="text", **remote_key(made)
        )
        OwnValue.objects.bulk_create(
            OwnValue(column=column, remote_id=str(n), value=f"Easter {number}")
            for n in range(MANY)
        )
    return made


def captured(action):
    with CaptureQueriesContext(database) as queries:
        action()
    return [str(each["sql"]) for each in queries.captured_queries]


@pytest.mark.parametrize("statistics", STATISTICS)
def test_notes_of_a_page_are_read_by_an_index(noted, statistics):
    ids = [str(n) for n in range(PAGE)]
    tell_statistics(statistics)

    asked = captured(lambda: own_words.find_words(noted, ids))

    assert len(asked) == 3
    assert whole_reads(asked) == []
    assert own_words.find_words(noted, ids)["7"] == ["easter", "0", "easter", "1"]


def test_a_sync_asks_for_notes_of_what_changed_and_one_query_where_there_are_none(
    noted,
):
    now = timezone.now()
    page = [
        IntegrationItem(id=str(n), type="deal", name=f"Deal {n}") for n in range(PAGE)
    ]

    def stored(items):
        return captured(lambda: store.store_page(noted, items, run_id=None, now=now))

    def of_notes(asked):
        return [
            sql
            for sql in asked
            if "integrations_own" in sql and sql.startswith("SELECT")
        ]

    assert len(of_notes(stored(page))) == 3
    assert of_notes(stored(page)) == []
    OwnColumn.objects.all().delete()
    changed = [IntegrationItem(id="7", type="deal", name="Other")]
    assert len(of_notes(stored(changed))) == 1


def states():
    return SearchState.objects.get()


def count(text):
    return found_by(User.objects.get(username="alice"), text).count()


def index_all():
    """Index what is outdated, as the sweep has it done; tell whether there was any."""
    overlap.repeat_due()
    sent = reindex.send_due()
    reindex.run_slice()
    assert not reindex.outdated().exists()
    return bool(sent)


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr(queue, "send", lambda *args, **options: True)


@pytest.fixture
def deal(alice, quiet):
    held = make_collection(make_connection(alice), remote_id="deals", item_type="deal")
    made = make_item(held, name="Ash", remote_id="1")
    store_columns.create(alice, held, name="Mine", kind="text", options=())
    return made


def upgrade(*, ago=timedelta()):
    """Be as if the code that indexes notes had come so long ago, to a site in use."""
    applied(overlap.FIRST, ago=ago + timedelta(hours=1))
    applied(overlap.SINCE, ago=ago)


def applied(name, *, ago):
    known = MigrationRecorder(database).migration_qs.filter(
        app="integrations", name=name
    )
    assert known.update(applied=timezone.now() - ago) == 1


def note_as_older_code(deal, text):
    column = OwnColumn.objects.get()
    OwnValue.objects.create(column=column, remote_id=deal.remote_id, value=text)


def test_a_first_and_a_last_own_column_index_nothing_again(deal):
    assert not reindex.outdated().exists()

    store_columns.delete(OwnColumn.objects.get())

    assert not reindex.outdated().exists()


@pytest.mark.parametrize("is_going_on", [False, True])
def test_what_older_code_says_to_have_indexed_is_outdated(deal, is_going_on):
    note_as_older_code(deal, "Easter")
    labels = states().labels
    before = {"indexing_with": f"{VERSION}:{labels}", "position": deal.pk}
    SearchState.objects.update(
        indexed_with=f"{VERSION}:{labels}", **(before if is_going_on else {})
    )

    assert index_all()

    assert count("easter") == 1


def test_another_column_hides_nothing_that_older_code_has_indexed(deal):
    SearchState.objects.update(indexed_with=f"{VERSION}:{states().labels}")
    held = Collection.objects.get()

    other = store_columns.create(
        User.objects.get(), held, name="Other", kind="text", options=()
    )
    store_columns.delete(other)

    assert reindex.outdated().get() == held


@pytest.mark.parametrize("is_first_column", [False, True])
def test_what_older_code_notes_beside_new_code_is_found_a_day_later(
    deal, monkeypatch, is_first_column
):
    upgrade()
    if not is_first_column:
        SearchState.objects.update(indexed_with="")
    assert index_all() is not is_first_column
    note_as_older_code(deal, "Easter")
    assert not index_all()

    later = timezone.now() + overlap.OVERLAP + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)

    assert [index_all(), index_all()] == [True, False]
    assert count("easter") == 1


def test_what_is_not_indexed_within_a_day_is_indexed_once_more_too(deal, monkeypatch):
    upgrade()
    SearchState.objects.update(indexed_with="")
    overlap.repeat_due()
    reindex.run_slice(seconds=0)
    note_as_older_code(deal, "Easter")

    later = timezone.now() + overlap.OVERLAP + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)

    assert [index_all(), index_all()] == [True, False]
    assert count("easter") == 1


def test_a_first_sweep_long_after_the_upgrade_indexes_what_older_code_noted_once_more(
    deal,
):
    upgrade(ago=timedelta(days=3))
    OwnColumn.objects.update(created_at=timezone.now() - timedelta(days=2, hours=1))
    note_as_older_code(deal, "Easter")

    assert [index_all(), index_all()] == [True, False]
    assert count("easter") == 1


def sweep_as_release_before(now):
    """Index again what its mark says, and take the mark away, as that release does."""
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_searchstate SET indexed_with = %s, repeat_at = NULL"
            " WHERE repeat_at <= %s",
            [reindex.WITH_OWN, database.ops.adapt_datetimefield_value(now)],
        )


def test_the_release_before_and_this_one_do_not_index_again_in_turns(deal):
    upgrade(ago=timedelta(days=3))
    now = timezone.now()
    OwnColumn.objects.update(created_at=now - timedelta(days=2, hours=1))

    indexed = []
    for _ in range(3):
        indexed.append(index_all())
        sweep_as_release_before(now)

    assert indexed == [True, False, False]


def test_a_new_installation_never_ran_older_code(deal):
    applied(overlap.FIRST, ago=timedelta(minutes=2))
    applied(overlap.SINCE, ago=timedelta(minutes=1))

    assert not index_all()

    assert states().repeated_at is None


def test_states_are_marked_in_one_order_and_those_that_somebody_holds_later(deal):
    upgrade(ago=timedelta(days=2))
    OwnColumn.objects.update(created_at=timezone.now() - timedelta(days=3))

    with lock_order.watched() as order:
        asked = [captured(overlap.repeat_due), captured(overlap.repeat_due)]

    (locked,) = order.asked
    assert (locked.order_by, locked.select_for_update_skip_locked) == (("pk",), True)
    assert [len(each) for each in asked] == [6, 2]


def test_a_first_column_long_after_the_upgrade_indexes_nothing_again(deal):
    upgrade(ago=timedelta(days=2))

    assert not index_all()

    assert states().repeated_at is None


def test_labels_and_many_notes_index_nothing_twice(deal):
    upgrade(ago=timedelta(days=2))
    rename = {"fields": [{"name": "a", "label": "A"}]}
    Collection.objects.update(schema=rename)
    reindex.note_labels(Collection.objects.get())
    assert index_all()
    reindex.mark_outdated(Collection.objects.get())
    assert index_all()

    assert states().repeated_at is None


def test_collections_without_own_columns_are_as_older_code_left_them(alice, quiet):
    held = make_collection(make_connection(alice), remote_id="deals", item_type="deal")
    make_item(held, name="Ash")

    assert states().indexed_with == f"{VERSION}:{states().labels}"
    assert not index_all()


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_column_is_changed_behind_the_lock_that_a_sync_takes(
    alice, quiet, is_deleted
):
    held = make_collection(make_connection(alice), remote_id="deals", item_type="deal")
    make_item(held, name="Ash", remote_id="1")
    column = store_columns.create(
        alice, held, name="Mine", kind="choice", options=["Red"]
    )
    OwnValue.objects.create(column=column, remote_id="1", value="Red")

    with lock_order.watched() as order:
        if is_deleted:
            store_columns.delete(column, proof=RecentProof(user=alice))
        else:
            store_columns.change(column, name="Mine", options={"Red": "Blue"}, added=())

    assert [each.model for each in order.asked][:2] == [Collection, Item]
