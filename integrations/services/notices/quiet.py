"""Quiet hours: when a user wants no mail, in the user's own time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from integrations.models import NoticeSettings
from integrations.models.accounts.preferences import to_zone, zone_of


def zone_for(chosen: NoticeSettings) -> ZoneInfo:
    """Return the zone of a user: the account's, else the browser's, else UTC."""
    return zone_of(chosen.user) or to_zone(chosen.browser_zone) or ZoneInfo("UTC")


def quiet_until(chosen: NoticeSettings, now: datetime) -> datetime | None:
    """Return when the quiet hours end that it is in now, None outside of them."""
    start, end = chosen.quiet_from, chosen.quiet_until
    if start is None or end is None or start == end:
        return None
    local = now.astimezone(zone_for(chosen))
    clock = local.time().replace(tzinfo=None)
    is_over_midnight = start > end
    if is_over_midnight:
        is_quiet = clock >= start or clock < end
    else:
        is_quiet = start <= clock < end
    if not is_quiet:
        return None
    days = 1 if is_over_midnight and clock >= start else 0
    day = local.date() + timedelta(days=days)
    until = datetime.combine(day, end, tzinfo=local.tzinfo)
    if until.astimezone(UTC) <= now:
        # Clocks went back over it, and it comes once more.
        until = until.replace(fold=1)
    return until.astimezone(UTC)
