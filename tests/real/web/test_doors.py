"""Doors of the site that hold, while something else goes wrong."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.real.support.web_user import WebUser, read_forms

pytestmark = pytest.mark.real

EMAIL = "doors@example.com"
SECRET = "MZXW6YTBOI======"
# Staff who may look at everything and change nothing, with a second factor.
TO_VIEWER = f"""
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Permission, User
user = User.objects.get(email="viewer@example.com")
user.is_staff = True
user.save()
user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
TOTP.activate(user, "{SECRET}")
"""
TO_FACTOR = f"""
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
TOTP.activate(User.objects.get(email="{{email}}"), "{SECRET}")
"""
TO_CHANGE_SESSION = """
from config.web.sessions import SessionStore
session = SessionStore("{key}")
session.update({values})
session.save()
"""
FORGED = "FORGED all is well"
HOSTILE = f"x\x1b[2J\x9b1m\x07\u202e\n{FORGED}\r{FORGED}"
TWO_ACCOUNTS = ("kestrel:usrMoKestrelStudi", "nordlicht:usrJurgenGrossNrd")
SESSIONS = "/admin/usersessions/usersession/"


@pytest.fixture(scope="module")
def doors(make_any_stack: MakeStack) -> Iterator[Stack]:
    """Return pages and workers, and nothing that ticks by itself."""
    stack = make_any_stack(HTTP_READ_TIMEOUT="3", SIGN_UP="open")
    stack.join_workers()
    try:
        stack.start("valkey", "sandbox", "web", "worker")
        yield stack
    finally:
        stack.close()


@pytest.fixture
def calm(doors: Stack) -> Stack:
    doors.sandbox("calm")
    return doors


def change_session(stack: Stack, user: WebUser, **values: Any) -> None:
    """Write into a stored session, as time would."""
    key = user.session.cookies["session"]
    stack.manage("shell", "-c", TO_CHANGE_SESSION.format(key=key, values=values))


def test_a_page_is_read_while_the_database_is_locked_and_a_form_is_told_so(
    calm: Stack,
) -> None:
    user = calm.user(EMAIL)
    page = user.get("/accounts/time-zone/")
    # The next visit is one to be noted.
    change_session(calm, user, session_seen=int(time.time()) - 3600)
    with closing(sqlite3.connect(calm.database_url.removeprefix("sqlite:///"))) as lock:
        lock.execute("begin immediate")

        read = user.get("/")
        sent = user.submit("/accounts/time-zone/", "time-zone/", time_zone="UTC")

    assert page.ok
    assert read.status_code == 200
    assert read.elapsed.total_seconds() < 5
    assert sent.status_code == 503
    assert sent.elapsed.total_seconds() < 15
    assert sent.headers["Retry-After"]
    again = user.submit("/accounts/time-zone/", "time-zone/", time_zone="UTC")
    assert again.ok


def test_an_address_that_nobody_proved_opens_one_account_at_most(calm: Stack) -> None:
    """The owner's confirmation never confirms a stranger's account."""
    owner = "owner@example.com"
    for number in range(3):
        stranger = calm.user(f"stranger{number}@example.com")
        stranger.session.cookies.clear()
        stranger.email = owner
        stranger.sign_up()

    found = calm.rows(
        "select count(*) from account_emailaddress where email = ?", owner
    )
    assert found[0][0] == 1


def mailed_path(stack: Stack, pattern: str) -> str:
    """Return the address in the latest mail, which the web process prints."""
    links = re.compile(rf"{re.escape(stack.url)}({pattern}[^\s/]+/)")
    found = wait_until(lambda: links.findall(stack.log("web")), "the mail is sent")
    return str(found[-1])


def confirm(user: WebUser, path: str) -> None:
    """Send the form that confirms, if a page has one; its address is of this second."""
    opened = user.get(path)
    for form in read_forms(opened.text):
        if "/accounts/confirm-email/" in form.action:
            user.session.post(
                urljoin(opened.url, form.action),
                data=form.fields,
                headers={"Referer": opened.url},
                timeout=30,
            )


def test_a_link_that_confirms_works_for_the_session_that_asked_alone(
    calm: Stack,
) -> None:
    stranger = calm.user("mallory@example.com")
    stranger.session.cookies.clear()
    stranger.email = "victim@example.com"
    stranger.sign_up()
    path = mailed_path(calm, "/accounts/confirm-email/")
    victim = WebUser(calm.url, email="victim@example.com", password=stranger.password)
    verified = "select verified from account_emailaddress where email = ?"

    # The form that confirms may be shown to nobody else at all.
    confirm(victim, path)
    assert calm.rows(verified, victim.email) == [(0,)]

    confirm(stranger, path)
    assert calm.rows(verified, victim.email) == [(1,)]


def test_a_password_reset_leaves_no_other_way_in(calm: Stack) -> None:
    email, kinds = "reset@example.com", "integrations_suspendedsigninmethod"
    before = calm.user(email)
    calm.manage("shell", "-c", TO_FACTOR.format(email=email))
    owner = WebUser(calm.url, email=email, password="brand-new-word-7")

    form = "/accounts/password/reset/"
    owner.submit(form, form, email=email)
    opened = owner.get(mailed_path(calm, f"{form}key/"))
    path, words = urlsplit(opened.url).path, ("password1", "password2")
    owner.submit(path, path, **dict.fromkeys(words, owner.password))

    assert "/accounts/login/" in before.get("/connections/").url
    owner.sign_in()
    assert owner.get("/connections/").url.endswith("/connections/")
    assert calm.rows(f"select kind from {kinds}") == [("totp",)]
    assert not calm.rows(
        "select 1 from mfa_authenticator join auth_user on auth_user.id = user_id"
        " where email = ?",
        email,
    )


def test_staff_who_may_only_view_cannot_spell_out_the_key_of_a_session(
    calm: Stack,
) -> None:
    key = calm.user(EMAIL).session.cookies["session"]
    viewer = calm.user("viewer@example.com")
    calm.manage("shell", "-c", TO_VIEWER)
    code = format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))
    viewer.submit("/admin/", "/accounts/2fa/reauthenticate/", code=code)
    listed = viewer.get(SESSIONS)
    assert (listed.status_code, EMAIL in listed.text) == (200, True)

    answers = [
        viewer.get(f"{SESSIONS}?session_key__{ask}={start}", follow=False)
        for ask in ("startswith", "regex")
        for start in (key[:3], "none")
    ]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert not [answer for answer in answers if EMAIL in answer.text]


@pytest.fixture
def hostile(calm: Stack) -> tuple[WebUser, str, str]:
    """Return somebody with two accounts, of which the first steers a terminal."""
    kestrel = {"provider": "airtable", "account": "kestrel"}
    (base,) = calm.ask_sandbox("inventory", **kestrel)["bases"]
    table = next(t for t in base["tables"] if t["name"] == "Every kind of field")
    fields = {"Name": HOSTILE}
    calm.sandbox("records/create", **kestrel, table=table["id"], fields=fields)
    user = calm.user("loss@example.com")
    first, second = [user.connect("airtable", identity=one) for one in TWO_ACCOUNTS]
    calm.rows(
        "update integrations_connection set label = ? where id = ? returning id",
        *(HOSTILE, key_of(first)),
    )
    wait_until(lambda: FORGED in str(names_in(calm, first)), "its items are here")
    return user, first, second


def key_of(path: str) -> str:
    """Return the key of a connection, as SQLite has it."""
    return path.split("/")[2].replace("-", "")


def names_in(stack: Stack, path: str) -> list[tuple[str]]:
    items = "select name from integrations_item where connection_id = ?"
    return stack.rows(items, key_of(path))


def test_commands_hand_the_terminal_nothing_that_steers_it(
    calm: Stack, hostile: tuple[WebUser, str, str]
) -> None:
    pk = hostile[1].split("/")[2]
    ways = [
        ["sync", "--connection", pk, "--print"],
        ["reconcile", pk],
        *(["items", "airtable", "--format", form] for form in ("table", "csv", "json")),
    ]

    for way in ways:
        done = calm.manage(*way, check=False)
        told = (done.stdout + done.stderr).replace("\r\n", "\n")

        assert FORGED in told, way
        assert not set(told) & set("\x1b\x9b\x07\r\u202e"), way
        own_cell = way[-1] == "csv"
        assert own_cell or f"\n{FORGED}" not in told, way


def test_no_way_deletes_items_without_a_recent_proof(
    calm: Stack, hostile: tuple[WebUser, str, str]
) -> None:
    user, path, other = hostile
    before = names_in(calm, path)
    instead = f"{path}instead-of/{other.split('/')[2]}/"
    change_session(calm, user, account_authentication_methods=[])

    for page, sent in {
        instead: {"choice": "remove"},
        f"{path}disconnect/": {"items": "delete"},
    }.items():
        asked = user.submit(page, page, **sent)
        assert "/accounts/reauthenticate/" in asked.url, page
    # Its first sync may still be reading.
    assert set(names_in(calm, path)) >= set(before)

    asked = user.submit(instead, instead, choice="remove")
    user.submit(asked.url, "/accounts/reauthenticate/", password=user.password)
    assert names_in(calm, path) == []


def test_tokens_that_cannot_be_opened_are_seen_everywhere(calm: Stack) -> None:
    user = calm.user(EMAIL)
    path = user.connect("hubspot")
    calm.rows(
        "update integrations_credential set refresh_token = 'k1:broken',"
        " access_token = 'k1:broken' where connection_id in (select id from"
        " integrations_connection where provider = 'hubspot') returning version"
    )

    check = calm.manage("rotate_token_keys", "--check", check=False)
    calm.manage("refresh_due", check=False)
    calm.manage("sweep", check=False)

    assert check.returncode != 0
    state = "select state from integrations_connection where provider = 'hubspot'"
    wait_until(lambda: calm.rows(state)[0][0] != "active", "the connection says so")
    assert "Connected" not in user.get(path).text.split("</h1>")[1][:400]
    ready = requests.get(f"{calm.url}/health/ready", timeout=9)
    assert ready.status_code == 503


def test_an_https_address_without_its_proxies_or_mail_is_told(calm: Stack) -> None:
    values = {**calm.plan.environment, "PUBLIC_BASE_URL": "https://mooring.example.com"}
    calm.plan.environment.update(values)
    try:
        said = calm.manage("check", "--deploy", check=False)
    finally:
        calm.plan.environment["PUBLIC_BASE_URL"] = calm.url

    assert "TRUSTED_PROXY_COUNT" in said.stdout + said.stderr
    # Anybody may sign up here, and nobody can be asked to prove an address.
    assert "mooring.E021" in said.stderr
    assert said.returncode
