"""Rate limits as a provider's answers tell them, known to every later client."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.core.cache import cache
from msgspec.structs import replace

from integrations.http.resilience.limits import Limit
from integrations.providers.connector import BaseConnector

LIFE_SECONDS: Final = 24 * 3600


class ToldLimits:
    """Limits of one account: those configured, until an answer tells others.

    What was told is cached, or each client would begin with one call too many where
    the provider grants fewer than usual.
    """

    def __init__(self, connector: BaseConnector, configured: Sequence[Limit]) -> None:
        """Begin with what was told last, else with what is configured."""
        self._connector = connector
        self._configured = tuple(configured)
        self.limits: Sequence[Limit] = tuple(map(_told_last, self._configured))

    def __call__(
        self, limits: Sequence[Limit], headers: Mapping[str, str]
    ) -> Sequence[Limit]:
        """Return what an answer's headers make of the limits, and remember it."""
        told = self._connector.told_limits(self._configured, headers)
        if told is self._configured or tuple(told) == tuple(limits):
            return limits
        for limit in told:
            cache.set(_key(limit), [limit.limit, limit.seconds], timeout=LIFE_SECONDS)
        return told


def _told_last(limit: Limit) -> Limit:
    told = cache.get(_key(limit))
    if not isinstance(told, list) or len(told) != 2:
        return limit
    calls = told[0] if limit.may_rise else min(told[0], limit.limit)
    return replace(limit, limit=calls, seconds=told[1])


def _key(limit: Limit) -> str:
    return f"told:{limit.key}"
