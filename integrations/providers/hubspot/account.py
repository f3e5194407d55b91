"""Find out whose grant it is: the portal, the user, the granted scopes."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.http.errors import ApiError, InvalidResponse, Unauthorized
from integrations.http.resilience.limits import Limit
from integrations.http.responses.shape import expect_object
from integrations.oauth.client import OAuthClient
from integrations.oauth.errors import (
    NotSent,
    OAuthError,
    OutcomeUnknown,
    TokenServerError,
)
from integrations.oauth.tokens import Introspection, TokenSet
from integrations.providers.connector import NewGrant
from integrations.providers.hubspot.mapping.items import (
    DEFAULT_UI_DOMAIN,
    is_hubspot_host,
)
from integrations.providers.records import RemoteAccount
from integrations.providers.typed.values import one_line, to_scopes

logger = logging.getLogger(__name__)


def identify(
    grant: NewGrant, *, limits: Callable[[str], Sequence[Limit]]
) -> RemoteAccount:
    """Join what the token answer, its introspection and the portal itself say.

    The token answer names the portal, but not always the user: then introspection
    is needed, otherwise it only adds names and may fail.
    """
    tokens = grant.tokens
    hub_id, user_id = (_number(tokens.raw.get(key)) for key in ("hub_id", "user_id"))
    about = _introspect(grant.oauth, tokens, is_needed=not (hub_id and user_id))
    told = _number(about.get("hub_id"))
    if hub_id and told and hub_id != told:
        raise InvalidResponse("HubSpot names two portals for one token")
    hub_id = hub_id or told
    user_id = user_id or _number(about.get("user_id"))
    if not hub_id or not user_id:
        raise InvalidResponse("HubSpot does not say whose token this is")
    account_id = f"{hub_id}:{user_id}"
    portal = _fetch_portal(grant, limits(account_id), hub_id)
    scopes = (
        tokens.scopes if tokens.scopes is not None else to_scopes(about.get("scopes"))
    )
    details = _details(about, portal) | {"hub_id": hub_id, "user_id": user_id}
    return RemoteAccount(
        remote_id=account_id,
        name=one_line(portal.get("portalName"))
        or one_line(about.get("hub_domain"))
        or f"HubSpot {hub_id}",
        scopes=scopes,
        details=details if scopes is None else details | {"scopes": list(scopes)},
    )


def _introspect(
    oauth: OAuthClient, tokens: TokenSet, *, is_needed: bool
) -> Mapping[str, Any]:
    ask = _ask_patiently if is_needed else _ask
    try:
        about = ask(oauth, tokens)
    except OAuthError as exc:
        if is_needed:
            raise InvalidResponse("HubSpot does not say whose token this is") from exc
        return {}
    return about.fields if about.active else {}


def _ask(oauth: OAuthClient, tokens: TokenSet) -> Introspection:
    return oauth.introspect(tokens.access_token, "access_token")


def _ask_patiently(oauth: OAuthClient, tokens: TokenSet) -> Introspection:
    """Ask, and once more after a passing failure: asking spends nothing.

    Without the answer the new grant would be given back.
    """
    try:
        return _ask(oauth, tokens)
    except (TokenServerError, NotSent, OutcomeUnknown):
        return _ask(oauth, tokens)


def _fetch_portal(
    grant: NewGrant, limits: Sequence[Limit], hub_id: str
) -> Mapping[str, Any]:
    """Return the portal's details; nothing when there are none, or another's.

    They only add names, a time zone and a currency: whatever is wrong with them, a
    grant is not given back for it. Only a refused token says something about it.
    """
    try:
        path = f"/account-info/{grant.settings.version}/details"
        answer = grant.api.get(path, limits=limits)
        portal = expect_object(answer, "account details")
    except Unauthorized:
        raise
    except ApiError as exc:
        logger.info("no account details error=%s", type(exc).__name__)
        return {}
    return portal if _number(portal.get("portalId")) == hub_id else {}


def _details(about: Mapping[str, Any], portal: Mapping[str, Any]) -> dict[str, Any]:
    ui_domain = portal.get("uiDomain")
    return {
        "ui_domain": ui_domain if is_hubspot_host(ui_domain) else DEFAULT_UI_DOMAIN,
        "time_zone": one_line(portal.get("timeZone")),
        "currency": one_line(portal.get("companyCurrency")),
        "account_type": one_line(portal.get("accountType")),
        "hub_domain": one_line(about.get("hub_domain")),
        "user_email": one_line(about.get("user")),
    }


def _number(value: object) -> str:
    """Return a numeric id as text, empty when it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return value.lstrip("0")
    return ""
