"""Connections in the admin: seen at a glance, steered by queue, never opened."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import (
    AccountErasure,
    AuditEvent,
    Connection,
    Credential,
    SyncRun,
)
from tests.admin.conftest import sign_in
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_credential,
    make_finished_run,
    make_item,
)

LIST = "/admin/integrations/connection/"


def act(client, action, *connections, **data):
    chosen = [str(connection.pk) for connection in connections]
    data |= {"action": action, "_selected_action": chosen}
    return client.post(LIST, data, follow=True)


def rows(page):
    return list(page.context["cl"].result_list)


def test_the_list_tells_health_counts_and_failures(as_staff, connection, collection):
    make_item(collection)
    make_credential(connection, failures=2)
    now = timezone.now()
    make_finished_run(connection, outcome="failed", finished_at=now)
    make_finished_run(connection, outcome="failed", finished_at=NOON)

    page = as_staff.get(LIST).content.decode()

    assert "alice@example.com" in page or "alice" in page
    assert "Out of date" in page
    assert "2 refreshes in a row, 1 run today" in page


def test_many_connections_take_as_many_queries_as_one(
    as_staff, alice, django_assert_max_num_queries
):
    for _ in range(30):
        make_item_of = make_connection(alice)
        make_credential(make_item_of)
    as_staff.get(LIST)

    with django_assert_max_num_queries(12):
        as_staff.get(LIST)


def test_the_list_joins_no_runs_and_asks_as_often_with_many(
    as_staff, alice, connection
):
    def ask():
        with CaptureQueriesContext(database) as asked:
            page = as_staff.get(LIST)
        return rows(page), [query["sql"] for query in asked]

    ask()
    few_rows, few = ask()
    now = timezone.now()
    for number in range(30):
        failed = {"outcome": "failed", "finished_at": now} if number < 3 else {}
        make_finished_run(connection, **failed)
    many_rows, many = ask()

    assert len(many) == len(few)
    assert few_rows == many_rows == [connection]
    assert many_rows[0].failed_runs == 3
    for statement in many:
        # A subquery looks up the few of a day; a join would group all that are kept.
        assert 'JOIN "integrations_syncrun"' not in statement


@pytest.mark.parametrize("term", ["alice@example.com", "Acme", "1:1"])
def test_the_search_knows_owner_account_and_remote_id(as_staff, connection, bob, term):
    make_connection(bob)

    page = as_staff.get(LIST, {"q": term})

    assert rows(page) == [connection]


def test_the_search_knows_the_connections_own_id(as_staff, connection, bob):
    make_connection(bob)

    assert rows(as_staff.get(LIST, {"q": str(connection.pk)})) == [connection]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("condition=tone-bad", {"broken"}),
        ("condition=stale", {"late"}),
        ("condition=needs_reconnect", {"broken"}),
        ("condition=tone-ok", {"fresh"}),
        ("provider=hubspot", {"late", "broken", "fresh"}),
        ("reason=grant_rejected", {"broken"}),
        ("state__exact=active", {"late", "fresh"}),
        ("token_ends=past", {"late"}),
        ("token_ends=day", {"late"}),
        ("is_sandbox__exact=1", set()),
    ],
)
def test_the_filters_find_what_they_say(as_staff, alice, query, found):
    now = timezone.now()
    fresh = make_connection(alice, account_name="fresh", last_synced_at=now)
    make_item(make_collection(fresh, completeness="complete"))
    late = make_connection(alice, account_name="late", last_synced_at=NOON)
    late.last_synced_at = now - timedelta(hours=2)
    late.save()
    make_credential(late, access_expires_at=now - timedelta(hours=1))
    make_connection(
        alice,
        account_name="broken",
        state=Connection.State.NEEDS_RECONNECT,
        reason="grant_rejected",
        last_synced_at=now - timedelta(days=2),
    )

    page = as_staff.get(f"{LIST}?{query}")

    assert {row.account_name for row in rows(page)} == found


def test_the_page_tells_of_the_token_and_never_the_token(as_staff, connection):
    credential = make_credential(connection)
    run = make_finished_run(connection)

    page = as_staff.get(f"{LIST}{connection.pk}/change/")
    text = page.content.decode()

    stored = "stored, version 1, fingerprint 9f3a11c0, expires 1 Nov 2026, 12:30 UTC"
    assert stored in text
    assert credential.access_token not in text
    assert credential.refresh_token not in text
    assert str(run.pk) in text
    assert 'name="_save"' not in text


def test_nobody_adds_edits_or_deletes_a_connection(as_staff, connection):
    assert as_staff.get(f"{LIST}add/").status_code == 403
    assert as_staff.post(f"{LIST}{connection.pk}/change/", {}).status_code == 403
    assert as_staff.post(f"{LIST}{connection.pk}/delete/", {}).status_code == 403


@pytest.mark.parametrize(
    ("action", "full"), [("sync_now", False), ("full_refresh", True)]
)
def test_syncing_is_queued_and_logged_twice(as_staff, connection, bob, action, full):
    paused = make_connection(
        bob, state=Connection.State.PAUSED, reason="paused_by_user"
    )

    page = act(as_staff, action, connection, paused)

    run = SyncRun.objects.get()
    assert (run.connection, run.trigger, run.is_full) == (connection, "staff", full)
    assert "1 queued." in page.content.decode()
    assert "left alone because you paused it" in page.content.decode()
    carols = {"user__username": "carol"}
    assert LogEntry.objects.filter(**carols).count() == 2
    assert AuditEvent.objects.filter(event="admin.action", **carols).count() == 2


def test_refreshing_a_token_makes_it_due_now(as_staff, connection):
    make_credential(connection, refresh_due_at=None)

    act(as_staff, "refresh_token", connection)

    assert Credential.objects.get().refresh_due_at is not None


def test_pausing_and_resuming_for_somebody(as_staff, connection):
    act(as_staff, "pause", connection)
    connection.refresh_from_db()
    assert (connection.state, connection.reason) == ("paused", "paused_by_staff")

    act(as_staff, "resume", connection)
    connection.refresh_from_db()
    assert connection.state == Connection.State.ACTIVE


def test_disconnecting_asks_once_more(as_staff, connection):
    make_credential(connection)

    page = act(as_staff, "disconnect", connection)

    assert "What happens to the stored items?" in page.content.decode()
    assert Credential.objects.exists()
    assert not LogEntry.objects.exists()

    act(as_staff, "disconnect", connection, items="keep")

    connection.refresh_from_db()
    assert connection.reason == "disconnected_by_staff"
    assert not Credential.objects.exists()
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ("view_connection", set()),
        (
            "change_connection",
            {"sync_now", "full_refresh", "refresh_token", "pause", "resume"},
        ),
        ("delete_connection", {"disconnect"}),
    ],
)
def test_each_act_needs_its_own_permission(connection, permission, expected):
    dora = User.objects.create_user("dora", "dora@example.com", is_staff=True)
    codenames = {"view_connection", permission}
    dora.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = sign_in(dora, "password", "mfa")

    page = client.get(LIST)
    forced = act(client, "pause", connection)

    form = page.context["action_form"]
    offered = {v for v, _ in form.fields["action"].choices if v} if form else set()
    assert offered == expected
    connection.refresh_from_db()
    is_paused = connection.state == Connection.State.PAUSED
    assert is_paused is (permission == "change_connection")
    assert forced.status_code == 200


def press(client, connection, action, **data):
    path = f"{LIST}{connection.pk}/act/"
    return client.post(path, {"action": action, **data}, follow=True)


def test_the_page_offers_the_lists_actions_as_buttons(as_staff, connection):
    page = as_staff.get(f"{LIST}{connection.pk}/change/").content.decode()

    for name in ("sync_now", "full_refresh", "refresh_token", "pause", "disconnect"):
        assert f'value="{name}"' in page


def test_a_button_acts_is_logged_and_comes_back(as_staff, connection):
    answer = press(as_staff, connection, "pause")

    connection.refresh_from_db()
    assert connection.state == Connection.State.PAUSED
    assert answer.redirect_chain[-1][0] == f"{LIST}{connection.pk}/change/"
    assert LogEntry.objects.count() == 1
    assert AuditEvent.objects.filter(event="admin.action").count() == 1


def test_the_disconnect_button_asks_once_more(as_staff, connection):
    asked = press(as_staff, connection, "disconnect")
    press(as_staff, connection, "disconnect", items="keep")

    assert "What happens to the stored items?" in asked.content.decode()
    connection.refresh_from_db()
    assert connection.reason == "disconnected_by_staff"


def test_buttons_mind_permissions_method_and_form_token(as_staff, staff, connection):
    dora = User.objects.create_user("dora", "dora@example.com", is_staff=True)
    dora.user_permissions.set(Permission.objects.filter(codename="view_connection"))
    viewer = sign_in(dora, "password", "mfa")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = as_staff.cookies

    page = viewer.get(f"{LIST}{connection.pk}/change/").content.decode()

    assert 'name="action"' not in page
    assert press(viewer, connection, "pause").status_code == 403
    assert press(as_staff, connection, "delete_selected").status_code == 403
    assert press(strict, connection, "pause").status_code == 403
    assert as_staff.get(f"{LIST}{connection.pk}/act/").status_code == 405
    connection.refresh_from_db()
    assert connection.state == Connection.State.ACTIVE


def test_the_connections_of_an_account_that_is_being_deleted_say_so(
    as_staff, connection, collection
):
    make_item(collection)
    Connection.objects.update(
        state=Connection.State.DISCONNECTED, reason="disconnected_by_user"
    )
    AccountErasure.objects.create(user=connection.owner)

    for address in (LIST, f"{LIST}{connection.pk}/change/"):
        page = as_staff.get(address).content.decode()
        assert "Account being deleted" in page
        assert "being deleted</td>" in page or "being deleted</div>" in page


def test_the_list_reads_runs_by_an_index_only(as_staff, connection):
    make_finished_run(connection)
    with CaptureQueriesContext(database) as asked:
        as_staff.get(LIST)
    about_runs = [q["sql"] for q in asked if "integrations_syncrun" in q["sql"]]
    assert about_runs

    with database.cursor() as cursor:
        for statement in about_runs:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
            steps = [row[-1] for row in cursor.fetchall()]
            on_runs = [step for step in steps if step.startswith("SCAN")]
            assert not any("syncrun" in step or "U0" in step for step in on_runs), steps


def test_the_permissions_of_a_connection_are_no_json(as_staff, connection):
    connection.granted_scopes = ["oauth", "<b>contacts"]
    connection.save(update_fields=["granted_scopes"])

    page = as_staff.get(f"{LIST}{connection.pk}/change/").content.decode()

    assert "oauth, &lt;b&gt;contacts" in page
