"""Make API clients: limits shared by all workers, a token asked for at every call."""

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from integrations.http.client import ApiClient, never
from integrations.http.limits import Limiter, RedisLimiter
from integrations.http.secrets import Secret
from integrations.models import Connection
from integrations.providers import CONNECTORS
from integrations.services.common import oauth_clients

# A hanging Redis costs this many seconds once, then limits are counted locally.
REDIS_TIMEOUT = 0.5


@lru_cache(maxsize=1)
def limiter() -> Limiter:
    """Return the limiter of this process; its counts are shared through Redis."""
    client = Redis.from_url(
        settings.CACHE_URL,
        socket_timeout=REDIS_TIMEOUT,
        socket_connect_timeout=REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), 1),
    )
    return RedisLimiter(client)


def _client(
    provider: str,
    account_id: str,
    *,
    token: Callable[[], Secret],
    on_unauthorized: Callable[[Secret], bool],
) -> ApiClient:
    connector = CONNECTORS[provider]
    configured = settings.PROVIDERS[provider]
    return ApiClient(
        base_url=configured.api_url,
        token=token,
        on_unauthorized=on_unauthorized,
        transport=oauth_clients.transport(),
        limiter=limiter(),
        limits=connector.limits(account_id, configured) if account_id else (),
        headers=connector.headers(configured),
        correlation_headers=connector.correlation_headers,
        classify=connector.classify,
        timeouts=oauth_clients.timeouts(),
        may_look_ahead=True,
    )


class TokenGiver(Protocol):
    """Give a token for every attempt, and say after a 401 whether to try again."""

    def __call__(self) -> Secret:
        """Return the access token to send."""
        ...

    def renew(self, rejected: Secret) -> bool:
        """Answer a 401."""
        ...


def api_client(connection: Connection, tokens: TokenGiver) -> ApiClient:
    """Return a client that acts for one connection; only workers may use it."""
    return _client(
        connection.provider,
        connection.remote_id,
        token=tokens,
        on_unauthorized=tokens.renew,
    )


def api_client_for_new_grant(provider: str, access_token: Secret) -> ApiClient:
    """Return a client for a grant that has no connection yet."""
    return _client(provider, "", token=lambda: access_token, on_unauthorized=never)
