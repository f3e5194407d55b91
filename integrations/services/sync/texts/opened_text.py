"""Read the text of an item that somebody has opened, before its turn comes."""

import logging
from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from integrations.http.errors import ApiError
from integrations.models import Connection, Item, times
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import ReadsContent
from integrations.services.common import queue
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.errors import NoTokenError
from integrations.services.grants.tokens import TokenSource
from integrations.services.sync.calls import spend
from integrations.services.sync.texts import page_text

logger = logging.getLogger(__name__)

# Whoever looks again within this time asks for nothing more.
ASKED_FOR = timedelta(minutes=5)
# A worker takes it up at once, or the runs read it in its turn.
PATIENCE = timedelta(minutes=1)


def ask(item: Item) -> bool:
    """Have an item's text read now; say whether it is still worth waiting for."""
    if item.is_deleted or not item.connection.is_syncable:
        return False
    now, key = timezone.now(), f"opened-text:{item.pk}"
    # As a number, because Redis keeps JSON.
    if cache.add(key, now.timestamp(), timeout=ASKED_FOR.total_seconds()):
        seconds = PATIENCE.total_seconds()
        is_sent = queue.send("sync_opened_text", item.pk, expires=seconds)
        if not is_sent:
            cache.delete(key)
        return is_sent
    noted = cache.get(key)
    is_noted = isinstance(noted, int | float)
    asked_at = datetime.fromtimestamp(noted, UTC) if is_noted else None
    return not times.is_over(asked_at, PATIENCE, now)


def read(item_id: int) -> None:
    """Read one text, unless it is read already; what fails is left to the runs."""
    items = Item.objects.live().select_related("connection")
    item = items.filter(pk=item_id).first()
    connector: object = CONNECTORS.get(item.provider) if item else None
    if item is None or not isinstance(connector, ReadsContent):
        return
    connection = item.connection
    if not connection.is_syncable or not page_text.is_due(item):
        return
    api = clients.api_client(connection, TokenSource(connection.pk))
    try:
        content, reason = page_text.fetch(connector, api, item)
    except (ApiError, NoTokenError) as exc:
        logger.info("opened text left item=%s error=%s", item.pk, type(exc).__name__)
        return
    finally:
        spend.note(connection.pk, api.calls)
    with transaction.atomic():
        current = Connection.objects.syncable().select_for_update(no_key=True)
        if current.filter(pk=connection.pk, generation=connection.generation).exists():
            page_text.store(item, content, reason=reason, now=timezone.now())
