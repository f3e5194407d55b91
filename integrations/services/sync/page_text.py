"""Read the texts of items that have one, within a budget, after their lists."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from integrations.http.errors import ApiError, Forbidden, NotFound, Transient
from integrations.models import Item, ItemContent
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import ReadsContent
from integrations.providers.records import Content
from integrations.services.items import search
from integrations.services.sync.lease import Slice

logger = logging.getLogger(__name__)

MOST_BLOCKS = 2000
TEXT_LENGTH = 200_000
CHUNK = 20
# Times of change are whole minutes at some providers, and clocks differ: a text that
# was read so soon after a change may lack another one of the same minute.
SETTLES = timedelta(minutes=2)


def read_due(current: Slice) -> float | None:
    """Read texts that are missing or old; return 0 when the slice is over before.

    A run reads at most ``CONTENT_PAGES_PER_RUN``; the next one goes on.
    """
    connector = CONNECTORS[current.connection.provider]
    if not isinstance(connector, ReadsContent):
        return None
    budget = settings.CONTENT_PAGES_PER_RUN - int(current.run.texts)
    while budget > 0:
        due = list(_due(current, connector.content_types)[: min(CHUNK, budget)])
        if not due:
            return None
        for item in due:
            _read(current, connector, item)
            budget -= 1
            if current.is_over:
                return 0.0
    return None


def _due(current: Slice, types: Sequence[str]) -> QuerySet[Item]:
    """Return live items whose text is missing, old, or was read too soon."""
    unsettled = Q(
        content__read_at__lt=F("remote_updated_at") + SETTLES,
        remote_updated_at__lt=timezone.now() - SETTLES,
    )
    stale = (
        Q(content__isnull=True)
        | Q(content__read_for__lt=F("remote_updated_at"))
        | unsettled
    )
    return (
        Item.objects.live()
        .filter(stale, connection=current.connection, type__in=list(types))
        .order_by("-remote_updated_at", "-pk")
    )


def _read(current: Slice, connector: ReadsContent, item: Item) -> None:
    """Read one text; what cannot be read is remembered, so that others get a turn."""
    try:
        content = connector.fetch_content(current.api, item.remote_id)
        reason = ""
    except Transient:
        raise
    except (NotFound, Forbidden) as exc:
        content, reason = Content(blocks=(), text=""), exc.message
    except ApiError as exc:
        logger.warning("text not read item=%s error=%s", item.pk, type(exc).__name__)
        content, reason = Content(blocks=(), text=""), exc.message
    _store(current, item, content, reason=reason, now=timezone.now())


def _store(
    current: Slice, item: Item, content: Content, *, reason: str, now: datetime
) -> None:
    text = content.text[:TEXT_LENGTH]
    with transaction.atomic():
        current.keep(texts=1)
        ItemContent.objects.update_or_create(
            item=item,
            defaults={
                "blocks": list(content.blocks)[:MOST_BLOCKS],
                "text": text,
                "is_truncated": content.is_truncated,
                "reason": reason[:200],
                "read_for": item.remote_updated_at,
                "read_at": now,
            },
        )
        words = search.search_text(item.name, item.properties)
        search.index({}, {item.pk: search.with_content(words, text)})
