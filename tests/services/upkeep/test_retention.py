"""What is too old is found by its date, so that a sweep costs what it deletes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.management.commands.sweep import MEANINGS
from integrations.services.upkeep import retention, table_sizes

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

# So few that looking at each costs nothing: an hour's tries, a user's own files.
SMALL = {
    "integrations_signintry",
    "integrations_import",
    "integrations_bulkedit",
}
# Looked through once an hour.
HOURLY = {"integrations_importrow", "django_admin_log", "usersessions_usersession"}
USERS = "what a user has, until they delete it or disconnect"
RELEASE = "written by a release, not by use"
ONE = "one row for each of something that is bounded"
WORKED_OFF = "deleted when it is done, after a bounded number of tries"
# Why each table that no rule deletes from does not grow for ever.
BOUNDED = {
    "auth.User": USERS,
    "auth.User_groups": USERS,
    "auth.User_user_permissions": USERS,
    "auth.Group": USERS,
    "auth.Group_permissions": USERS,
    "auth.Permission": RELEASE,
    "contenttypes.ContentType": RELEASE,
    "account.EmailAddress": USERS,
    "account.EmailConfirmation": "links are signed, and have no rows",
    "socialaccount.SocialApp": "providers are settings",
    "socialaccount.SocialAccount": USERS,
    "socialaccount.SocialToken": "tokens are stored sealed, elsewhere",
    "mfa.Authenticator": USERS,
    "django_celery_beat.SolarSchedule": RELEASE,
    "django_celery_beat.IntervalSchedule": RELEASE,
    "django_celery_beat.ClockedSchedule": RELEASE,
    "django_celery_beat.CrontabSchedule": RELEASE,
    "django_celery_beat.PeriodicTasks": RELEASE,
    "django_celery_beat.PeriodicTask": RELEASE,
    "integrations.AccountErasure": WORKED_OFF,
    "integrations.Preferences": ONE,
    "integrations.Connection": USERS,
    "integrations.SuspendedSignInMethod": USERS,
    "integrations.Collection": USERS,
    "integrations.SeenBlock": "marks of one full refresh, deleted at its end",
    "integrations.Credential": ONE,
    "integrations.PendingRevocation": WORKED_OFF,
    "integrations.MovedGrant": "one for each account deleted after it was moved",
    "integrations.ProviderState": ONE,
    "integrations.Heartbeat": ONE,
    "integrations.Item": USERS,
    "integrations.ItemContent": USERS,
    "integrations.ItemLink": USERS,
    "integrations.RecordDigests": USERS,
    "integrations.Download": "deleted after DOWNLOAD_HOURS: items/downloads/orders",
    "integrations.DownloadPart": "deleted with its file",
    "integrations.OwnColumn": USERS,
    "integrations.OwnValue": USERS,
    "integrations.SavedView": USERS,
    "integrations.ViewFeed": ONE,
    "integrations.SearchState": ONE,
    "integrations.PropertyIndex": "dropped after TABLE_INDEX_DAYS: indexing/indexes",
    "integrations.PropertyValue": "dropped with its index",
    "integrations.TableLayout": USERS,
    "integrations.NoticeSettings": ONE,
    "integrations.Follow": USERS,
    "integrations.ImportRow": "deleted with its import, or by imports/jobs.prune",
}


def test_every_table_has_a_rule_or_a_reason_why_it_is_bounded() -> None:
    tables = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    by_age = {rule.model._meta.label for rule in retention.RULES}

    assert by_age.isdisjoint(BOUNDED)
    assert by_age | BOUNDED.keys() == tables


@pytest.mark.parametrize("rule", retention.RULES, ids=lambda r: r.model.__name__)
def test_a_rule_keeps_for_as_long_as_its_setting_says(
    rule: retention.Rule, settings: Any
) -> None:
    if rule.setting:
        setattr(settings, rule.setting, 7)
        unit = timedelta(days=1) if rule.setting.endswith("_DAYS") else SECOND
        assert rule.span == 7 * unit
    assert rule.setting or rule.span <= timedelta(days=1)


def test_sessions_and_the_history_of_the_admin_end(alice: User) -> None:
    now = timezone.now()
    for days in (1, 400):
        at = now - timedelta(days=days)
        UserSession.objects.create(
            user=alice, session_key=str(days), ip="192.0.2.1", created_at=at
        )
        Session.objects.create(session_key=str(days), expire_date=at + 2 * DAY)
        LogEntry.objects.create(user=alice, action_flag=1, action_time=at)

    pruned = retention.prune(now=now)

    assert pruned == {"sessions": 1, "user sessions": 1, "log entries": 1}
    assert {each.session_key for each in Session.objects.all()} == {"1"}


def test_a_sweep_says_what_it_did(
    alice: User, capsys: pytest.CaptureFixture[str]
) -> None:
    Session.objects.create(
        session_key="old", expire_date=timezone.now() - timedelta(days=1)
    )

    call_command("sweep")

    said = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["1", "sessions"] for line in said)
    assert len(said) == len(MEANINGS) + 1


def test_the_sizes_of_all_growing_tables_are_told(alice: User) -> None:
    assert set(table_sizes.measure()) == {
        retention.name_of(model) for model in table_sizes.growing()
    }


def test_old_rows_are_found_without_looking_at_the_others(db: None) -> None:
    asked, looked_at = read_whole(lambda: retention.prune(now=timezone.now()))

    assert asked >= len(retention.RULES)
    assert looked_at <= SMALL | HOURLY


def test_tables_are_measured_without_reading_their_rows(db: None) -> None:
    asked, looked_at = read_whole(table_sizes.measure)

    assert asked == len(table_sizes.growing())
    assert not looked_at


def read_whole(act: Callable[[], object]) -> tuple[int, set[str]]:
    """Return how many statements an act takes, and which tables those read whole."""
    if database.vendor != "sqlite":
        pytest.skip("the planner of SQLite, which is told no values, is asked")
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, *rest)

    with database.execute_wrapper(note):
        act()

    looked_at = set()
    with database.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            steps = [row[-1].split() for row in cursor.fetchall()]
            looked_at |= {step[1] for step in steps if step[0] == "SCAN"}
    return len(asked), looked_at - {"CONSTANT"}


def test_what_imports_leave_behind_is_looked_for_once_an_hour(db: None) -> None:
    now = timezone.now()

    def asks(minutes: int) -> bool:
        with CaptureQueriesContext(database) as asked:
            retention.prune(now=now + timedelta(minutes=minutes))
        return any("importrow" in each["sql"] for each in asked.captured_queries)

    assert [asks(minutes) for minutes in (0, 1, 59, 61, 62)] == [
        True,
        False,
        False,
        True,
        False,
    ]
