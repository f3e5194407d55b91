"""Say how long a long sync takes, as far as anybody can know, and why."""

import math
from datetime import datetime, timedelta

from django.conf import settings

from integrations.models import Connection, SyncRun
from integrations.models.wording import count_text
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import ReadsContent
from integrations.services.common.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError

# A shorter sync is over before anybody wonders.
LONG = timedelta(seconds=20)
USABLE = "What is read can be used at once."
OPENED_FIRST = "The text of what you open is read first."


def time_text(
    connection: Connection,
    run: SyncRun | None,
    *,
    read: int | None,
    total: int | None,
    now: datetime,
) -> str:
    """Return what is allowed, and about how long the rest takes; empty if it is short.

    ``read`` and ``total`` are of the items, where the provider tells how many there
    are.
    """
    if run is None or not run.is_working or run.started_at is None:
        return ""
    elapsed = now - run.started_at
    if elapsed < LONG:
        return ""
    name = connection.provider_name
    if read and total and read < total:
        left = f"About {_duration(elapsed * ((total - read) / read))} to go."
    elif total:
        left = ""
    else:
        left = f"{count_text(run.seen, 'item')} in {_duration(elapsed)} so far"
        # How many have changed is told by nobody.
        rest = f"; how many there are, {name} does not say beforehand."
        is_whole = run.is_full or connection.last_synced_at is None
        left += rest if is_whole else "."
    opened = OPENED_FIRST if _has_texts(connection) else ""
    return " ".join(filter(None, (_limit_text(connection), left, USABLE, opened)))


def _has_texts(connection: Connection) -> bool:
    connector: object = CONNECTORS.get(connection.provider)
    return isinstance(connector, ReadsContent)


def _limit_text(connection: Connection) -> str:
    slug = connection.provider
    try:
        with connector_boundary("limits", connection=connection.pk):
            limits = CONNECTORS[slug].limits(
                connection.remote_id, settings.PROVIDERS[slug]
            )
    except ConnectorError:
        return ""
    if not limits:
        return ""
    calls = max(1, int(limits[0].limit / limits[0].seconds + 0.5))
    allowed = count_text(calls, "call")
    return f"{connection.provider_name} allows about {allowed} a second."


def _duration(span: timedelta) -> str:
    minutes = math.ceil(span.total_seconds() / 60)
    if minutes < 90:
        return count_text(minutes, "minute")
    return count_text(round(minutes / 60), "hour")
