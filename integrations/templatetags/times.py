"""Template filters for datetimes and durations: the only way a page shows one.

Every page has one format and one zone, that of whoever looks; the source's own is in
the title. A test forbids Django's filters for it.
"""

from datetime import UTC, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from integrations.models.messages.wording import UNKNOWN_TIME, time_text
from integrations.providers.typed.plain import write_day, write_time
from integrations.services.connections.next_steps import Planned
from integrations.templatetags.quick_html import format_html
from integrations.views.items.parts.values import Shown

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
def exact_time(value: datetime | None, missing: str = UNKNOWN_TIME) -> str | SafeString:
    """Format the exact date and time."""
    return missing if value is None else _time(value, time_text(value))


@register.filter
def plain_time(value: datetime) -> str:
    """Write the exact date and time without markup, for mails and titles."""
    return time_text(value)


@register.filter
def shown_time(value: Shown) -> SafeString:
    """Draw a provider's own datetime or period, made ready by the views."""
    return _element(value.stamp, value.title, value.text)


@register.filter
def duration(value: timedelta | float | None) -> str:
    """Format a duration in its two largest units."""
    if value is None:
        return UNKNOWN_TIME
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


def when_cell(value: datetime | None, missing: str, *, word: str = "") -> str:
    """Draw the cell of a row that says ``word`` and a datetime relative to now.

    The exact time is its title, as in tables: an element of its own in each of a
    hundred cells would be as long as both.
    """
    if value is None:
        return f"<td>{word}{missing}"
    text = _relative((value - timezone.now()).total_seconds(), value)
    return f"<td{_title(value, text)}>{word}{text}"


def _time(value: datetime, text: str) -> SafeString:
    """Draw a datetime whose source tells it in UTC, as ours and the providers' do."""
    told = value.astimezone(UTC).replace(tzinfo=None)
    stamp = f"{told.isoformat(timespec='seconds')}Z"
    return SafeString(f"<time datetime={stamp}{_title(value, text)}>{text}</time>")


def _title(value: datetime, text: str) -> str:
    """Return the attribute that says with a text when exactly: here, and in UTC."""
    zone = timezone.get_current_timezone()
    exact = write_time(value, zone)
    both = (exact,) if str(zone) == "UTC" else (exact, write_time(value, UTC))
    title = " = ".join(dict.fromkeys(each for each in both if each != text))
    # Digits and words of ours alone, with nothing in them to escape.
    return f' title="{title}"' if title else ""


def _element(stamp: str, title: str, text: str) -> SafeString:
    if title:
        return format_html(
            '<time datetime="{}" title="{}">{}</time>', stamp, title, text
        )
    return format_html('<time datetime="{}">{}</time>', stamp, text)


def _relative(seconds: float, value: datetime) -> str:
    distance = abs(seconds)
    if distance < MINUTE:
        return "in a moment" if seconds > 0 else "just now"
    if distance >= 30 * DAY:
        return write_day(timezone.localtime(value))
    unit, name = next(pair for pair in UNITS if distance >= pair[0])
    count = int(distance // unit)
    amount = f"{count} {name}{'' if count == 1 else 's'}"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"
