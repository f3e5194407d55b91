"""Test the settings as a fresh process reads them."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.environment.env import LINE
from tests.support import fresh

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "PUBLIC_BASE_URL": "https://mooring.example.com",
    "SECRET_KEY": "production-like-Zq7RvTn2KxWb5LmYc8HdJg4PsFaUe9X3",
    "TOKEN_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "DATABASE_URL": "postgres://mooring@db.example.com/mooring",
}
# Read by gunicorn, by `make run`, or before there are any settings.
NOT_BY_SETTINGS = {
    "ENV_FILE",
    "SANDBOX_PORT",
    "VALKEY_PORT",
    "WEB_CONCURRENCY",
    "WEB_THREADS",
}
READ = """
import json
from config.environment import env
names = set()
text = env.Environment.text
def note(self, name, *rest):
    names.add(name)
    return text(self, name, *rest)
env.Environment.text = note
from config import settings as s
print(json.dumps({
    "problems": [str(p) for p in s.ENV_PROBLEMS],
    "names": sorted(names),
    **{n: getattr(s, n) for n in dir(s)
       if n.isupper() and isinstance(getattr(s, n), (str, int, float, bool, list, dict))
       and n not in ("LOGGING", "ENV_PROBLEMS", "PROVIDERS", "CELERY_BEAT_SCHEDULE",
                     "TEMPLATES", "CELERY_BROKER_USE_SSL", "STATICFILES_DIRS",
                     "CONTENT_SECURITY_POLICY")},
    "csp": s.CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "providers": {k: [p.client_id, p.redirect_uri, p.authorize_url, p.is_sandbox]
                  for k, p in s.PROVIDERS.items()},
}, default=str))
"""


def read_settings(tmp_path: Path, **values: str) -> dict[str, Any]:
    done = fresh.program(READ, ENV_FILE="off", VAR_DIR=str(tmp_path), **values)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_plain_http_on_this_machine_starts_without_objection(tmp_path: Path) -> None:
    found = read_settings(
        tmp_path, **{**PRODUCTION, "PUBLIC_BASE_URL": "http://127.0.0.1:8123"}
    )

    assert found["problems"] == []
    assert found["DEBUG"] is False
    assert found["IS_DEVELOPMENT_ADDRESS"] is True
    assert found["SESSION_COOKIE_NAME"] == "session"
    assert not found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_HSTS_SECONDS"] == 0
    assert {"localhost", "127.0.0.1", "[::1]"} <= set(found["ALLOWED_HOSTS"])
    assert found["ACCOUNT_EMAIL_VERIFICATION"] == "optional"


def test_a_public_address_gets_hardened_cookies_and_headers(tmp_path: Path) -> None:
    found = read_settings(
        tmp_path, **PRODUCTION, EMAIL_URL="smtp+tls://user:word@mail.example.com:587"
    )

    assert found["problems"] == []
    assert found["SESSION_COOKIE_NAME"] == "__Host-session"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrf"
    assert found["MESSAGE_COOKIE_NAME"] == "__Host-messages"
    assert found["SESSION_COOKIE_SECURE"]
    assert found["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert found["ALLOWED_HOSTS"] == ["mooring.example.com"]
    assert found["ACCOUNT_EMAIL_VERIFICATION"] == "mandatory"


def test_the_connect_button_may_go_to_every_provider_and_nowhere_else(
    tmp_path: Path,
) -> None:
    found = read_settings(tmp_path, **PRODUCTION, SANDBOX="http://localhost:8100")

    assert found["csp"]["default-src"] == ["'none'"]
    assert found["csp"]["form-action"] == ["'self'", "http://localhost:8100"]
    assert all(is_sandbox for *_, is_sandbox in found["providers"].values())


def test_real_credentials_replace_the_sandbox_of_their_provider(
    tmp_path: Path,
) -> None:
    found = read_settings(
        tmp_path,
        **PRODUCTION,
        SANDBOX="on",
        HUBSPOT_CLIENT_ID="mine",
        HUBSPOT_CLIENT_SECRET="whisper",
    )

    client_id, redirect_uri, authorize_url, is_sandbox = found["providers"]["hubspot"]
    assert (client_id, is_sandbox) == ("mine", False)
    assert authorize_url == "https://app.hubspot.com/oauth/authorize"
    assert redirect_uri == (
        "https://mooring.example.com/integrations/hubspot/oauth2callback"
    )


def test_everything_wrong_is_named_at_once_and_no_value_is_shown(
    tmp_path: Path,
) -> None:
    found = read_settings(
        tmp_path,
        PUBLIC_BASE_URL="https://mooring.example.com/below",
        REDIS_URL="http://nonsense-1",
        LOG_LEVEL="nonsense-2",
        HUBSPOT_TOKEN_URL="http://nonsense-3.example.com",
        SANDBOX="nonsense-4",
        EMAIL_URL="nonsense-5",
    )

    said = " ".join(found["problems"])
    for name in (
        "SECRET_KEY",
        "TOKEN_KEYS",
        "PUBLIC_BASE_URL",
        "REDIS_URL",
        "LOG_LEVEL",
        "HUBSPOT_TOKEN_URL",
        "SANDBOX",
        "EMAIL_URL",
    ):
        assert name in said
    assert "nonsense" not in said


@pytest.mark.parametrize(
    "address", ["mysql://db/x", "postgres://u:hidden@db:port/x", "hidden"]
)
def test_without_a_database_nothing_starts(tmp_path: Path, address: str) -> None:
    found = read_settings(tmp_path, **{**PRODUCTION, "DATABASE_URL": address})

    [problem] = found["problems"]
    assert problem.startswith("DATABASE_URL ")
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.dummy"
    assert "hidden" not in str(found)


def test_the_example_names_every_setting_and_no_other(tmp_path: Path) -> None:
    found = read_settings(tmp_path, **PRODUCTION)
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    told = {
        match[1]
        for line in lines
        if not line.startswith("# ") and (match := LINE.match(line.lstrip("#")))
    }

    assert told == set(found["names"]) | NOT_BY_SETTINGS
