"""Test that every name in .env.example changes something, and every setting, too."""

import os
import re
import runpy
from pathlib import Path
from typing import Any

import gunicorn.config
import pytest
from django.conf import global_settings

from config.environment.env import LINE
from config.run.plan import make_plan
from integrations.providers import SPECS

ROOT = Path(__file__).resolve().parents[3]
CREDENTIALS = {
    f"{spec.env_prefix}CLIENT_{half}": "Zq7RvTn2KxWb5LmYc8HdJg4Ps"
    for spec in SPECS.values()
    for half in ("ID", "SECRET")
}
BASE = {
    "ENV_FILE": "off",
    "PUBLIC_BASE_URL": "https://mooring.example.com",
    "SECRET_KEY": "production-like-Zq7RvTn2KxWb5LmYc8HdJg4PsFaUe9X3",
    "TOKEN_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "DATABASE_URL": "postgres://mooring@db.example.com/mooring",
    **CREDENTIALS,
}
# Another valid value where none can be made from the example's.
OTHERS = {
    "ACCOUNT_EMAIL_VERIFICATION": "none",
    "ADMIN_EMAILS": "other@example.com",
    "ALLOWED_HOSTS": "other.example.com",
    "BROKER_URL": "redis://other:6390/5",
    "CACHE_URL": "redis://other:6390/5",
    "DATABASE_URL": "postgres://other@db.example.com/other",
    "DEFAULT_FROM_EMAIL": "other@example.com",
    "EMAIL_URL": "smtp+tls://ann:Xw9SvUo3LyXc6MnZd9IeKh5Qt@mail.example.com:587",
    "ENV_FILE": "{folder}/other.env",
    "FORWARDED_ALLOW_IPS": "10.0.0.9",
    "HEALTH_TOKEN": "Cz2VyXr6ObAf9PqCg2LhNk8Tw",
    "HUBSPOT_API_VERSION": "2027-03",
    "LOG_FORMAT": "json",
    "LOG_LEVEL": "WARNING",
    "NOTION_VERSION": "2027-01-01",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel.example.com",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer Dz3WyYs7PcBg0QrDh3MiOl9Ux",
    "PROVIDER_SIGN_IN": "linked",
    "REDIS_HOST": "other.example.com",
    "REDIS_PASSWORD": "Yx0TwVp4MzYd7NoAe0JfLi6Ru",
    "REDIS_URL": "rediss://other:6390",
    "REPLICA_DATABASE_URL": "postgres://mooring@replica.example.com/mooring",
    "SECRET_KEY": "another-like-Zq7RvTn2KxWb5LmYc8HdJg4PsFaUe9X3-one",
    "SECRET_KEY_FALLBACKS": "former-like-Zq7RvTn2KxWb5LmYc8HdJg4PsFaUe9X3",
    "SENTRY_DSN": "https://Ea4XzZt8QdCh1RsEi4NjPm0Vy@sentry.example.com/7",
    "SIGN_UP": "closed",
    "STATIC_ROOT": "{folder}/other",
    "TOKEN_KEYS": "k2:HxwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAAA==",
    "TOKEN_KEYS_FILE": "{folder}/keys",
    "VAR_DIR": "{folder}/var",
}
# What must not be set beside a name for it to count; keys cannot do without either.
INSTEAD_OF = {"TOKEN_KEYS_FILE": ["TOKEN_KEYS"], "SANDBOX_PORT": list(CREDENTIALS)}
EXAMPLES = {
    match[1]: match[2]
    for line in (ROOT / ".env.example").read_text("utf-8").splitlines()
    if not line.startswith("# ") and (match := LINE.match(line.lstrip("#")))
}
# Others read these settings, by the first word of their names.
FOREIGN = (
    *("ACCOUNT_", "ALLAUTH_", "CELERY_", "CONTENT_SECURITY_POLICY", "MFA_"),
    *("ROOT_URLCONF", "SOCIALACCOUNT_", "USERSESSIONS_", "WHITENOISE_"),
)


def another_value(name: str, folder: Path) -> str:
    """Return a valid value for a name that is not its default."""
    example = EXAMPLES[name]
    if name in OTHERS:
        return OTHERS[name].format(folder=folder)
    if name.endswith("_RATE_LIMIT"):
        return "77"
    if example.isdigit():
        return str(int(example) + 1)
    if example == "off":
        return "on"
    if example.startswith("http") or name.endswith("_REDIRECT_URI"):
        return (
            "https://other.example.com/x" if "/" in example[8:] else "https://b.example"
        )
    assert name in CREDENTIALS, f"give {name} another value in this test"
    return "Bz1UxWq5NaZe8OpBf1KgMj7Sv"


def observe(values: dict[str, str]) -> dict[str, Any]:
    """Return what the processes make of an environment: settings, servers, plan."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "environ", values)
        settings = runpy.run_path(str(ROOT / "config" / "settings.py"))
        server = runpy.run_path(str(ROOT / "config" / "gunicorn.conf.py"))
        trusted = runpy.run_path(gunicorn.config.__file__)["ForwardedAllowIPS"].default
        plan = make_plan(Path(values["VAR_DIR"]), values)
    assert [str(problem) for problem in settings["ENV_PROBLEMS"]] == []
    return {
        **{name: value for name, value in settings.items() if name.isupper()},
        "server": (server["workers"], server["threads"], trusted),
        "plan": [(process.name, process.port) for process in plan.processes],
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that environments name."""
    made = tmp_path_factory.mktemp("environments")
    (made / "other.env").write_text("LOG_LEVEL=DEBUG\n")
    (made / "keys").write_text(OTHERS["TOKEN_KEYS"])
    return made


@pytest.fixture(scope="module")
def observed(folder: Path) -> dict[str, Any]:
    """Return what is made of the environment that each name is compared with."""
    return observe({**BASE, "VAR_DIR": str(folder)})


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_name_in_the_example_changes_something(
    name: str, folder: Path, observed: dict[str, Any]
) -> None:
    base, before = {**BASE, "VAR_DIR": str(folder)}, observed
    for other in INSTEAD_OF.get(name, []):
        base.pop(other)
        before = observe(base) if other in CREDENTIALS else before

    after = observe({**base, name: another_value(name, folder)})

    assert after != before


def test_somebody_reads_every_setting() -> None:
    text = (ROOT / "config" / "settings.py").read_text("utf-8")
    names = set(re.findall(r"^([A-Z][A-Z_]+)\b(?:,| =)", text, re.MULTILINE))
    code = "\n".join(
        path.read_text("utf-8")
        for folder in ("config", "integrations")
        for path in sorted((ROOT / folder).rglob("*.py"))
    )

    unread = {
        name
        for name in names
        if not (hasattr(global_settings, name) or name.startswith(FOREIGN))
        and f"settings.{name}" not in code
        and len(re.findall(rf"\b{name}\b", text)) == 1
    }

    assert unread == set()
