"""Headers of every kind of answer, by the rules of Mozilla's HTTP Observatory."""

import json
import sqlite3
from collections.abc import Iterator
from http.cookies import Morsel
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse

from config import urls
from integrations.models import Collection, Download, SavedView
from integrations.services.common.proof import RecentProof
from integrations.services.items.saved_views import feeds
from tests.support import fresh
from tests.support.rows import make_item
from tests.support.sessions import prove

HOST = "mooring.example.com"
# What the settings are at a public address, as a process of the site reads them.
PUBLIC = {
    "ENV_FILE": "off",
    "PUBLIC_BASE_URL": f"https://{HOST}",
    "SECRET_KEY": "production-like-Zq7RvTn2KxWb5LmYc8HdJg4PsFaUe9X3",
    "TOKEN_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "DATABASE_URL": "sqlite://:memory:",
    "TRUSTED_PROXY_COUNT": "1",
}
READ = """
import json
from config import settings as s
print(json.dumps({n: getattr(s, n) for n in dir(s) if n.startswith((
    "SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_", "MESSAGE_COOKIE_", "ALLOWED_HOSTS",
    "PUBLIC_BASE_URL", "CONTENT_SECURITY_POLICY", "X_FRAME_OPTIONS",
    "CSRF_TRUSTED_ORIGINS"))}))
"""
# Directives that fall back on no other one.
OWN_DIRECTIVES = ("default-src", "base-uri", "form-action", "frame-ancestors")
WORTHLESS = ("'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "*", "data:")
SAID = {"host": HOST, "x-forwarded-proto": "https"}
HALF_A_YEAR = 15_768_000
pytestmark = pytest.mark.usefixtures("without_logs")


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    var = str(tmp_path_factory.mktemp("var"))
    done = fresh.program(READ, VAR_DIR=var, **PUBLIC)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@login_not_required
def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(request.path)


@login_not_required
def be_busy(request: HttpRequest) -> HttpResponse:
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = sqlite3.SQLITE_BUSY
    raise OperationalError(request.path) from cause


class Addresses:
    """The site's addresses, and some whose views fail."""

    urlpatterns = (*urls.urlpatterns, path("fails/", fail), path("busy/", be_busy))


class Site:
    """The site at its public address, behind a proxy that speaks TLS."""

    def __init__(self, user: User | None = None, *methods: str) -> None:
        self.client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        if user is not None:
            self.client.force_login(user)
            prove(self.client, *(methods or ("password",)))

    def get(self, url: str, **headers: str) -> Any:
        return self._ask("get", url, headers)

    def post(self, url: str, **headers: str) -> Any:
        return self._ask("post", url, headers)

    def _ask(self, method: str, url: str, headers: dict[str, str]) -> Any:
        return getattr(self.client, method)(url, headers=SAID | headers, secure=True)


@pytest.fixture
def at_public_address(public: dict[str, Any]) -> Iterator[None]:
    with override_settings(**public, ROOT_URLCONF=Addresses):
        yield


def wrong_headers(answer: Any) -> Iterator[str]:
    """Return what the Observatory would take points for, and what is promised."""
    headers = answer.headers
    yield from wrong_policy(headers.get("Content-Security-Policy", ""))
    hsts = [
        part.strip() for part in headers.get("Strict-Transport-Security", "").split(";")
    ]
    ages = [int(part[8:]) for part in hsts if part.startswith("max-age=")]
    if not ages or ages[0] < HALF_A_YEAR or "includeSubDomains" not in hsts:
        yield f"HSTS {hsts}"
    expected = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    for name, value in expected.items():
        if headers.get(name) != value:
            yield f"{name} {headers.get(name)}"
    for name in ("Access-Control-Allow-Origin", "Server", "X-Powered-By"):
        if name in headers:
            yield name
    for cookie in answer.cookies.values():
        yield from wrong_cookie(cookie)


def wrong_policy(policy: str) -> Iterator[str]:
    parts = [each.split() for each in policy.split(";") if each.strip()]
    directives = {name: values for name, *values in parts}
    for name in OWN_DIRECTIVES:
        if name not in directives:
            yield f"no {name}"
    for name, values in directives.items():
        if any(each in WORTHLESS or each.startswith("http:") for each in values):
            yield f"{name} {values}"
    # object-src falls back on it, and so does all that has no directive of its own.
    if directives.get("default-src") != ["'none'"]:
        yield "default-src"
    for name in ("base-uri", "frame-ancestors"):
        if directives.get(name) != ["'none'"]:
            yield name


def wrong_cookie(cookie: "Morsel[str]") -> Iterator[str]:
    is_bound = cookie["path"] == "/" and not cookie["domain"]
    # One that is deleted holds nothing that a script could read.
    is_hidden = cookie["httponly"] or not cookie.value
    is_shut = cookie["secure"] and is_hidden and cookie["samesite"]
    if not (cookie.key.startswith("__Host-") and is_bound and is_shut):
        yield f"cookie {cookie.OutputString()}"


def all_wrong(answers: dict[str, Any]) -> dict[str, list[str]]:
    found = {name: list(wrong_headers(answer)) for name, answer in answers.items()}
    return {name: each for name, each in found.items() if each}


@pytest.mark.usefixtures("at_public_address")
def test_answers_to_strangers(db: None) -> None:
    site = Site()
    answers = {
        url: site.get(url)
        for url in (
            "/",
            "/accounts/login/",
            "/accounts/signup/",
            "/accounts/password/reset/",
            "/admin/",
            "/admin/login/",
            "/static/css/site.css",
            "/health/live",
            "/health/ready",
            "/metrics",
            "/nowhere",
            "/static/nowhere.css",
            "/feeds/nobodys/",
            "/fails/",
            "/busy/",
        )
    }
    answers["bad host"] = site.get("/accounts/login/", host="evil.example")
    answers["no form token"] = site.post("/accounts/login/")
    answers["method"] = site.post("/health/live")
    answers["plain http"] = site.client.get("/", headers={"host": HOST})

    codes = {name: answer.status_code for name, answer in answers.items()}
    assert (codes["/fails/"], codes["/busy/"]) == (500, 503)
    assert codes["bad host"] == 400
    assert (codes["no form token"], codes["method"]) == (403, 405)
    assert codes["/static/css/site.css"] == 200
    # Browsers believe no such header of an answer that came in clear.
    assert list(wrong_headers(answers.pop("plain http"))) == ["HSTS ['']"]
    assert all_wrong(answers) == {}


@pytest.mark.usefixtures("at_public_address")
def test_answers_to_users(alice: User, collection: Collection) -> None:
    item = make_item(collection)
    view = SavedView.objects.create(owner=alice, name="Mine")
    made = Download.objects.create(owner=alice, name="x", form="csv", time_zone="UTC")
    site = Site(alice)
    urls = [
        "/",
        "/items/",
        "/changes/",
        "/notices/",
        "/following/",
        "/downloads/",
        "/accounts/email/",
        "/accounts/2fa/",
        "/accounts/sessions/",
        collection.connection.get_absolute_url(),
        item.get_absolute_url(),
        reverse("integrations:table", args=[collection.pk]),
        reverse("integrations:download-detail", args=[made.uuid]),
        reverse("integrations:view-open", args=[view.pk]),
        "/nowhere/",
        "/fails/",
        "/theme/",
        f"/feeds/{feeds.make(view, proof=RecentProof(user=alice))}/",
    ]
    answers = {url: site.get(url) for url in urls}
    site.client.handler.enforce_csrf_checks = False
    form = {"form": "csv", "values": "shown"}
    answers["file"] = site.client.post(
        "/items/download/", form, headers=SAID, secure=True
    )

    codes = {name: answer.status_code for name, answer in answers.items()}
    assert (codes["/"], codes["/nowhere/"], codes["/theme/"]) == (200, 404, 405)
    assert codes[urls[-1]] == 200
    assert all_wrong(answers) == {}
    # What came over the wire as a file is opened in no page of the site.
    assert "attachment" in answers["file"].headers["Content-Disposition"]


@pytest.mark.usefixtures("at_public_address")
def test_answers_to_staff(db: None) -> None:
    staff = User.objects.create_superuser(
        "carol", "carol@example.com", "queen-7-hearts"
    )
    Authenticator.objects.create(user=staff, type=Authenticator.Type.TOTP, data={})
    site = Site(staff, "password", "mfa")
    answers = {
        url: site.get(url)
        for url in (
            "/admin/",
            "/admin/auth/user/",
            f"/admin/auth/user/{staff.pk}/change/",
            f"/admin/auth/user/{staff.pk}/history/",
            "/admin/auth/user/999/change/",
            "/admin/nowhere/",
        )
    }
    answers["action"] = site.post("/admin/auth/user/")

    assert answers["/admin/auth/user/"].status_code == 200
    assert answers["action"].status_code == 403
    assert all_wrong(answers) == {}


@pytest.mark.usefixtures("at_public_address", "db")
def test_answers_to_whoever_tries_too_often() -> None:
    site = Site()
    page = site.get("/accounts/login/")
    form = {"login": "a@example.com", "password": "x"}
    form["csrfmiddlewaretoken"] = page.context["csrf_token"]
    said = {**SAID, "referer": f"https://{HOST}/accounts/login/"}
    for _ in range(31):
        answer = site.client.post("/accounts/login/", form, headers=said, secure=True)

    assert answer.status_code == 429
    assert all_wrong({"429": answer}) == {}
