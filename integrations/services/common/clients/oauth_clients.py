"""OAuth clients made from spec and settings, with the process's one transport."""

from functools import lru_cache

from django.conf import settings

from integrations.http.sending.transport import RequestsTransport, Timeouts, Transport
from integrations.oauth.client import OAuthClient
from integrations.providers import SPECS


@lru_cache(maxsize=1)
def transport() -> Transport:
    """Return the one transport of this process."""
    return RequestsTransport(user_agent=settings.USER_AGENT)


def timeouts() -> Timeouts:
    """Return the deadlines of every outgoing call, in seconds."""
    return Timeouts(
        connect=settings.HTTP_CONNECT_TIMEOUT,
        read=settings.HTTP_READ_TIMEOUT,
        total=settings.HTTP_TOTAL_TIMEOUT,
    )


def token_timeouts() -> Timeouts:
    """Return the deadlines of a call that spends something, in seconds.

    They are long, because the answer comes once: a client that hangs up while the
    provider still works loses a rotated token.
    """
    return Timeouts(
        connect=settings.HTTP_CONNECT_TIMEOUT,
        read=settings.TOKEN_TIMEOUT,
        total=settings.TOKEN_TIMEOUT,
    )


def oauth_client(provider: str) -> OAuthClient:
    """Return a client for exchange, refresh, revoke and introspect."""
    config = SPECS[provider].oauth_config(settings.PROVIDERS[provider])
    return OAuthClient(
        config=config,
        transport=transport(),
        timeouts=timeouts(),
        token_timeouts=token_timeouts(),
    )
