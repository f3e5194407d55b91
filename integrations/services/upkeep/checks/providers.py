"""Checks of the providers: reached, accepted there, within quotas, not ending."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from msgspec.structs import replace

from integrations.http.errors import ApiError
from integrations.http.resilience.clock import date_of
from integrations.http.secrets import Secret
from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models.messages.wording import count_text
from integrations.oauth.errors import ClientRejected, OAuthError
from integrations.providers import SPECS
from integrations.providers.versions import UsedVersion
from integrations.services.common.clients import oauth_clients
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import SEEN, Check, Result, Severity
from integrations.services.upkeep.checks.counting import too_many

TIMEOUTS = Timeouts(connect=3, read=5, total=6)
MAX_BYTES = 256 * 1024
MOST_SECONDS_APART = 60
# No provider issues such a token, so asking to renew it spends nothing.
MADE_UP = Secret("made-up-by-doctor")


def configured() -> list[str]:
    """Return the providers that anybody can connect to."""
    return [slug for slug, each in settings.PROVIDERS.items() if each.is_configured]


def get(url: str) -> Response:
    """Ask an address without any permission; whatever it answers, it is there."""
    request = Request(method="GET", url=url, headers={"Accept": "application/json"})
    return oauth_clients.transport().send(request, TIMEOUTS, MAX_BYTES)


def _of_each(ask: Callable[[str], str]) -> Result:
    """Ask each configured provider at once; return what is wrong, by its name."""
    slugs = configured()
    if not slugs:
        return Result(ok=True)
    with ThreadPoolExecutor(len(slugs)) as pool:
        found = dict(zip(slugs, pool.map(ask, slugs), strict=True))
    bad = {slug: f"{SPECS[slug].name} {said}" for slug, said in found.items() if said}
    return Result(
        ok=not bad,
        found="; ".join(bad.values()),
        facts={"providers": sorted(bad)},
        parts=bad,
    )


def _reachable(_census: Census) -> Result:
    def ask(slug: str) -> str:
        for url in _origins(slug):
            try:
                get(url)
            except ApiError as exc:
                host = urlsplit(url).netloc
                return f"is not reached at {host} ({exc.code or type(exc).__name__})"
        return ""

    return _of_each(ask)


def _origins(slug: str) -> Iterator[str]:
    """Yield one address of each server that a provider has."""
    provider, known = settings.PROVIDERS[slug], set()
    for url in (provider.api_url, provider.token_url):
        origin = urlsplit(url)[:2]
        if origin not in known:
            known.add(origin)
            yield url


def _provider_dates(_census: Census) -> Result:
    def ask(slug: str) -> str:
        try:
            answer = get(settings.PROVIDERS[slug].api_url)
        except ApiError:
            return ""
        date = date_of(answer.headers)
        if date is None:
            return ""
        apart = round((datetime.now(UTC) - date).total_seconds())
        if abs(apart) <= MOST_SECONDS_APART:
            return ""
        return (
            f"has a clock {abs(apart)} s {'behind' if apart > 0 else 'ahead of'} ours"
        )

    return _of_each(ask)


def _client_credentials(_census: Census) -> Result:
    def ask(slug: str) -> str:
        client = replace(oauth_clients.oauth_client(slug), token_timeouts=TIMEOUTS)
        try:
            client.refresh(MADE_UP)
        except ClientRejected as exc:
            return f"refuses this site's client ({exc.error or exc.status})"
        except OAuthError:
            # The token was refused, as it should be, or nobody answered.
            return ""
        return ""

    return _of_each(ask)


def _redirect_uris(_census: Census) -> Result:
    def wrong(slug: str) -> str:
        expected = settings.PUBLIC_BASE_URL + SPECS[slug].callback_path
        used = settings.PROVIDERS[slug].redirect_uri
        return "" if used == expected else f"sends users to {used}, not to {expected}"

    return _of_each(wrong)


def _providers(_census: Census) -> Result:
    slugs = configured()
    found = "" if slugs else "no provider has a client id"
    return Result(ok=bool(slugs), found=found, facts={"configured": slugs})


def _provider_paused(census: Census) -> Result:
    paused = {
        slug: state.detail
        for slug, state in sorted(census.provider_states.items())
        if state.is_paused or (state.paused_until and state.is_refusal)
    }
    said = {slug: f"refused this site: {slug} ({why})" for slug, why in paused.items()}
    return Result(
        ok=not paused,
        found="; ".join(said.values()),
        facts={"providers": list(paused)},
        parts=said,
    )


def _clock_skew(census: Census) -> Result:
    apart = {
        slug: state.clock_skew_seconds
        for slug, state in sorted(census.provider_states.items())
        if state.clock_skew_seconds
    }
    said = {
        slug: f"our clock is ahead: {seconds} s by {slug}"
        for slug, seconds in apart.items()
    }
    return Result(ok=not apart, found="; ".join(said.values()), facts=apart, parts=said)


def _quota(census: Census) -> Result:
    verbs = ("has nearly used its calls", "have nearly used their calls")
    return too_many(census, "near_quota", "connection", verbs)


def _sunsets(census: Census) -> Result:
    today = census.now.date()
    ending = dict(
        _ending(slug, used, used.days_left(today) or 0)
        for slug in configured()
        for used in SPECS[slug].used_versions(settings.PROVIDERS[slug])
        if used.is_ending(today)
    )
    return Result(
        ok=not ending,
        found="; ".join(ending.values()),
        facts={"ending": len(ending)},
        parts=ending,
    )


def _ending(slug: str, used: UsedVersion, days: int) -> tuple[str, str]:
    """Return what a version's end is told under, and in words; its day is told anew."""
    when = f"ends in {count_text(days, 'day')}" if days > 0 else "has ended"
    said = f"{SPECS[slug].name} {used.name} ({used.purpose}) {when}, set {used.setting}"
    return f"{slug} {used.setting} {'ends' if days > 0 else 'ended'}", said


CHECKS = (
    Check(
        id="providers",
        title="Somebody can connect to something",
        advice="Set the client id and secret of a provider, or SANDBOX=on to try out.",
        probe=_providers,
        severity=Severity.WARNING,
    ),
    Check(
        id="reachability",
        title="Each provider answers",
        advice="Let this machine call out by https; see the provider's status page.",
        probe=_reachable,
        spacing=timedelta(minutes=1),
    ),
    Check(
        id="client_credentials",
        title="Each provider takes this site's client",
        advice="Copy client id and client secret from the provider's app settings.",
        probe=_client_credentials,
        spacing=timedelta(minutes=5),
        needs=("reachability",),
    ),
    Check(
        id="redirect_uris",
        title="Consents come back to this site",
        advice="Unset the provider's REDIRECT_URI, and register the expected address.",
        probe=_redirect_uris,
        surfaces=SEEN,
    ),
    Check(
        id="provider_dates",
        title="This machine's clock agrees with the providers' now",
        advice="Let a time server set the clock of this machine.",
        probe=_provider_dates,
        spacing=timedelta(minutes=1),
        severity=Severity.WARNING,
        needs=("reachability",),
    ),
    Check(
        id="clock_skew",
        title="The workers' clocks agreed with the providers' at the last sync",
        advice="Let a time server set the clocks of the workers.",
        probe=_clock_skew,
        severity=Severity.WARNING,
        surfaces=SEEN,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="provider_paused",
        title="No provider refuses this site",
        advice="Correct its client id, secret or redirect address in the settings.",
        probe=_provider_paused,
        surfaces=SEEN,
        reads_rows=True,
        needs=("database", "client_credentials"),
    ),
    Check(
        id="quota",
        title="Hardly any connection has nearly used its calls",
        advice="Sync those connections less often, or name their plan on their page.",
        probe=_quota,
        severity=Severity.WARNING,
        surfaces=SEEN,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="sunsets",
        title="No version of an API in use ends within 180 days",
        advice="Update Mooring, or set the version that the provider names.",
        probe=_sunsets,
        severity=Severity.WARNING,
        surfaces=SEEN,
    ),
)
