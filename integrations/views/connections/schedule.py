"""Describe how often a connection is synced, and offer other schedules."""

from typing import Any

from django.conf import settings

from integrations.forms import FULL_REFRESHES, INTERVALS
from integrations.models import Connection
from integrations.models.messages.wording import count_text
from integrations.services.connections import next_steps
from integrations.services.connections.status import Status


def interval_text(minutes: int) -> str:
    """Return how often changes are looked for."""
    return INTERVALS.get(minutes) or f"Every {count_text(minutes, 'minute')}"


def full_refresh_text(hours: float | None) -> str:
    """Return how often everything is read."""
    hours = hours or settings.FULL_REFRESH_HOURS
    known = FULL_REFRESHES.get(int(hours)) or ("Every hour" if hours == 1 else "")
    return known or f"Every {hours:g} h"


def schedule_text(connection: Connection, status: Status) -> str:
    """Return both, the second only when it is not as usual, and from when on."""
    if not connection.is_connected:
        return "None"
    text = interval_text(connection.sync_interval_minutes)
    hours = connection.full_refresh_hours
    if hours is not None:
        text += f"; everything {full_refresh_text(hours).lower()}"
    until = next_steps.stopped_until(status.facts, status.condition)
    return f"{text}, {until[0].lower()}{until[1:]}" if until else text


def interval_choices(connection: Connection) -> list[dict[str, Any]]:
    """Return the intervals to choose from, the present one marked."""
    if not connection.is_connected:
        return []
    current = connection.sync_interval_minutes
    options = {**INTERVALS, current: interval_text(current)}
    return [
        {"value": minutes, "label": options[minutes], "selected": minutes == current}
        for minutes in sorted(options)
    ]


def full_refresh_choices(connection: Connection) -> list[dict[str, Any]]:
    """Return how often everything may be read, first as often as usual."""
    current = connection.full_refresh_hours
    usual = f"As usual ({full_refresh_text(None).lower()})"
    options = [(None, usual), *FULL_REFRESHES.items()]
    return [
        {"value": hours or "", "label": label, "selected": hours == current}
        for hours, label in options
    ]
