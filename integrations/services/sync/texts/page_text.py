"""Read the texts of items that have one, within a budget, after their lists."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    Forbidden,
    NotFound,
    RateLimited,
    Transient,
    Unauthorized,
    is_refusal,
)
from integrations.models import Item, ItemContent, times
from integrations.models.reasons import PASSING, Reason, ReasonCode, columns
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import ReadsContent
from integrations.providers.records import Content
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.items.search import full_text
from integrations.services.items.storage import contents
from integrations.services.items.storage.contents import SETTLES
from integrations.services.sync import failures, retries
from integrations.services.sync.calls import clock
from integrations.services.sync.leases.lease import RunLease

logger = logging.getLogger(__name__)

CHUNK = 20
MISTAKEN_FOR = timedelta(days=1)
# What failed for a passing reason is tried again after this, by a run that tries again
# much sooner; so many in a row are no fault of the texts, and the rest is left to the
# next sync.
PASSING_FOR, MOST_IN_A_ROW = timedelta(hours=1), 3
RETRIED_FOR = timedelta(seconds=30)
IS_DEFERRED = Q(content__reason__in=PASSING)
NOTHING = Content(blocks=(), text="")


def read_due(lease: RunLease) -> float | None:
    """Read texts that are missing or old; return 0 when the slice is over before.

    A run reads at most ``CONTENT_PAGES_PER_RUN``; the next one goes on.
    """
    connector = CONNECTORS[lease.connection.provider]
    if not isinstance(connector, ReadsContent):
        return None
    budget = settings.CONTENT_PAGES_PER_RUN - int(lease.run.texts)
    in_a_row = 0
    while budget > 0:
        due = list(_due(lease, connector.content_types)[: min(CHUNK, budget)])
        if not due:
            return None
        for item in due:
            in_a_row = 0 if _read(lease, connector, item) else in_a_row + 1
            budget -= 1
            if in_a_row == MOST_IN_A_ROW:
                return None
            if lease.is_over:
                return 0.0
    return None


def _due(lease: RunLease, types: Sequence[str]) -> QuerySet[Item]:
    """Return live items whose text is due, what was edited last first."""
    now = clock.provider_time(lease, timezone.now())
    return (
        Item.objects.live()
        .select_related("collection__connection")
        .filter(
            _stale(now, is_retry=_is_retry(lease)),
            connection=lease.connection,
            type__in=list(types),
        )
        # What failed comes last, or it would keep the others from their turn.
        .order_by(
            Case(When(IS_DEFERRED, then=F("content__read_at"))).asc(nulls_first=True),
            F("remote_updated_at").desc(nulls_last=True),
            "-pk",
        )
    )


def _is_retry(lease: RunLease) -> bool:
    """Tell whether the run tries again what the one before has left, whoever asked."""
    return 0 < lease.connection.failed_syncs < retries.MOST_ATTEMPTS


def _stale(now: datetime, *, is_retry: bool = False) -> Q:
    passing_for = RETRIED_FOR if is_retry else PASSING_FOR
    odd_for = RETRIED_FOR if is_retry else MISTAKEN_FOR
    unsettled = Q(
        content__read_at__lt=F("remote_updated_at") + SETTLES,
        remote_updated_at__lt=now - SETTLES,
    )
    # It was no fault of the item's, and may be mended by now.
    mistaken = Q(content__reason=ReasonCode.CONNECTOR_ERROR) & (
        Q(content__read_at__lt=now - MISTAKEN_FOR)
        | times.ahead("content__read_at", now)
    )
    # By the provider's clock, which is measured anew by each run.
    lately = now + times.CLOCK_SKEW
    tried = Q(content__read_at__gte=now - passing_for, content__read_at__lte=lately)
    # An odd answer may be odd for good, and be a large one.
    tried |= Q(
        content__reason=ReasonCode.ODD_ANSWER,
        content__read_at__gte=now - odd_for,
        content__read_at__lte=lately,
    )
    is_old = Q(content__read_for__lt=F("remote_updated_at"))
    return Q(content__isnull=True) | Q(
        (IS_DEFERRED & ~tried) | (~IS_DEFERRED & (mistaken | is_old | unsettled))
    )


def is_due(item: Item) -> bool:
    """Tell whether an item's text is missing, old, or was read too soon."""
    skew = timedelta(seconds=max(clock.known_skew(item.provider), 0.0))
    return Item.objects.filter(_stale(timezone.now() - skew), pk=item.pk).exists()


def _read(lease: RunLease, connector: ReadsContent, item: Item) -> bool:
    """Read one text within a run, which counts it; False when it has to wait."""
    try:
        content, reason = fetch(connector, lease.api, item)
    except Transient as exc:
        if not is_refusal(exc) and not _is_long_wait(exc):
            raise
        _defer(lease, item, exc)
        return False
    with transaction.atomic():
        lease.count_text()
        lease.renew()
        now = clock.provider_time(lease, timezone.now())
        store(item, content, reason=reason, now=now)
    return True


def _is_long_wait(exc: Transient) -> bool:
    wait = exc.retry_after if isinstance(exc, RateLimited) else None
    return wait is not None and wait > failures.LONGEST_PAUSE


def _defer(lease: RunLease, item: Item, exc: Transient) -> None:
    """Note why a text could not be read yet; one that was read before is kept.

    The first time the run is tried again soon; what keeps failing is left to the
    schedule, or it would never end.
    """
    reason = failures.reason_of(exc)
    is_new = not ItemContent.objects.filter(item=item, reason__in=PASSING).exists()
    logger.warning("text left item=%s why=%s", item.pk, reason.code)
    noted = {
        **columns(reason),
        "read_at": clock.provider_time(lease, timezone.now()),
    }
    read_for = item.remote_updated_at or item.first_seen_at
    with transaction.atomic():
        lease.renew()
        ItemContent.objects.update_or_create(
            item=item,
            defaults=noted,
            create_defaults={**noted, "read_for": read_for},
        )
        if (is_new or _is_retry(lease)) and not _is_long_wait(exc):
            lease.run.texts_left = reason.code
            lease.run.save(update_fields=["texts_left"])


def fetch(
    connector: ReadsContent, api: ApiClient, item: Item
) -> tuple[Content, Reason | None]:
    """Return an item's text, or why it cannot be read, so that others get a turn.

    What is not the item's own is raised: Transient, Unauthorized.
    """
    try:
        with connector_boundary("fetch_content", item=item.pk):
            return connector.fetch_content(api, item.remote_id), None
    except (Transient, Unauthorized):
        raise
    except ApiError as exc:
        reason = failures.reason_of(exc)
        if not isinstance(exc, NotFound | Forbidden):
            logger.warning("text not read item=%s why=%s", item.pk, reason.code)
        return NOTHING, reason


def store(
    item: Item, content: Content, *, reason: Reason | None, now: datetime
) -> None:
    """Store a text, or why there is none, and what can be found by it.

    The item is locked before its text, as by whoever notes something beside it.
    """
    locked = Item.objects.select_for_update(no_key=True).filter(pk=item.pk)
    list(locked.values_list("pk"))
    kept, _ = ItemContent.objects.update_or_create(
        item=item,
        defaults={
            "blocks": list(content.blocks)[: contents.MOST_BLOCKS],
            "text": content.text[: contents.TEXT_LENGTH],
            "is_truncated": contents.is_cut(content),
            **columns(reason),
            "read_for": item.remote_updated_at or item.first_seen_at,
            "read_at": now,
        },
    )
    full_text.index({}, {item.pk: contents.words_of(kept)})
