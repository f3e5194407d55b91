"""Choose the time zone that a value is shown in."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from integrations.providers.airtable.mapping.fields import Format, result_of
from integrations.providers.connector import VIEWER_ZONE

# https://airtable.com/developers/web/api/field-model
# Airtable's words for UTC, and for the zone of whoever looks, which is no name.
_UTC: Final = "utc"
_VIEWERS: Final = frozenset({"", "client"})


def zone_of(account: Mapping[str, Any], told: Format) -> tzinfo:
    """Return the field's zone, else that of whoever looks, the account's, or UTC."""
    own = result_of(told).get("time_zone")
    for name in (own, account.get(VIEWER_ZONE), account.get("time_zone")):
        if name == _UTC:
            return UTC
        if isinstance(name, str) and name not in _VIEWERS:
            try:
                return ZoneInfo(name)
            except (KeyError, ValueError, OSError):
                continue
    return UTC
