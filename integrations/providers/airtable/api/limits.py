"""Rate limits of a base, for everybody; the spec has that of a connection."""

from collections.abc import Sequence

from msgspec.structs import replace

from integrations.http.client import ApiClient
from integrations.http.resilience.limits import Limit

# https://airtable.com/developers/web/api/rate-limits
# 5 a second for one base, for all plans and all callers together. A call too many
# costs 30 seconds, so the window leaves a fifth of a second for late arrivals.
BASE_CALLS, BASE_SECONDS = 5, 1.2


def base_limits(api: ApiClient, base_id: str) -> Sequence[Limit]:
    """Return the limits of a call for one base: the connection's and the base's."""
    return (
        # A 429 speaks of the base; the connection's other bases go on.
        *(replace(limit, blocks=False) for limit in api.limits),
        Limit(key=f"airtable:base:{base_id}", limit=BASE_CALLS, seconds=BASE_SECONDS),
    )
