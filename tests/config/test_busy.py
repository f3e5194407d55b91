"""While another writer keeps the database, pages are read and forms say so."""

import time
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from config.middleware import SEEN, STARTED
from integrations import tasks
from integrations.models import Connection
from integrations.services.items.tables import indexes
from tests.support import file_database
from tests.support.rows import make_collection, make_connection, make_item

PASSWORD = "wonderland-7"


@pytest.fixture(scope="session")
def template(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    path = tmp_path_factory.mktemp("database") / "empty.sqlite3"
    with django_db_blocker.unblock():
        if database.vendor != "sqlite":
            pytest.skip("only SQLite has one writer at a time")
        file_database.copy_to(path)
    return path


@pytest.fixture
def path(db: None, template: Path, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "site.sqlite3"
    with file_database.used(template, path):
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
    item = connection.items.get()
    return [
        "/",
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


def test_a_message_is_shown_although_it_cannot_be_ticked_off(
    path: Path, browser: Client, connection: Connection
) -> None:
    browser.post(reverse("integrations:connection-pause", args=[connection.pk]))

    with file_database.locked(path):
        page = browser.get(connection.get_absolute_url())

    assert page.status_code == 200
    assert len(page.context["messages"]) == 1


def test_a_form_has_its_turn_soon_beside_a_writer_that_leaves_little_room(
    path: Path, browser: Client, connection: Connection
) -> None:
    url = reverse("integrations:connection-rename", args=[connection.pk])
    waited = []
    with file_database.taken_again_and_again(path, held=0.4, free=0.012) as writes:
        for number in range(7):
            before = len(writes)
            assert browser.post(url, {"label": str(number)}).status_code == 302
            waited.append(len(writes) - before)

    # Of the other one's writes; half of the forms wait for no more than these.
    assert sorted(waited)[3] <= 2, waited


def test_the_patience_of_a_page_ends_with_its_request(
    path: Path, browser: Client
) -> None:
    browser.get("/connections/")

    with database.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20000,)


@pytest.mark.usefixtures("quick")
def test_what_was_sent_is_kept_in_a_page_that_sends_it_again(
    path: Path, browser: Client, connection: Connection
) -> None:
    url = reverse("integrations:connection-rename", args=[connection.pk])
    browser.get("/")
    with file_database.locked(path):
        busy = browser.post(url, {"label": '<b>"Mine"'})

    assert (busy.status_code, busy["Retry-After"]) == (503, "5")
    assert 'name="label" value="&lt;b&gt;&quot;Mine&quot;"' in busy.text
    assert f'action="{url}"' in busy.text
    assert "csrfmiddlewaretoken" in busy.text
    browser.post(url, dict(busy.context["fields"]))
    connection.refresh_from_db()
    assert connection.label == '<b>"Mine"'


@pytest.mark.usefixtures("quick")
def test_a_file_that_was_sent_is_not_said_to_be_kept(
    path: Path, browser: Client, connection: Connection
) -> None:
    url = reverse("integrations:connection-rename", args=[connection.pk])
    with file_database.locked(path):
        busy = browser.post(url, {"label": "Mine", "file": StringIO("email\na@b.c")})

    assert busy.status_code == 503
    assert "<form" not in busy.text
    assert f'href="{url}"' in busy.text


@pytest.mark.usefixtures("quick")
def test_a_password_is_in_no_page_that_says_busy(path: Path, browser: Client) -> None:
    browser.logout()
    with file_database.locked(path):
        busy = browser.post(
            reverse("account_login"),
            {"login": "alice@example.com", "password": PASSWORD},
        )

    assert (busy.status_code, busy["Retry-After"]) == (503, "5")
    assert PASSWORD not in busy.text
    assert "alice@example.com" not in busy.text


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
        busy = browser.get(url, {"state": state, "code": "abc"})

    assert busy.status_code == 503
    assert 'href="/integrations/hubspot/oauth2callback?' in busy.text


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what is sent wait as briefly as what is read."""
    monkeypatch.setattr("config.busy.WRITE_SECONDS", 0.1)
    monkeypatch.setattr("config.busy.ONCE_SECONDS", 0.1)


def test_a_visit_is_noted_as_soon_as_it_can_be(path: Path, browser: Client) -> None:
    with file_database.locked(path):
        browser.get("/")
    assert "seen_at" not in browser.session

    browser.get("/")

    assert (
        browser.session["seen_at"] > (timezone.now() - timedelta(minutes=1)).isoformat()
    )
