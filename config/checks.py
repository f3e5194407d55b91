"""System checks of the settings: wrong or unsafe ones, by name and never by value."""

import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

logger = logging.getLogger(__name__)

TAG = "mooring"


@checks.register(TAG)
def check_environment(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Report every variable that the reader refused."""
    return [
        checks.Error(str(problem), hint=problem.hint or None, id=problem.id)
        for problem in settings.ENV_PROBLEMS
    ]


@checks.register(TAG)
def check_public_address(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Refuse what is fine on one's own machine and nowhere else."""
    if settings.IS_DEVELOPMENT_ADDRESS:
        return []
    found: list[checks.CheckMessage] = []
    if settings.DEBUG:
        found.append(_error("E012", "DEBUG is on at a public address.", "Unset it."))
    if not settings.PUBLIC_BASE_URL.startswith("https:"):
        found.append(
            _error(
                "E013",
                "PUBLIC_BASE_URL is plain http to another machine.",
                "Use https; plain http is for loopback hosts only.",
            )
        )
    if _is_weak(settings.SECRET_KEY):
        found.append(
            _error(
                "E011",
                "SECRET_KEY is too short or too regular to keep a secret.",
                "Use 50 random characters; `make run` writes such a key to .env.",
            )
        )
    if settings.SANDBOX_URL:
        found.append(
            checks.Warning(
                "SANDBOX is on at a public address.",
                hint="Users would connect to simulated accounts. Set SANDBOX=off.",
                id="mooring.W001",
            )
        )
    if not settings.IS_PROXY_COUNT_SET:
        found.append(
            checks.Warning(
                "TRUSTED_PROXY_COUNT is not set at a public address.",
                hint="Behind a proxy the limits per address count everybody as one "
                "visitor. Set how many proxies add to X-Forwarded-For; 0 for none.",
                id="mooring.W003",
            )
        )
    if connection.vendor == "sqlite":
        found.append(
            checks.Warning(
                "DATABASE_URL names SQLite, which serves one small machine.",
                hint="Use PostgreSQL beyond that; see docs/operations.md.",
                id="mooring.W002",
            )
        )
    return found


@checks.register(TAG, deploy=True)
def check_sign_up(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Refuse accounts for everybody where no mail can prove whose an address is."""
    is_private = settings.IS_DEVELOPMENT_ADDRESS or settings.SIGN_UP == "closed"
    if is_private or settings.IS_MAIL_DELIVERED:
        return []
    return [
        _error(
            "E021",
            "Sign-up is open at a public address, and no mail is sent.",
            "Strangers could open accounts with anybody's address. "
            "Set EMAIL_URL, or SIGN_UP=closed and let staff make the accounts.",
        )
    ]


@checks.register(TAG)
def check_hosts(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Refuse a wildcard host: links would follow whatever a stranger sends."""
    if settings.DEBUG or "*" not in settings.ALLOWED_HOSTS:
        return []
    return [_error("E014", "ALLOWED_HOSTS has a wildcard.", "Name the hosts.")]


@checks.register(TAG)
def check_providers(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Refuse a provider that is configured by half."""
    return [
        _error(
            "E017",
            f"{slug.upper()}_CLIENT_SECRET is missing beside its client id.",
            "Copy both from the provider's app settings.",
        )
        for slug, provider in settings.PROVIDERS.items()
        if provider.client_id and not provider.client_secret
    ]


@checks.register(TAG)
def check_telemetry(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Refuse to send traces without the packages that send them."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT or settings.IS_TELEMETRY_INSTALLED:
        return []
    return [
        _error(
            "E024",
            "OTEL_EXPORTER_OTLP_ENDPOINT needs packages that are not installed.",
            "Run pip install --require-hashes -r requirements-otel.txt",
        )
    ]


def refuse_unsafe_settings() -> None:
    """Stop a server or worker whose settings a command would refuse as well.

    What only deploying refuses, or nothing does, is logged: a site runs with it, and
    not every operator checks before.
    """
    found = checks.run_checks(tags=[TAG])
    errors = [message for message in found if message.is_serious()]
    if errors:
        lines = "\n".join(f"  {error.id}: {error.msg} {error.hint}" for error in errors)
        raise ImproperlyConfigured(f"Refusing to start:\n{lines}")
    for message in checks.run_checks(tags=[TAG], include_deployment_checks=True):
        logger.warning("%s: %s %s", message.id, message.msg, message.hint)


def _error(code: str, message: str, hint: str) -> checks.Error:
    return checks.Error(message, hint=hint, id=f"mooring.{code}")


def _is_weak(key: str) -> bool:
    return len(key) < 32 or len(set(key)) < 8 or key.startswith("django-insecure-")
