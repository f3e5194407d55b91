"""Choose the time zone that a value is shown in."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from integrations.providers.airtable.fields import Format, result_of

# Airtable's words for "whoever looks" and for UTC, which are no names of zones.
_NO_ZONES: Final = frozenset({"", "client", "utc"})


def zone_of(account: Mapping[str, Any], told: Format) -> tzinfo:
    """Return the zone of whoever looks if it is known, else the field's, else UTC."""
    for name in (account.get("time_zone"), result_of(told).get("time_zone")):
        if isinstance(name, str) and name not in _NO_ZONES:
            try:
                return ZoneInfo(name)
            except (KeyError, ValueError, OSError):
                continue
    return UTC
