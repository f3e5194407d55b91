"""The admin's first page shows how the site is, and leads to what it counts."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connections
from django.db.backends.signals import connection_created
from django.test import Client
from django.utils import timezone

from integrations.models import Connection, Edit
from integrations.services.sync.calls import spend
from tests.admin.conftest import sign_in
from tests.support.rows import (
    make_collection,
    make_connection,
    make_credential,
    make_finished_run,
    make_run,
)

pytestmark = pytest.mark.django_db(transaction=True)
INDEX = "/admin/"
LINK = re.compile(
    r"<dt>([^<]+)</dt>\s*<dd>\s*<a href=\"([^\"]+)\"[^>]*>(\d[\d,]*)(?=<|, due)"
)


@pytest.fixture
def seeded(alice: User) -> None:
    now = timezone.now()
    broken = make_connection(alice, state="needs_reconnect", last_synced_at=now)
    late = make_connection(alice, last_synced_at=now - timedelta(hours=5))
    risky = make_connection(alice, last_synced_at=now, provider="notion")
    make_credential(risky, failures=2)
    make_run(late)
    Edit.objects.create(
        connection=late,
        collection=make_collection(late),
        verb=Edit.Verb.CREATE,
        order_key="one",
    )
    make_connection(alice, state="disconnected", provider="airtable")
    for reason in ("network", "network", "provider_down", ""):
        make_finished_run(broken, outcome="failed", reason=reason, finished_at=now)
    yesterday = now - timedelta(days=2)
    make_finished_run(broken, outcome="failed", reason="network", finished_at=yesterday)


def figures(page: str) -> dict[str, tuple[str, int]]:
    """Return the first figure of each label: its address and its number."""
    found: dict[str, tuple[str, int]] = {}
    for label, url, number in LINK.findall(page):
        value = int(number.replace(",", ""))
        found.setdefault(unescape(label), (unescape(url), value))
    return found


def test_each_number_is_that_of_the_list_it_leads_to(
    as_staff: Client, seeded: None
) -> None:
    shown = figures(as_staff.get(INDEX).content.decode())

    assert shown["Needs reconnecting"][1] == 1
    assert shown["Older than promised"][1] == 1
    assert shown["Permission at risk"][1] == 1
    assert shown["Syncs: queued"][1] == 1
    assert shown["Edits: waiting"][1] == 1
    assert shown["Not reached"][1] == 2
    assert shown["No reason told"][1] == 1
    counted = {label: each for label, each in shown.items() if "Calls t" not in label}
    for label, (url, number) in counted.items():
        listed = as_staff.get(url).context["cl"].result_count
        assert listed == number, label


def test_a_fault_stands_on_the_page_with_what_to_do(as_staff: Client) -> None:
    page = as_staff.get(INDEX).content.decode()

    # Nothing works on any queue here, and nothing listens where the broker should be.
    for check in ("broker", "workers", "scheduler"):
        assert f">{check}</span>" in page
    assert "docs/runbook.md#broker" in page


def test_staff_who_may_not_see_connections_see_no_figures(db: None) -> None:
    clerk = User.objects.create_user("dan", "dan@example.com", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_auditevent"))

    page = sign_in(clerk, "password", "mfa").get(INDEX)

    assert page.context["panel"] is None
    assert "mooring-sections" not in page.content.decode()


class Statements:
    """Count the statements of every connection, those of other threads as well."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        if not sql.startswith(("PRAGMA", "SET ", "BEGIN")):
            self.seen.append(sql)
        return execute(sql, *rest)

    def watch(self, connection: Any, **_kwargs: Any) -> None:
        connection.execute_wrappers.append(self)


def test_the_page_costs_ten_queries_at_most(as_staff: Client, seeded: None) -> None:
    as_staff.get(INDEX)
    count = Statements()
    connection_created.connect(count.watch)
    try:
        with connections["default"].execute_wrapper(count):
            as_staff.get(INDEX)
    finally:
        connection_created.disconnect(count.watch)

    assert len(count.seen) <= 10, "\n".join(count.seen)


def test_the_console_shows_the_same(seeded: None, capsys: Any) -> None:
    call_command("status", "--json")
    told = json.loads(capsys.readouterr().out)

    assert told["connections"]["needs_reconnect"] == 1
    assert told["hubspot"]["stale"] == 1
    assert told["failures"] == {
        "all": 4,
        "network": 2,
        "provider_down": 1,
        "unknown": 1,
    }
    assert "broker" in told["checks"]
    call_command("status")
    assert "Needs reconnecting" in capsys.readouterr().out


def test_calls_are_counted_by_day_and_by_month(alice: User) -> None:
    connection = make_connection(alice)
    spend.note(connection.pk, 5)
    spend.note(connection.pk, 7)
    connection.refresh_from_db()
    assert (connection.calls_today, connection.calls_this_month) == (12, 12)

    earlier = timezone.now().date().replace(day=1)
    Connection.objects.update(calls_on=earlier, calls_today=100, calls_this_month=400)
    spend.note(connection.pk, 1)
    connection.refresh_from_db()
    is_first = earlier == timezone.now().date()
    assert connection.calls_today == (101 if is_first else 1)
    assert connection.calls_this_month == 401

    last_month = earlier - timedelta(days=1)
    Connection.objects.update(calls_on=last_month)
    spend.note(connection.pk, 3)
    connection.refresh_from_db()
    assert (connection.calls_today, connection.calls_this_month) == (3, 3)
