"""Checks of the site: settings, its public address and proxy, mail, administrators."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.contrib.auth.models import User
from django.core import checks as system_checks
from django.core.checks.registry import Tags, registry
from django.core.mail import get_connection

from integrations.http.errors import ApiError
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import Check, Result, Severity
from integrations.services.upkeep.checks.providers import get

# A page of ours that anybody may see, and that is answered behind the proxy's rules.
PAGE, PROBE = "/accounts/login/", "/health/live"
MEANINGS = {
    400: "the proxy does not pass the host on, or ALLOWED_HOSTS lacks it",
    502: "the proxy does not reach this site",
    503: "the site is not told that requests come by https",
    504: "the proxy does not reach this site in time",
}


def _said_by_django() -> Sequence[system_checks.CheckMessage]:
    # Those for a deployment complain of everything that is fine on one's own machine.
    is_public = not settings.IS_DEVELOPMENT_ADDRESS
    found = [*_said_of_models()]
    for check in registry.get_checks(include_deployment_checks=is_public):
        if Tags.models not in check.tags:
            found += check(app_configs=None, databases=None)
    return [
        each
        for each in found
        if each.level >= system_checks.WARNING and not each.is_silenced()
    ]


@cache
def _said_of_models() -> Sequence[system_checks.CheckMessage]:
    """Return what Django says of the models: most of its work, and always the same."""
    return system_checks.run_checks(tags=[Tags.models])


def _settings(_census: Census) -> Result:
    return _judged([each for each in _said_by_django() if each.is_serious()])


def _settings_at_risk(_census: Census) -> Result:
    return _judged([each for each in _said_by_django() if not each.is_serious()])


def _judged(messages: Sequence[system_checks.CheckMessage]) -> Result:
    said = "; ".join(f"{each.id}: {each.msg} {each.hint or ''}" for each in messages)
    ids = [each.id for each in messages]
    return Result(ok=not messages, found=said.strip(), facts={"ids": ids})


def _public_address(_census: Census) -> Result:
    return _answers(PROBE)


def _proxy(_census: Census) -> Result:
    return _answers(PAGE)


def _answers(path: str) -> Result:
    url = f"{settings.PUBLIC_BASE_URL}{path}"
    try:
        status = get(url).status
    except ApiError as exc:
        word = getattr(exc, "code", "") or type(exc).__name__
        return Result(ok=False, found=f"{url} is not reached from here ({word})")
    if status == 200:
        return Result(ok=True)
    meaning = MEANINGS.get(status, "")
    if 300 <= status < 400:
        meaning = "the proxy redirects"
    said = f"{url} answers {status}" + (f": {meaning}" if meaning else "")
    return Result(ok=False, found=said, facts={"status": status})


def _mail(_census: Census) -> Result:
    if not settings.IS_MAIL_DELIVERED:
        return Result(ok=True, facts={"is_delivered": False})
    server = get_connection()
    server.open()
    server.close()
    return Result(ok=True)


def _staff_mail(_census: Census) -> Result:
    is_told = bool(settings.ADMINS) or not settings.IS_MAIL_DELIVERED
    return Result(ok=is_told, found="" if is_told else "ADMIN_EMAILS is not set")


def _administrators(_census: Census) -> Result:
    number = User.objects.filter(is_active=True, is_superuser=True).count()
    found = "" if number else "no active superuser"
    return Result(ok=bool(number), found=found, facts={"superusers": number})


CHECKS = (
    Check(
        id="settings",
        title="The settings are complete and safe",
        advice="Correct the variables that are named; .env.example explains them.",
        probe=_settings,
        spacing=timedelta(minutes=10),
    ),
    Check(
        id="settings_at_risk",
        title="No setting is risky at a public address",
        advice="Correct the variables that are named; .env.example explains them.",
        probe=_settings_at_risk,
        spacing=timedelta(minutes=10),
        severity=Severity.WARNING,
    ),
    Check(
        id="public_address",
        title="The site answers at its public address",
        advice="Start the web processes; let PUBLIC_BASE_URL's name lead to the proxy.",
        probe=_public_address,
        needs_route=True,
        spacing=timedelta(seconds=30),
    ),
    Check(
        id="proxy",
        title="The proxy passes pages on as the site needs them",
        advice="Let it send Host and X-Forwarded-Proto; set FORWARDED_ALLOW_IPS and "
        "TRUSTED_PROXY_COUNT.",
        probe=_proxy,
        spacing=timedelta(seconds=30),
        needs=("public_address",),
    ),
    Check(
        id="mail",
        title="The mail server lets us in",
        advice="Correct EMAIL_URL, or let this machine call out to it.",
        probe=_mail,
        # Servers that let in whom they do not know throttle whoever comes too often.
        spacing=timedelta(minutes=10),
    ),
    Check(
        id="staff_mail",
        title="Somebody is mailed when the site itself has trouble",
        advice="Set ADMIN_EMAILS to the addresses of the operators.",
        probe=_staff_mail,
        severity=Severity.WARNING,
    ),
    Check(
        id="administrators",
        title="Somebody can administer the site",
        advice="Run `manage.py createsuperuser`.",
        probe=_administrators,
        severity=Severity.WARNING,
        reads_rows=True,
        needs=("database",),
    ),
)
