"""Migrations of data take along what a former release stored."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection as database
from django.db.migrations.loader import MigrationLoader
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from integrations.models import Item, ItemChange, ItemLink, RefreshAttempt, SyncRun
from integrations.models.sync.progress import CollectionProgress, ProgressState
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_finished_run,
    make_item,
    make_run,
)


def migration(name):
    return import_module(f"integrations.migrations.{name}")


def test_the_heartbeat_of_a_queue_that_is_gone_stops(db):
    every = IntervalSchedule.objects.create(every=30, period="seconds")
    for name in ("heartbeat.webhooks", "heartbeat.sync"):
        PeriodicTask.objects.create(name=name, task="t", interval=every)

    migration("0006_remove_webhooks_heartbeat").remove_heartbeat(apps, None)

    assert [task.name for task in PeriodicTask.objects.all()] == ["heartbeat.sync"]


def test_outcomes_of_former_attempts_have_their_present_name(alice):
    attempt = RefreshAttempt.objects.create(
        id="00000000-0000-4000-8000-000000000001",
        connection=make_connection(alice),
        why="test",
        outcome="spilled",
    )

    migration("0008_fallback_stored").forwards(apps, None)

    attempt.refresh_from_db()
    assert attempt.outcome == RefreshAttempt.Outcome.FALLBACK_STORED


def test_times_that_nobody_knew_are_unknown_after_the_upgrade(alice):
    made, seen, noticed = (NOON + timedelta(days=n) for n in range(3))
    ahead = timezone.now() + timedelta(days=700)
    dated = make_collection(make_connection(alice))
    undated = make_collection(dated.connection, remote_id="tables")
    for name, table, times in (
        ("first sight", dated, {"remote_updated_at": seen}),
        ("told", dated, {"remote_updated_at": made - timedelta(days=1)}),
        ("unchanged", dated, {"remote_updated_at": made, "remote_created_at": made}),
        ("ahead", dated, {"remote_updated_at": ahead, "remote_created_at": ahead}),
        ("created", undated, {"remote_updated_at": made, "remote_created_at": made}),
        ("noticed", undated, {"remote_updated_at": noticed, "changed_at": noticed}),
    ):
        values = {"first_seen_at": seen, "changed_at": seen, **times}
        make_item(table, name=name, **values)

    migration("0013_times_that_are_known").tell_known_times(apps, None)

    items = Item.objects.values_list(
        "name", "remote_updated_at", "remote_created_at", "is_update_noticed"
    )
    assert {name: values for name, *values in items} == {
        "first sight": [None, None, None],
        "told": [made - timedelta(days=1), None, None],
        "unchanged": [made, made, None],
        "ahead": [None, None, None],
        "created": [None, made, None],
        "noticed": [noticed, None, True],
    }


def test_what_the_first_sync_stored_is_not_new_after_the_upgrade(alice):
    collection = make_collection(make_connection(alice), last_full_refresh_at=NOON)
    progress = CollectionProgress(name="Contacts", created=5, state=ProgressState.DONE)
    runs = [
        make_finished_run(
            collection.connection,
            trigger=trigger,
            created=5,
            progress={str(collection.pk): progress.to_json()},
        )
        for trigger in ("connect", "schedule")
    ]

    migration("0013_times_that_are_known").tell_first_readings(apps, None)

    collection.refresh_from_db()
    assert collection.first_full_refresh_at == NOON
    for run, new in zip(runs, (0, 5), strict=True):
        run.refresh_from_db()
        (entry,) = run.entries.values()
        assert (run.new, entry.new) == (new, new)


def test_a_used_up_quota_says_once_when_it_ends(alice):
    collection = make_collection(
        make_connection(alice),
        reason="quota_exhausted",
        reason_data={
            "message": "it is used up until 1 December 2026 (UTC)",
            "until": "2026-12-01T00:00:00+00:00",
        },
    )

    migration("0013_times_that_are_known").shorten_quotas(apps, None)

    collection.refresh_from_db()
    assert collection.reason_text.count("until") == 1


def test_each_change_is_given_its_connection_a_stretch_at_a_time(
    alice, monkeypatch, django_assert_num_queries
):
    module = migration("0042_connections_of_changes")
    monkeypatch.setattr(module, "BATCH", 2)
    items = [make_item(make_collection(make_connection(alice))) for _ in range(2)]
    for number in range(4):
        ItemChange.objects.create(item=items[number % 2], at=NOON, kind="changed")
    # As an interrupted migration leaves it.
    ItemChange.objects.filter(pk=ItemChange.objects.earliest("pk").pk).update(
        connection=items[0].connection
    )

    with django_assert_num_queries(3):
        module.name_connections(apps, None)
        assert not module.Migration.atomic

    for change in ItemChange.objects.select_related("item"):
        assert change.connection_id == change.item.connection_id


def test_each_link_is_given_its_collection_a_stretch_at_a_time(
    alice, monkeypatch, django_assert_num_queries
):
    module = migration("0069_collections_of_links")
    monkeypatch.setattr(module, "BATCH", 2)
    items = [make_item(make_collection(make_connection(alice))) for _ in range(2)]
    for number in range(4):
        item = items[number % 2]
        ItemLink.objects.create(
            item=item,
            connection=item.connection,
            relation="lead",
            target_remote_id=f"{number}",
        )

    with django_assert_num_queries(3):
        module.name_collections(apps, None)
        assert not module.Migration.atomic

    for link in ItemLink.objects.select_related("item"):
        assert link.collection_id == link.item.collection_id


def test_what_was_new_before_the_upgrade_is_new_after_it(alice):
    module = migration("0043_news_of_items")
    read = make_collection(make_connection(alice), first_full_refresh_at=NOON)
    unread = make_collection(make_connection(alice, remote_id="2"))
    later = NOON + timedelta(hours=1)
    new = make_item(read, first_seen_at=later)
    make_item(read)
    make_item(unread, first_seen_at=later)
    Item.objects.update(new_at=None)

    module.note_arrivals(apps, None)

    assert list(Item.objects.exclude(new_at=None)) == [new]
    new.refresh_from_db()
    assert new.new_at == later


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["0043_news_of_items", "0069_collections_of_links"])
def test_a_column_that_an_interrupted_migration_added_is_not_added_again(name):
    module = migration(name)
    state = MigrationLoader(database).project_state()
    (adding, *_) = module.Migration.operations

    with database.schema_editor(atomic=False) as editor:
        adding.database_forwards("integrations", editor, state, state)

    assert not module.Migration.atomic
    assert Item.objects.filter(new_at=None).count() == 0


def test_open_runs_get_their_users_a_few_at_a_time(alice, monkeypatch):
    turns = migration("0057_turns")
    monkeypatch.setattr(turns, "CHUNK", 2)
    opened = [make_run(make_connection(alice), turn_of=None) for _ in range(3)]
    ended = make_finished_run(make_connection(alice))

    with CaptureQueriesContext(database) as queries:
        turns.name_users(apps, SimpleNamespace(connection=database))

    written = [q["sql"] for q in queries if q["sql"].startswith("UPDATE")]
    assert len(written) == 2
    known = dict(SyncRun.objects.values_list("pk", "turn_of"))
    assert known == {**{run.pk: alice.pk for run in opened}, ended.pk: None}
