"""Migrations of data take along what a former release stored."""

from importlib import import_module

from django.apps import apps
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from integrations.models import RefreshAttempt
from tests.support.rows import make_connection


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
