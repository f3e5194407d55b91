"""A page asks at most a dozen questions, whatever an account has."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import (
    Collection,
    Connection,
    Edit,
    Item,
    ItemChange,
    Preferences,
)
from tests.support.rows import make_collection, make_connection, make_item, make_run

MOST_QUERIES = 12
# A test is inside of a transaction; what is read of one moment opens its own, which
# takes PostgreSQL three statements.
OF_ONE_MOMENT = 3
# That the user was here is noted once in a while, in the session.
NOTING = ('UPDATE "django_session"', "SAVEPOINT", "RELEASE SAVEPOINT")


@pytest.fixture
def account(alice: User) -> Connection:
    """Return a connection with collections and runs, beside one that has ended."""
    connection = make_connection(alice)
    kinds = {"contacts": "contact", "deals": "deal", "companies": "company"}
    for name, kind in kinds.items():
        made = make_collection(connection, remote_id=name, name=name, item_type=kind)
        for number in range(3):
            make_item(made, type=kind, name=f"{name} {number}")
    make_collection(connection, remote_id="tickets", is_selected=False)
    now = timezone.now()
    for hours in range(40):
        make_run(connection, state="finished", queued_at=now - timedelta(hours=hours))
    make_run(connection)
    other = make_connection(alice)
    make_item(make_collection(other))
    Connection.objects.filter(pk=other.pk).update(state="disconnected")
    return connection


def asked(client: Client, address: str) -> list[str]:
    """Return the questions of a page that was opened before."""
    client.get(address)
    with CaptureQueriesContext(database) as queries:
        page = client.get(address)
    assert page.status_code == 200
    told = [str(each["sql"]) for each in queries.captured_queries]
    return [sql for sql in told if not sql.startswith(NOTING)]


@pytest.mark.parametrize(
    "to_address",
    [lambda _: "/", lambda _: "/connections/", Connection.get_absolute_url],
    ids=["home", "connections", "connection"],
)
def test_a_page_of_one_moment_asks_few_questions(
    as_alice: Client, account: Connection, to_address: Callable[[Connection], str]
) -> None:
    told = asked(as_alice, to_address(account))

    assert len(told) + OF_ONE_MOMENT <= MOST_QUERIES, "\n".join(told)


@pytest.fixture
def changed(account: Connection, alice: User) -> Connection:
    """Return an account whose items changed in all ways that a page tells of.

    So did those of another one, and a user has marked what was seen.
    """
    now = timezone.now()
    Preferences.objects.create(user=alice, changes_seen_at=now - timedelta(days=2))
    tables = [*account.collections.all()]
    other = make_connection(alice, provider="airtable")
    tables.append(make_collection(other, item_type="record"))
    for table in tables:
        item = make_item(table, type=table.item_type)
        run = make_run(table.connection, state="finished", queued_at=now)
        told = {
            "name": ["Old", "New"],
            "properties.former": ["1", "2"],
            "properties.associations.companies": [["1"], ["2"]],
        }
        change = ItemChange.objects.create(
            item=item,
            connection=table.connection,
            run=run,
            at=now - timedelta(hours=1),
            kind="changed",
            fields=told,
        )
        Edit.objects.create(
            connection=table.connection,
            collection=table,
            item=item,
            change=change,
            created_by=alice,
        )
        Item.objects.filter(pk=item.pk).update(new_at=now)
    return account


@pytest.mark.parametrize("query", ["", "?type=contact", "?since=unseen", "?field=name"])
def test_the_page_of_changes_asks_few_questions(
    as_alice: Client, changed: Connection, query: str
) -> None:
    told = asked(as_alice, f"/changes/{query}")

    days = as_alice.get(f"/changes/{query}").context["days"]
    entries = [entry for day in days for entry in day["entries"]]
    assert {"Former", "Companies"} & {
        field["label"] for entry in entries for field in entry["fields"]
    }
    assert len(told) <= MOST_QUERIES, "\n".join(told)


def test_home_shows_the_runs_that_go_on_the_last_one_first(
    as_alice: Client, account: Connection, alice: User
) -> None:
    later = make_run(make_connection(alice), queued_at=timezone.now())

    shown = as_alice.get("/").context["running"]

    first = account.runs.exclude(state="finished").get()
    assert shown == sorted([first, later], key=lambda run: run.queued_at, reverse=True)


def test_a_connection_shows_its_open_run_behind_later_ones(
    as_alice: Client, alice: User
) -> None:
    connection, now = make_connection(alice), timezone.now()
    run = make_run(connection, queued_at=now - timedelta(days=9))
    for hours in range(40):
        make_run(connection, state="finished", queued_at=now - timedelta(hours=hours))

    page = as_alice.get(connection.get_absolute_url())

    assert page.context["run"] == run
    assert run not in page.context["runs"]
    assert len(page.context["run_history"]) == 30


def test_what_a_clock_ahead_has_dated_is_not_the_latest_run(
    as_alice: Client, alice: User
) -> None:
    connection, now = make_connection(alice), timezone.now()
    latest = make_run(connection, state="finished", queued_at=now)
    for days in range(1, 40):
        ahead = now + timedelta(days=days)
        make_run(connection, state="finished", queued_at=ahead)

    page = as_alice.get(connection.get_absolute_url())

    assert page.context["run"] == latest


@pytest.mark.parametrize("state", ["active", "disconnected"])
def test_a_connection_is_the_same_on_each_page(
    as_alice: Client, account: Connection, state: str
) -> None:
    """Facts that one question tells with the connection are those of their own."""
    Connection.objects.filter(pk=account.pk).update(state=state)
    pages: list[Any] = [
        as_alice.get("/connections/").context["connections"],
        as_alice.get("/items/").context["connections"],
        [as_alice.get(account.get_absolute_url()).context["connection"]],
    ]

    told = {
        (each.status.word, each.status.sentence, each.status.grant)
        for page in pages
        for each in page
        if each.pk == account.pk
    }

    assert len(told) == 1


def test_nobody_sees_another_ones_connection(
    client: Client, bob: User, account: Connection
) -> None:
    client.force_login(bob)

    assert client.get(account.get_absolute_url()).status_code == 404
    assert Collection.objects.filter(connection=account).count() == 4
