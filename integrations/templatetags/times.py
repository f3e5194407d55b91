"""Template filters for datetimes and durations, the same on every page."""

from datetime import UTC, date, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.services.connections.next_steps import Planned

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400
UNITS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))


@register.filter
def when(value: datetime | None, missing: str = "Never") -> str | SafeString:
    """Format a datetime relative to now, with the exact time for machines and hover."""
    if value is None:
        return missing
    return _time(value, _relative((value - timezone.now()).total_seconds(), value))


@register.filter
def planned(value: Planned) -> str | SafeString:
    """Format what is said of a time, and the time itself where it is known."""
    if value.at is None:
        return value.text
    return (
        format_html("{} {}", value.text, when(value.at))
        if value.text
        else when(value.at)
    )


@register.filter
def exact_time(value: datetime | None, missing: str = "-") -> str | SafeString:
    """Format the exact date and time."""
    return missing if value is None else _time(value, _exact(value))


@register.filter
def duration(value: timedelta | float | None) -> str:
    """Format a duration in its two largest units."""
    if value is None:
        return "-"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min {seconds % MINUTE:.0f} s"
    return f"{seconds // HOUR:.0f} h {seconds % HOUR // MINUTE:.0f} min"


@register.filter
def milliseconds(value: int | None) -> str:
    """Format the milliseconds that a call took."""
    return duration(None if value is None else value / 1000)


def _time(value: datetime, text: str) -> SafeString:
    stamp = value.astimezone(UTC).isoformat(timespec="seconds")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', stamp, _exact(value), text
    )


def _exact(value: datetime) -> str:
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{_day(local)}, {local:%H:%M} {local.tzname() or ''}".strip()


def _day(value: date) -> str:
    # Django's own format costs five times as much, and a list says many moments.
    return f"{value.day} {value:%b %Y}"


def _relative(seconds: float, value: datetime) -> str:
    distance = abs(seconds)
    if distance < MINUTE:
        return "in a moment" if seconds > 0 else "just now"
    if distance >= 30 * DAY:
        return _day(timezone.localtime(value))
    unit, name = next(pair for pair in UNITS if distance >= pair[0])
    count = int(distance // unit)
    amount = f"{count} {name}{'' if count == 1 else 's'}"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"
