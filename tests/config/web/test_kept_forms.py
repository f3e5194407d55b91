"""Test that a form sent without a session gives back what was typed, and to whom."""

import re
from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.models import Connection
from integrations.templatetags.form_sender import sender_of
from tests.support.rows import NOON, make_collection, make_connection, make_item

ORIGIN = {"origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}
TYPED = 'Ours <b>"A & B"</b>\nsecond line'
FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@pytest.fixture
def connection(alice: User) -> Connection:
    return make_connection(alice)


@pytest.fixture
def path(connection: Connection) -> str:
    return reverse("integrations:connection-rename", args=[connection.pk])


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    return client


@pytest.fixture
def form(browser: Client, connection: Connection) -> dict[str, str]:
    """Return the fields of an open form, with what was typed into it."""
    page = browser.get(connection.get_absolute_url())
    return fields_of(page) | {"label": TYPED}


def fields_of(page: Any) -> dict[str, str]:
    return {name: unescape(value) for name, value in FIELD.findall(page.text)}


def state_of(page: Any) -> str:
    found = re.search(r'data-kept="(\w+)"', page.text)
    return found[1] if found else ""


def send(client: Client, path: str, fields: dict[str, Any], **headers: str) -> Any:
    return client.post(path, fields, headers=ORIGIN | headers)


def end_session(client: Client, *, with_all_cookies: bool) -> None:
    client.session.delete()
    if with_all_cookies:
        client.cookies.clear()


def sign_in(client: Client, user: User) -> None:
    """Sign in as in another tab, which changes the token of every form."""
    client.force_login(user)
    client.cookies.pop("csrf", None)
    client.get("/accounts/password/change/")


@pytest.mark.parametrize("with_all_cookies", [False, True])
def test_what_was_typed_is_sent_by_its_sender_after_signing_in(
    browser: Client,
    alice: User,
    connection: Connection,
    path: str,
    form: dict[str, str],
    with_all_cookies: bool,
) -> None:
    end_session(browser, with_all_cookies=with_all_cookies)

    refused = send(browser, path, form)
    early = send(browser, path, fields_of(refused))
    sign_in(browser, alice)
    asked = send(browser, path, fields_of(early))

    pages = [refused, early, asked]
    assert [page.status_code for page in pages] == [403, 403, 403]
    assert [state_of(page) for page in pages] == ["signed_out", "signed_out", "same"]
    assert fields_of(asked)["label"] == TYPED
    connection.refresh_from_db()
    assert connection.label == ""
    assert send(browser, path, fields_of(asked)).status_code == 302
    connection.refresh_from_db()
    assert connection.label == TYPED


def test_what_was_typed_is_not_shown_to_another_user(
    browser: Client, bob: User, path: str, form: dict[str, str]
) -> None:
    end_session(browser, with_all_cookies=False)
    kept = fields_of(send(browser, path, form))
    sign_in(browser, bob)

    page = send(browser, path, kept)

    assert state_of(page) == "other"
    assert "second line" not in page.text
    assert "<form" not in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:8000", "sec-fetch-site": "cross-site"},
        {},
    ],
)
def test_another_sites_text_is_never_one_click_from_being_sent(
    browser: Client, alice: User, path: str, headers: dict[str, str]
) -> None:
    sent = {"label": "theirs", "form_sender": sender_of(alice)}

    page = browser.post(path, sent, headers=headers)

    assert (page.status_code, state_of(page)) == (403, "")
    assert "theirs" not in page.text


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"file": StringIO("email")}, id="a file"),
        pytest.param({"form_sender": ""}, id="no sender"),
        pytest.param({"label": "x" * 1_000_001}, id="too large"),
        pytest.param({"label": "\u2068Ana\u2069"}, id="no page carries it"),
    ],
)
def test_what_cannot_be_kept_is_not_said_to_be(
    browser: Client, path: str, form: dict[str, str], change: dict[str, Any]
) -> None:
    end_session(browser, with_all_cookies=False)

    page = send(browser, path, form | change)

    assert page.headers["Location"].startswith("/accounts/login/?next=")


def test_a_button_and_what_ends_something_are_asked_for_anew(
    browser: Client, connection: Connection, form: dict[str, str]
) -> None:
    end_session(browser, with_all_cookies=False)
    del form["label"]
    names = {
        "connection-pause": {},
        "connection-disconnect": {"items": "keep"},
        "connection-other-account": {"choice": "remove"},
        "connection-collections": {"selected": "7"},
        "collection-approve": {"generation": "7"},
        "view-feed": {"action": "revoke"},
    }

    for name, typed in names.items():
        keys = [connection.pk] * (2 if name == "connection-other-account" else 1)
        path = reverse(f"integrations:{name}", args=keys)
        assert send(browser, path, form | typed).status_code == 302, name


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_a_password_is_never_kept(browser: Client, is_signed_in: bool) -> None:
    path = reverse("account_change_password")
    form = fields_of(browser.get(path))
    if not is_signed_in:
        end_session(browser, with_all_cookies=True)
    form["csrfmiddlewaretoken"] = "x" * 64

    page = send(browser, path, form | {"oldpassword": "wonderland-7"})

    assert "wonderland-7" not in page.text
    assert state_of(page) == ""


def test_every_form_of_a_signed_in_user_names_its_sender(
    browser: Client, alice: User, connection: Connection
) -> None:
    collection = make_collection(connection, first_full_refresh_at=NOON)
    item = make_item(collection)
    names = ("home", "connection-list", "time-zone", "keyboard", "notices", "following")
    paths = [reverse(f"integrations:{name}") for name in (*names, "view-create")]
    paths += [connection.get_absolute_url(), item.get_absolute_url()]
    for name in ("table", "own-column-list", "table-layout"):
        paths.append(reverse(f"integrations:{name}", args=[collection.pk]))

    pages = {path: browser.get(path) for path in paths}

    for path, page in pages.items():
        forms = page.text.count('name="csrfmiddlewaretoken"')
        named = page.text.count(f'name="form_sender" value="{sender_of(alice)}"')
        assert (page.status_code, forms > 0, named) == (200, True, forms), path
    assert "form_sender" not in Client().get("/accounts/login/").text
