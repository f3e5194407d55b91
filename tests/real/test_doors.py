"""Grants that just arrived, and doors of the site, while something else goes wrong."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.real.fixtures import MakeStack
from tests.real.person import Person
from tests.real.processes import wait_until
from tests.real.stack import Stack

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
TO_UNPROVEN = """
from config.web.sessions import SessionStore
session = SessionStore("{key}")
session["account_authentication_methods"] = []
session.save()
"""
FORGED = "FORGED all is well"
HOSTILE = f"x\x1b[2J\x9b1m\x07\u202e\n{FORGED}\r{FORGED}"
TWO_ACCOUNTS = ("kestrel:usrMoKestrelStudi", "nordlicht:usrJurgenGrossNrd")
SESSIONS = "/admin/usersessions/usersession/"
STATES = "select provider, state from integrations_connection order by id"


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


def living_grants(stack: Stack, provider: str) -> list[str]:
    """Return the refresh tokens that the provider would still take."""
    tokens = stack.ask_sandbox("tokens")["tokens"]
    return [
        token["value"]
        for token in tokens
        if token["provider"] == provider
        and token["kind"] == "refresh"
        and not (token["revoked_at"] or token["spent_at"])
    ]


def test_a_consent_survives_odd_answers_about_whose_it_is(calm: Stack) -> None:
    person = calm.person(EMAIL)
    calm.sandbox(
        "faults/add", provider="airtable", family="whoami", count=2, kind="intermediary"
    )

    path = person.connect("airtable")

    assert person.get(path).ok
    assert ("airtable", "active") in calm.rows(STATES)


def test_of_two_consents_under_way_the_newest_is_kept_and_the_other_given_back(
    calm: Stack,
) -> None:
    person = calm.person(EMAIL)
    first = person.consent(person.start_connecting("hubspot"))
    second = person.consent(person.start_connecting("hubspot"))
    answers: list[requests.Response] = []
    calm.sandbox(
        "faults/add",
        provider="hubspot",
        family="account",
        count=1,
        kind="latency",
        ms=2500,
    )
    older = threading.Thread(target=lambda: answers.append(person.get(first)))
    older.start()
    wait_until(
        lambda: calm.ask_sandbox("stats")["faults_struck"].get("latency"),
        "the older grant is being identified",
    )

    newer = person.get(second)
    older.join(30)

    assert newer.ok
    assert answers[0].ok
    wait_until(
        lambda: len(living_grants(calm, "hubspot")) == 1, "the other is given back"
    )
    calm.manage("refresh_due")
    assert ("hubspot", "active") in calm.rows(STATES)


def test_a_page_is_read_while_the_database_is_locked_and_a_form_is_told_so(
    calm: Stack,
) -> None:
    person = calm.person(EMAIL)
    page = person.get("/accounts/time-zone/")
    with closing(sqlite3.connect(calm.database_url.removeprefix("sqlite:///"))) as lock:
        lock.execute("begin immediate")

        read = person.get("/")
        sent = person.submit("/accounts/time-zone/", "time-zone/", time_zone="UTC")

    assert page.ok
    assert read.status_code == 200
    assert read.elapsed.total_seconds() < 5
    assert sent.status_code == 503
    assert sent.headers["Retry-After"]
    again = person.submit("/accounts/time-zone/", "time-zone/", time_zone="UTC")
    assert again.ok


def test_an_address_that_nobody_proved_opens_one_account_at_most(calm: Stack) -> None:
    """The owner's confirmation never confirms a stranger's account."""
    owner = "owner@example.com"
    for number in range(3):
        stranger = calm.person(f"stranger{number}@example.com")
        stranger.session.cookies.clear()
        stranger.email = owner
        stranger.sign_up()

    found = calm.rows(
        "select count(*) from account_emailaddress where email = ?", owner
    )
    assert found[0][0] == 1


def test_staff_who_may_only_view_cannot_spell_out_the_key_of_a_session(
    calm: Stack,
) -> None:
    key = calm.person(EMAIL).session.cookies["session"]
    viewer = calm.person("viewer@example.com")
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
def hostile(calm: Stack) -> tuple[Person, str, str]:
    """Return somebody with two accounts, of which the first steers a terminal."""
    kestrel = {"provider": "airtable", "account": "kestrel"}
    (base,) = calm.ask_sandbox("inventory", **kestrel)["bases"]
    table = next(t for t in base["tables"] if t["name"] == "Every kind of field")
    fields = {"Name": HOSTILE}
    calm.sandbox("records/create", **kestrel, table=table["id"], fields=fields)
    person = calm.person("loss@example.com")
    first, second = [person.connect("airtable", identity=one) for one in TWO_ACCOUNTS]
    calm.rows(
        "update integrations_connection set label = ? where id = ? returning id",
        *(HOSTILE, key_of(first)),
    )
    wait_until(lambda: FORGED in str(names_in(calm, first)), "its items are here")
    return person, first, second


def key_of(path: str) -> str:
    """Return the key of a connection, as SQLite has it."""
    return path.split("/")[2].replace("-", "")


def names_in(stack: Stack, path: str) -> list[tuple[str]]:
    items = "select name from integrations_item where connection_id = ?"
    return stack.rows(items, key_of(path))


def test_commands_hand_the_terminal_nothing_that_steers_it(
    calm: Stack, hostile: tuple[Person, str, str]
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
    calm: Stack, hostile: tuple[Person, str, str]
) -> None:
    person, path, other = hostile
    before = names_in(calm, path)
    instead = f"{path}instead-of/{other.split('/')[2]}/"
    key = person.session.cookies["session"]
    calm.manage("shell", "-c", TO_UNPROVEN.format(key=key))

    for page, sent in {
        instead: {"choice": "remove"},
        f"{path}disconnect/": {"items": "delete"},
    }.items():
        asked = person.submit(page, page, **sent)
        assert "/accounts/reauthenticate/" in asked.url, page
    assert names_in(calm, path) == before

    asked = person.submit(instead, instead, choice="remove")
    person.submit(asked.url, "/accounts/reauthenticate/", password=person.password)
    assert names_in(calm, path) == []


def test_tokens_that_cannot_be_opened_are_seen_everywhere(calm: Stack) -> None:
    person = calm.person(EMAIL)
    path = person.connect("hubspot")
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
    assert "Connected" not in person.get(path).text.split("</h1>")[1][:400]
    ready = requests.get(f"{calm.url}/health/ready", timeout=9)
    assert ready.status_code == 503


def test_an_https_address_without_its_proxies_is_told(calm: Stack) -> None:
    values = {**calm.plan.environment, "PUBLIC_BASE_URL": "https://mooring.example.com"}
    calm.plan.environment.update(values)
    try:
        said = calm.manage("check", "--deploy", check=False)
    finally:
        calm.plan.environment["PUBLIC_BASE_URL"] = calm.url

    assert "TRUSTED_PROXY_COUNT" in said.stdout + said.stderr
