"""API clients: limits shared by all workers, a token asked for at every attempt."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Protocol

from django.conf import settings
from django_redis import get_redis_connection

from integrations.http.client import ApiClient, never
from integrations.http.resilience.limits import Limiter, RedisLimiter
from integrations.http.secrets import Secret
from integrations.models import Connection
from integrations.providers import CONNECTORS
from integrations.services.common import metrics, shutdown
from integrations.services.common.clients import oauth_clients
from integrations.services.common.clients.told_limits import ToldLimits

# Beyond the window of any limit, so that no page is begun anew which only waits for its
# turn in one. Syncs wait in threads, which cost nothing.
LONGEST_SLEEP = 12.0


@lru_cache(maxsize=1)
def limiter() -> Limiter:
    """Return the limiter of this process; it counts in the cache's Redis."""
    return RedisLimiter(
        get_redis_connection(), max_wait=LONGEST_SLEEP, sleep=shutdown.sleep
    )


def _client(
    provider: str,
    account_id: str,
    *,
    token: Callable[[], Secret],
    on_unauthorized: Callable[[Secret], bool],
) -> ApiClient:
    connector = CONNECTORS[provider]
    configured = settings.PROVIDERS[provider]
    told = ToldLimits(
        connector, connector.limits(account_id, configured) if account_id else ()
    )
    return ApiClient(
        base_url=configured.api_url,
        token=token,
        on_unauthorized=on_unauthorized,
        transport=oauth_clients.transport(),
        limiter=limiter(),
        limits=told.limits,
        headers=connector.headers(configured),
        correlation_headers=connector.correlation_headers,
        classify=connector.classify,
        error_forms=connector.spec.error_forms,
        told_limits=told,
        timeouts=oauth_clients.timeouts(),
        may_prefetch=True,
        observe=partial(metrics.count_call, provider),
    )


class TokenSource(Protocol):
    """Source of one connection's access tokens."""

    def __call__(self) -> Secret:
        """Return the access token of this attempt."""
        ...

    def refresh(self, rejected: Secret) -> bool:
        """Return whether a fresher token than `rejected` is worth another attempt."""
        ...


def api_client(connection: Connection, tokens: TokenSource) -> ApiClient:
    """Return a client that acts for one connection; only workers may use it."""
    return _client(
        connection.provider,
        connection.remote_id,
        token=tokens,
        on_unauthorized=tokens.refresh,
    )


def api_client_for_new_grant(provider: str, access_token: Secret) -> ApiClient:
    """Return a client for a grant that has no connection yet."""
    return _client(provider, "", token=lambda: access_token, on_unauthorized=never)
