"""Connections: the list, connecting, and what a user can do to one."""

import re
from datetime import timedelta

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError
from msgspec.structs import replace

from integrations.http.secrets import Secret
from integrations.models import (
    AuditEvent,
    Connection,
    Credential,
    Item,
    PendingRevocation,
    SyncRun,
)
from integrations.providers import SPECS
from tests.support.rows import (
    NOON,
    make_connection,
    make_credential,
    make_grant,
    make_item,
    make_run,
)
from tests.support.sessions import prove


def post(client, connection, action, **data):
    path = reverse(f"integrations:connection-{action}", args=(connection.pk,))
    return client.post(path, data, follow=True)


@pytest.fixture
def unconfigured(settings):
    providers = {
        slug: replace(p, client_id="", client_secret=Secret(""), is_sandbox=False)
        for slug, p in settings.PROVIDERS.items()
    }
    settings.PROVIDERS = providers


def test_the_list_shows_state_counts_and_what_to_connect(
    as_alice, connection, collection
):
    make_item(collection)
    gone = make_connection(connection.owner, state=Connection.State.DISCONNECTED)

    page = as_alice.get("/connections/")

    assert list(page.context["connections"]) == [connection, gone]
    assert page.context["connections"][0].status.item_count == 1
    assert {card["slug"] for card in page.context["providers"]} == set(SPECS)
    assert page.context["sandbox_on"] is True


@pytest.mark.parametrize(
    ("state", "promise"),
    [
        ("active", "in "),
        ("needs_reconnect", "After you reconnect"),
        ("paused", "After you resume it"),
        ("disconnected", "Not planned"),
    ],
)
def test_no_sync_is_promised_that_will_not_come(as_alice, connection, state, promise):
    connection.state = state
    connection.next_sync_at = timezone.now() + timedelta(minutes=9)
    connection.save(update_fields=["state", "next_sync_at"])

    for address in ("/connections/", connection.get_absolute_url()):
        page = as_alice.get(address).content.decode()
        shown = re.findall(
            r"<dt>Next(?: sync)?</dt>\s*<dd>\s*(.*?)\s*</dd>", page, re.DOTALL
        )
        assert [re.sub("<.*?>", "", text)[: len(promise)] for text in shown] == [
            promise
        ]


def test_a_connection_that_is_being_read_says_so(as_alice, connection):
    idle = as_alice.get("/connections/").content.decode()
    make_run(connection, state="running", started_at=timezone.now())

    busy = as_alice.get("/connections/").content.decode()

    assert "Running now" not in idle
    assert "Running now" in busy


def test_many_connections_take_as_many_queries_as_one(
    as_alice, connection, django_assert_max_num_queries
):
    for _ in range(20):
        make_connection(connection.owner)
    as_alice.get("/")

    with django_assert_max_num_queries(8):
        as_alice.get("/connections/")


def test_before_leaving_it_says_what_will_be_asked(as_alice):
    page = as_alice.get(reverse("integrations:connect", args=("hubspot",)))

    asked = page.context["can_view"] + page.context["can_change"]
    read = {s.name for s in SPECS["hubspot"].scopes if not s.writes}
    assert {s["name"] for s in asked} == read
    assert page.context["authorize_url"] == "/integrations/hubspot/authorize"
    assert b'method="post" action="/integrations/hubspot/authorize"' in page.content


def test_reconnecting_names_the_connection(as_alice, connection):
    path = reverse("integrations:connect", args=("hubspot",))

    page = as_alice.get(f"{path}?connection={connection.pk}")

    assert page.context["connection"] == connection
    assert f'name="connection" value="{connection.pk}"' in page.content.decode()


@pytest.mark.usefixtures("unconfigured")
def test_only_staff_learn_which_settings_are_missing(as_alice, alice, told, codes):
    path = reverse("integrations:connect", args=("hubspot",))

    assert "HUBSPOT_CLIENT_ID" not in as_alice.get("/connections/").content.decode()
    answer = as_alice.get(path, follow=True)
    assert codes(answer) == ["not_configured"]
    assert "HUBSPOT_CLIENT_ID" not in told(answer)

    User.objects.filter(pk=alice.pk).update(is_staff=True)

    assert "HUBSPOT_CLIENT_ID" in as_alice.get("/connections/").content.decode()
    assert "HUBSPOT_CLIENT_SECRET" in told(as_alice.get(path, follow=True))


def test_sync_now_queues_a_run(as_alice, connection, told):
    answer = post(as_alice, connection, "sync", full="1")

    run = SyncRun.objects.get()
    assert (run.connection, run.trigger, run.is_full) == (connection, "user", True)
    assert "was asked for" in told(answer)
    assert answer.redirect_chain[-1][0] == connection.get_absolute_url()


def test_sync_now_while_one_runs_is_answered_kindly(as_alice, connection, told):
    make_run(connection, state=SyncRun.State.RUNNING, enqueued_at=NOON)

    answer = post(as_alice, connection, "sync")

    assert SyncRun.objects.count() == 1
    assert "under way already" in told(answer)


@pytest.mark.django_db(transaction=True)
def test_sync_now_without_a_queue_is_stored_and_says_so(
    as_alice, connection, codes, monkeypatch
):
    def refuse(*_args, **_options):
        raise OperationalError("nobody home")

    monkeypatch.setattr(current_app, "send_task", refuse)

    answer = post(as_alice, connection, "sync")

    assert SyncRun.objects.get().state == SyncRun.State.QUEUED
    assert codes(answer) == ["queue_away"]


def test_a_paused_connection_cannot_be_synced(as_alice, connection, codes):
    connection.state, connection.reason = Connection.State.PAUSED, "paused_by_user"
    connection.save()

    answer = post(as_alice, connection, "sync")

    assert not SyncRun.objects.exists()
    assert codes(answer) == ["paused_by_user"]


def test_pausing_and_resuming(as_alice, connection):
    post(as_alice, connection, "pause")
    connection.refresh_from_db()
    assert (connection.state, connection.reason) == ("paused", "paused_by_user")

    post(as_alice, connection, "resume")
    connection.refresh_from_db()
    assert connection.state == Connection.State.ACTIVE
    assert SyncRun.objects.count() == 1


def test_renaming_and_taking_the_name_back(as_alice, connection):
    post(as_alice, connection, "rename", label="  My portal ")
    connection.refresh_from_db()
    assert connection.title == "My portal"

    post(as_alice, connection, "rename", label="")
    connection.refresh_from_db()
    assert connection.title == "Acme"


def test_too_long_a_name_is_refused(as_alice, connection, told):
    answer = post(as_alice, connection, "rename", label="x" * 121)

    connection.refresh_from_db()
    assert connection.label == ""
    assert "too long" in told(answer)


@pytest.mark.parametrize(("minutes", "stored"), [("60", 60), ("1", 15), ("x", 15)])
def test_the_schedule_takes_only_what_it_offers(as_alice, connection, minutes, stored):
    post(as_alice, connection, "interval", minutes=minutes)

    connection.refresh_from_db()
    assert connection.sync_interval_minutes == stored


def test_disconnecting_asks_about_the_items_first(as_alice, connection):
    make_credential(connection)
    path = reverse("integrations:connection-disconnect", args=(connection.pk,))

    page, unanswered = as_alice.get(path), as_alice.post(path, {"items": "maybe"})

    assert page.status_code == 200
    assert unanswered.status_code == 400
    assert unanswered.context["form_error"]
    assert Credential.objects.exists()


@pytest.mark.parametrize("choice", ["keep", "delete"])
def test_disconnecting_erases_the_grant_and_minds_the_choice(
    as_alice, connection, collection, choice
):
    prove(as_alice)
    make_credential(connection)
    item = make_item(collection)

    answer = post(as_alice, connection, "disconnect", items=choice)

    connection.refresh_from_db()
    assert connection.state == Connection.State.DISCONNECTED
    assert not Credential.objects.exists()
    assert type(item).objects.exists() is (choice == "keep")
    assert AuditEvent.objects.filter(event="connection.disconnected").exists()
    assert answer.redirect_chain[-1][0] == "/connections/"


def test_disconnecting_twice_is_harmless(as_alice, connection, told):
    post(as_alice, connection, "disconnect", items="keep")

    answer = post(as_alice, connection, "disconnect", items="delete")

    assert "disconnected already" in told(answer)


def test_deleting_the_items_asks_for_the_password_and_then_goes_on(
    as_alice, connection, collection, told
):
    make_item(collection)
    path = reverse("integrations:connection-disconnect", args=(connection.pk,))

    asked = as_alice.post(path, {"items": "delete"})
    connection.refresh_from_db()
    was_connected = connection.is_connected
    done = as_alice.post(asked.url, {"password": "wonderland-7"}, follow=True)

    assert asked.url.startswith("/accounts/reauthenticate/?next=")
    assert was_connected
    connection.refresh_from_db()
    assert connection.state == Connection.State.DISCONNECTED
    assert not Item.objects.exists()
    assert "Its items are being deleted" in told(done)


def test_keeping_the_items_asks_for_nothing_more(as_alice, connection):
    post(as_alice, connection, "disconnect", items="keep")

    connection.refresh_from_db()
    assert connection.state == Connection.State.DISCONNECTED


def test_a_sign_in_a_moment_ago_is_proof_enough(client, connection, alice):
    client.post("/accounts/login/", {"login": alice.email, "password": "wonderland-7"})

    post(client, connection, "disconnect", items="delete")

    connection.refresh_from_db()
    assert connection.state == Connection.State.DISCONNECTED


def test_an_old_proof_is_none(as_alice, connection):
    prove(as_alice, seconds_ago=301)

    answer = post(as_alice, connection, "disconnect", items="delete")

    assert "/accounts/reauthenticate/" in answer.redirect_chain[0][0]


def test_who_has_neither_password_nor_factor_is_not_asked(client, connection, alice):
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice)

    post(client, connection, "disconnect", items="delete")

    connection.refresh_from_db()
    assert connection.state == Connection.State.DISCONNECTED


@pytest.mark.parametrize(("ticked", "removals"), [({}, 0), ({"uninstall": "on"}, 1)])
def test_the_app_is_removed_altogether_only_when_that_was_ticked(
    as_alice: Client, connection: Connection, ticked: dict[str, str], removals: int
) -> None:
    make_grant(connection)
    prove(as_alice)
    address = reverse("integrations:connection-disconnect", args=(connection.pk,))
    assert 'name="uninstall"' in as_alice.get(address).text

    as_alice.post(address, {"items": "keep", **ticked})

    assert not Credential.objects.exists()
    assert PendingRevocation.objects.filter(is_uninstall=False).count() == 1
    assert PendingRevocation.objects.filter(is_uninstall=True).count() == removals
