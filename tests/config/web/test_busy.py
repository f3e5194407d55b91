"""While another writer keeps the database, pages are read and forms say so."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.environment.database import WAIT_SECONDS
from config.web import busy
from config.web.middleware import SEEN, STARTED
from integrations import tasks
from integrations.models import Connection, Item
from integrations.services.items.tables.indexing import indexes
from integrations.views.site import home
from tests.support import file_database
from tests.support.pages import content
from tests.support.rows import make_collection, make_connection, make_item, make_run

PASSWORD = "wonderland-7"


@pytest.fixture
def path(db: None, tmp_path: Path) -> Iterator[Path]:
    if database.vendor != "sqlite":
        pytest.skip("only SQLite has one writer at a time")
    path = tmp_path / "site.sqlite3"
    # What the test before has left is in the tests' database, and not in a file.
    path.write_bytes(content.empty())
    with file_database.used(path):
        yield path


@pytest.fixture
def connection(path: Path) -> Connection:
    owner = User.objects.create_user("alice", "alice@example.com", PASSWORD)
    made = make_connection(owner)
    make_item(make_collection(made))
    return made


@pytest.fixture
def browser(connection: Connection) -> Client:
    """Return a browser that has just signed in, so that every page notes something."""
    client = Client(raise_request_exception=False)
    client.force_login(connection.owner)
    return client


def pages_of(connection: Connection) -> list[str]:
    item, collection = connection.items.get(), connection.collections.get()
    searched = {"q": "ada"}
    return [
        "/",
        # What was searched for is noted as well.
        f"{reverse('integrations:search')}?{urlencode(searched)}",
        f"{reverse('integrations:item-list')}?{urlencode(searched)}",
        f"{reverse('integrations:table', args=[collection.pk])}?{urlencode(searched)}",
        reverse("integrations:connection-list"),
        connection.get_absolute_url(),
        reverse("integrations:item-list"),
        item.get_absolute_url(),
        reverse("account_change_password"),
        reverse("usersessions_list"),
    ]


def test_pages_are_read_while_the_database_is_locked(
    path: Path, browser: Client, connection: Connection
) -> None:
    with file_database.locked(path):
        answers = {url: browser.get(url) for url in pages_of(connection)}

    assert {
        url: answer.status_code for url, answer in answers.items()
    } == dict.fromkeys(answers, 200)


def test_a_table_is_read_while_the_index_it_wants_cannot_be_begun(
    path: Path,
    browser: Client,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    field = {"name": "note", "label": "Note", "kind": "text"}
    connection.collections.update(schema={"fields": [field]})
    collection = connection.collections.get()
    wanted = f"{reverse('integrations:table', args=[collection.pk])}?sort=note"
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        indexes.queue, "send", lambda *told, **_: sent.append(tuple(map(str, told)))
    )

    with file_database.locked(path):
        page = browser.get(wanted)
        assert page.status_code == 200
        assert page.context["building"]

    # A worker has the patience that a page has not.
    assert sent == [("index_properties", str(collection.pk), "note")]
    tasks.index_properties(*sent[0][1:])
    with file_database.locked(path):
        assert not browser.get(wanted).context["building"]


def test_a_message_is_shown_once_while_the_database_is_locked(
    path: Path, browser: Client, connection: Connection
) -> None:
    browser.post(reverse("integrations:connection-pause", args=[connection.pk]))

    with file_database.locked(path):
        page = browser.get(connection.get_absolute_url())
        again = browser.get(connection.get_absolute_url())

    assert (page.status_code, again.status_code) == (200, 200)
    assert len(page.context["messages"]) == 1
    assert len(again.context["messages"]) == 0


def test_a_message_of_an_older_session_is_shown(path: Path, browser: Client) -> None:
    told = [["__json_message", 0, 25, "Kept by an older release.", ""]]
    session = browser.session
    session["_messages"] = json.dumps(told)
    session.save()

    page = browser.get(reverse("integrations:connection-list"))

    assert [str(each) for each in page.context["messages"]] == [told[0][3]]


def test_an_unread_message_ends_with_its_session(
    path: Path, browser: Client, connection: Connection
) -> None:
    browser.post(reverse("integrations:connection-pause", args=[connection.pk]))

    page = browser.post(reverse("account_logout"), follow=True)

    assert not [m for m in page.context["messages"] if str(connection) in str(m)]


def locked_until_waited_for(
    path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> ExitStack:
    """Lock a database until something waits longer for it than a read does."""
    wait_at_most, lock = busy.wait_at_most, ExitStack()
    lock.enter_context(file_database.locked(path))

    def end_lock(seconds: float) -> None:
        waits.append(seconds)
        if seconds > busy.READ_SECONDS:
            lock.close()
        wait_at_most(seconds)

    monkeypatch.setattr(busy, "wait_at_most", end_lock)
    return lock


def test_a_page_that_stores_that_it_was_seen_waits_for_that(
    path: Path, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = User.objects.get(email="alice@example.com")
    TOTP.activate(owner, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(owner)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    with locked_until_waited_for(path, [], monkeypatch):
        answer = browser.get(reverse("mfa_view_recovery_codes"))

    assert answer.status_code == 200


def test_the_first_look_at_an_address_waits_until_it_is_stored(
    path: Path, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    EmailAddress.objects.all().delete()
    with locked_until_waited_for(path, [], monkeypatch):
        answer = browser.get(reverse("account_email"))

    assert answer.status_code == 200
    assert EmailAddress.objects.get().email == "alice@example.com"


def test_a_page_that_begins_something_waits_until_that_is_stored(
    path: Path, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.logout()
    url = reverse("mfa_login_webauthn")
    waits = list[float]()
    with locked_until_waited_for(path, waits, monkeypatch):
        challenge = browser.get(url, headers={"x-requested-with": "XMLHttpRequest"})

    assert challenge.status_code == 200
    assert challenge.json()["request_options"]
    assert "mfa.webauthn.state" in browser.session
    assert waits == [busy.READ_SECONDS, busy.WRITE_SECONDS, WAIT_SECONDS]


@pytest.mark.usefixtures("quick")
def test_what_was_sent_is_kept_in_a_page_that_sends_it_again(
    path: Path, browser: Client, connection: Connection
) -> None:
    url = reverse("integrations:connection-rename", args=[connection.pk])
    browser.get("/")
    with file_database.locked(path):
        answer = browser.post(url, {"label": '<b>"Mine"'})

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert 'name="label" value="&lt;b&gt;&quot;Mine&quot;"' in answer.text
    assert f'action="{url}"' in answer.text
    assert "csrfmiddlewaretoken" in answer.text
    browser.post(url, dict(answer.context["fields"]))
    connection.refresh_from_db()
    assert connection.label == '<b>"Mine"'


@pytest.mark.usefixtures("quick")
def test_a_file_that_was_sent_is_not_said_to_be_kept(
    path: Path, browser: Client, connection: Connection
) -> None:
    url = reverse("integrations:connection-rename", args=[connection.pk])
    with file_database.locked(path):
        answer = browser.post(url, {"label": "Mine", "file": StringIO("email\na@b.c")})

    assert answer.status_code == 503
    assert "<form" not in answer.text
    assert f'href="{url}"' in answer.text


@pytest.mark.usefixtures("quick")
def test_a_password_is_in_no_page_that_says_busy(path: Path, browser: Client) -> None:
    browser.logout()
    with file_database.locked(path):
        answer = browser.post(
            reverse("account_login"),
            {"login": "alice@example.com", "password": PASSWORD},
        )

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert PASSWORD not in answer.text
    assert "alice@example.com" not in answer.text


def test_an_idle_session_ends_although_its_row_cannot_be_deleted(
    path: Path, browser: Client
) -> None:
    stored = browser.session
    stored[STARTED] = stored[SEEN] = int(time.time()) - 13 * 86400
    stored.save()
    with file_database.locked(path):
        page = browser.get(reverse("integrations:connection-list"))

    assert page.status_code == 302
    assert page["Location"].startswith(reverse("account_login"))


def test_a_session_of_an_older_password_opens_nothing_meanwhile(
    path: Path, browser: Client, connection: Connection
) -> None:
    connection.owner.set_password("another-8-yes")
    connection.owner.save()
    with file_database.locked(path):
        page = browser.get(connection.get_absolute_url())

    assert page.status_code == 302
    assert Session.objects.exists()


@pytest.mark.usefixtures("quick")
def test_a_consent_is_not_spent_while_its_state_cannot_be(
    path: Path, browser: Client
) -> None:
    begun = browser.post(reverse("integrations:authorize", args=["hubspot"]))
    state = begun["Location"].partition("state=")[2].partition("&")[0]
    url = reverse("integrations:callback", args=["hubspot"])
    with file_database.locked(path):
        answer = browser.get(url, {"state": state, "code": "abc"})

    assert answer.status_code == 503
    assert 'href="/integrations/hubspot/oauth2callback?' in answer.text


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what is sent wait as briefly as what is read."""
    monkeypatch.setattr("config.web.busy.WRITE_SECONDS", 0.1)
    monkeypatch.setattr("config.web.busy.ONCE_SECONDS", 0.1)


def test_a_request_leaves_no_short_wait_behind(path: Path, browser: Client) -> None:
    browser.get("/")
    waits = [wait_of_statements()]
    database.close()
    waits.append(wait_of_statements())

    assert waits == [(WAIT_SECONDS, WAIT_SECONDS)] * 2


def wait_of_statements() -> tuple[float, float]:
    """Return the seconds that a statement waits for its turn, and then for SQLite."""
    with database.cursor() as cursor:
        ((milliseconds,),) = cursor.execute("PRAGMA busy_timeout").fetchall()
    # The wrapper of now, which the fixture has put there.
    return connections["default"].write_wait, milliseconds / 1000


def test_a_visit_is_noted_as_soon_as_it_can_be(path: Path, browser: Client) -> None:
    with file_database.locked(path):
        browser.get("/")
    assert "seen_at" not in browser.session

    browser.get("/")

    assert (
        browser.session["seen_at"] > (timezone.now() - timedelta(minutes=1)).isoformat()
    )


def test_home_is_of_one_moment_while_a_sync_goes_on_storing(
    browser: Client, connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(connection, state="running", first_read=1)

    def store_meanwhile(*_args: object, **_options: object) -> list[Item]:
        with closing(sqlite3.connect(path)) as writer, writer:
            writer.execute("update integrations_syncrun set first_read = 2")
        return []

    with monkeypatch.context() as patch:
        patch.setattr(home, "recent_items", store_meanwhile)
        before = browser.get("/").context["changes"]["first_read"]
    after = browser.get("/").context["changes"]["first_read"]

    assert (before, after) == (1, 2)
