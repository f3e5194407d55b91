"""Test what every answer carries, and how long a session lives."""

import time
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone

from config.web.middleware import SEEN, SIGNED_OUT, STARTED, preferences, private_pages
from tests.support.sessions import prove

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/nowhere/", "/health/live"])
def test_every_kind_of_answer_is_hardened(client: Client, path: str) -> None:
    answer = client.get(path)

    for name, value in HEADERS.items():
        assert answer.headers[name] == value, name
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "camera=()" in answer.headers["Permissions-Policy"]


def is_private(answer: HttpResponse) -> bool:
    directives = set(answer.headers.get("Cache-Control", "").split(", "))
    return {"no-store", "private"} <= directives


PAGES = ["/", "/items/", "/connections/", "/nowhere/", "/accounts/2fa/", "/admin/"]


@pytest.mark.parametrize("path", PAGES)
def test_no_cache_keeps_what_a_user_sees(
    client: Client, alice: User, path: str
) -> None:
    client.force_login(alice)

    assert is_private(client.get(path))


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"host": "evil.example"}])
@pytest.mark.parametrize("path", ["/nowhere/", "/static/nowhere.css"])
def test_no_cache_keeps_an_error(
    client: Client, path: str, headers: dict[str, str]
) -> None:
    answer = client.get(path, headers=headers)

    assert answer.status_code in {400, 404}
    assert is_private(answer)


def test_a_weaker_header_of_a_view_does_not_open_a_page_to_caches(
    rf: RequestFactory, alice: User
) -> None:
    def cached(request: HttpRequest) -> HttpResponse:
        request.user = alice
        return HttpResponse("rows", headers={"Cache-Control": "max-age=600, private"})

    assert is_private(private_pages(cached)(rf.get("/")))


def test_static_files_are_cached(client: Client, alice: User) -> None:
    client.force_login(alice)

    answer = client.get("/static/css/site.css")

    assert answer.status_code == 200
    assert "no-store" not in answer.headers["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("referrer", "page"),
    [
        ("http://testserver/connections/?a=1", "/connections/%3Fa%3D1"),
        ("https://elsewhere.example/connections/", "/"),
        ("", "/"),
    ],
)
def test_a_form_sent_without_a_session_leads_back_to_its_page(
    client: Client, referrer: str, page: str
) -> None:
    headers = {"referer": referrer} if referrer else {}

    answer = client.post(f"/connections/{uuid4()}/pause/", headers=headers)

    assert answer.headers["Location"] == f"/accounts/login/?next={page}"
    assert SIGNED_OUT in client.get(answer.headers["Location"]).content.decode()


def sign_in(client: Client, user: User) -> None:
    client.force_login(user)
    client.get("/connections/")


def is_signed_in(client: Client) -> bool:
    return client.get("/connections/").status_code == 200


def age(client: Client, **seconds: int) -> None:
    session = client.session
    for name, value in seconds.items():
        session[name] = int(time.time()) - value
    session.save()


def test_a_session_in_use_goes_on(client: Client, alice: User) -> None:
    sign_in(client, alice)
    age(client, **{STARTED: 13 * 86400, SEEN: 3600})

    assert is_signed_in(client)
    assert client.session[SEEN] > time.time() - 60


def test_an_idle_session_ends(client: Client, alice: User) -> None:
    sign_in(client, alice)
    age(client, **{STARTED: 4 * 86400, SEEN: 3 * 86400 + 60})

    assert not is_signed_in(client)
    assert not is_signed_in(client)


def test_no_session_lives_for_ever(client: Client, alice: User) -> None:
    sign_in(client, alice)
    age(client, **{STARTED: 14 * 86400 + 60, SEEN: 5})

    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "ages", [{STARTED: -6 * 3600, SEEN: 5}, {STARTED: 60, SEEN: -6 * 3600}]
)
def test_a_session_that_is_of_the_future_ends(
    client: Client, alice: User, ages: dict[str, int]
) -> None:
    sign_in(client, alice)
    age(client, **ages)

    assert not is_signed_in(client)


def test_a_proof_of_the_future_is_none(client: Client, alice: User) -> None:
    sign_in(client, alice)
    prove(client, seconds_ago=-6 * 3600)

    assert not is_signed_in(client)


def test_a_page_soon_after_the_last_writes_nothing(
    client: Client, alice: User, django_assert_max_num_queries
) -> None:
    sign_in(client, alice)
    before = client.session[SEEN]

    client.get("/connections/")

    assert client.session[SEEN] == before


@override_settings(ALLOWED_HOSTS=["*"])
def test_links_in_mail_follow_the_settings_and_not_the_host_header(
    client: Client, alice: User
) -> None:
    client.post(
        "/accounts/password/reset/",
        {"email": alice.email},
        headers={"host": "evil.example"},
    )

    assert "http://localhost:8000/accounts/password/reset/key/" in mail.outbox[0].body
    assert "evil" not in mail.outbox[0].body


@pytest.mark.parametrize("cookie", ["", "a" * 32])
def test_liveness_asks_no_database_whatever_the_probe_sends(
    client: Client, cookie: str
) -> None:
    # No database mark: a query would fail this test.
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie

    answer = client.get("/health/live", headers={"host": "10.0.0.7"})

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("host", ["10.0.0.7:8000", "localhost:8741", "evil.example"])
@override_settings(ALLOWED_HOSTS=["mooring.example.com"])
def test_a_probe_may_name_any_host_and_is_told_nothing_but_health(
    client: Client, host: str
) -> None:
    headers = {"host": host}

    ready = client.get("/health/ready", headers=headers)

    assert ready.status_code in {200, 503}
    assert "database" in ready.json()
    for path in ("/health/", "/health/ready/", "/accounts/login/", "/admin/"):
        assert client.get(path, headers=headers).status_code == 400, path
    assert client.post("/health/ready", headers=headers).status_code == 405


def test_times_are_said_in_the_zone_that_the_browser_tells() -> None:
    assert zone_in_page("Asia/Tokyo") == "Asia/Tokyo"
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../../etc/passwd", "US/\x00"])
def test_a_zone_that_nobody_knows_is_utc(name: str) -> None:
    assert zone_in_page(name) == "UTC"


def zone_in_page(name: str) -> str:
    """Return the zone that is in force while a page is made."""
    request = RequestFactory().get("/")
    request.COOKIES["tz"] = name

    def page(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(timezone.get_current_timezone()))

    return preferences(page)(request).content.decode()
