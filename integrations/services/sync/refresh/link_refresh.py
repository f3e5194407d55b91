"""Read the links of stored items again, where a provider changes them without a date.

No incremental sync can find such a change. So every sync goes on with a pass over the
links of all items, a thousand at a call, and reads again only the items whose links
are not as they are stored. What it spends is metered by the generic cell rate
algorithm: each call moves a time on by its share of the day.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from django.db import transaction
from django.db.models import F
from django.db.models.fields.json import KeyTransform
from django.utils import timezone

from integrations.http.errors import ApiError, RateLimited, Transient, Unauthorized
from integrations.models import Collection, Connection, Item, times
from integrations.models.collection import Completeness
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import ReadsItems, ReadsLinks
from integrations.providers.connector import CollectionContext
from integrations.providers.stored import StoredItem
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.database import row_locks
from integrations.services.sync import failures
from integrations.services.sync.calls import budget
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh.context import context_of
from integrations.services.sync.stored import single_items

# Of the calls of a day.
SHARE = 0.02
# What was not spent for so long may be spent at once.
BURST = timedelta(hours=1)
# Syncs follow each other closely when a user wants it; links need not.
FRESH_FOR = timedelta(minutes=10)
# A window of a rate limit; longer waits are left to the next sync, because this one
# has read all that it had to.
LONGEST_WAIT_SECONDS = 15.0
COLUMNS = (
    *("remote_id", "type", "changed_at", "remote_updated_at", "parent_remote_id"),
    "digest",
)


@runtime_checkable
class LinkReader(ReadsLinks, ReadsItems, Protocol):
    """A connector that compares links, and reads the items that have others."""


def read_due(lease: RunLease) -> float | None:
    """Go on with the passes over links that are due; return 0 when the slice is over.

    What fails here is left to the next sync, and the age of the links is shown.
    """
    connector: object = CONNECTORS[lease.connection.provider]
    if not isinstance(connector, LinkReader):
        return None
    for collection in _due(lease, connector):
        try:
            with connector_boundary("links", collection=collection.pk):
                has_ended = _read(lease, connector, collection)
        except Unauthorized:
            raise
        except ApiError as exc:
            lease.roll_back()
            if is_short_wait(exc):
                raise
            failures.log("links not read", lease, collection, exc)
            if isinstance(exc, Transient):
                return None
            continue
        if not has_ended:
            return 0.0 if lease.is_over else None
    return None


def is_short_wait(exc: ApiError) -> bool:
    """Tell whether an error is a wait that the run may as well sit out."""
    wait = exc.retry_after if isinstance(exc, RateLimited) else None
    return wait is not None and wait <= LONGEST_WAIT_SECONDS


def _due(lease: RunLease, connector: ReadsLinks) -> list[Collection]:
    """Return the collections with links that are under way, old, or asked for."""
    chosen = lease.connection.collections.filter(
        is_selected=True,
        misses__lt=Collection.MOST_MISSES,
        first_full_refresh_at__isnull=False,
    )
    readable = chosen.exclude(completeness=Completeness.NO_PERMISSION)
    waiting_longest = readable.order_by(
        # Whichever took long is not the first one again.
        F("links_pass_began_at").asc(nulls_last=True),
        F("links_read_at").asc(nulls_first=True),
    )
    return [
        each
        for each in waiting_longest.select_related("connection")
        if _is_due(lease, each) and connector.link_properties(context_of(each))
    ]


def _is_due(lease: RunLease, collection: Collection) -> bool:
    known = collection.links_read_at
    if collection.links_pass_began_at is not None or known is None:
        return True
    began = lease.run.started_at or lease.run.queued_at
    # The full refresh of this very run has read them all, by the provider's clock.
    last = collection.last_full_refresh_at
    is_read = known >= began or (last is not None and last >= began)
    is_asked_for = lease.run.is_interactive and not is_read
    return is_asked_for or times.is_over(known, FRESH_FOR, timezone.now())


def _read(lease: RunLease, connector: LinkReader, collection: Collection) -> bool:
    """Go on with one pass; tell whether it has come to its end."""
    context = context_of(collection)
    if collection.links_pass_began_at is None:
        collection.links_pass_began_at = timezone.now()
        collection.links_position = ""
    while True:
        if calls_left(lease.connection, timezone.now()) < 1:
            return False
        if step(lease, connector, collection, context):
            return True
        if lease.is_over:
            return False


def calls_left(connection: Connection, now: datetime) -> float:
    """Return how many calls for links may be made at once."""
    return (now - _paid_until(connection, now)) / _call_interval(connection)


def _paid_until(connection: Connection, now: datetime) -> datetime:
    paid, oldest = connection.link_calls_paid_until, now - BURST
    if paid is None or times.is_ahead(paid, now, longest=BURST):
        return oldest
    return max(paid, oldest)


def _call_interval(connection: Connection) -> timedelta:
    return timedelta(days=1) / (budget.calls_a_day(connection) * SHARE)


def step(
    lease: RunLease,
    connector: LinkReader,
    collection: Collection,
    context: CollectionContext,
) -> bool:
    """Compare the links of the next items, and pay for that.

    Returns whether those were the last. Raises what the connector raises.
    """
    calls_before, limit = lease.api.calls, connector.links_per_call
    found = _next(collection, connector.link_properties(context), limit)
    items, digests = [item for item, _ in found], {i.id: each for i, each in found}
    changed = set(connector.fetch_relinked(lease.api, context, items)) if items else ()
    again = [item for item in items if item.id in changed]
    shown = connector.fetch_items(lease.api, context, again).items if again else ()
    is_end, now = len(found) < limit, timezone.now()
    with transaction.atomic():
        row_locks.lock_connection(lease.connection)
        single_items.store_unchanged(lease, collection, shown, digests=digests, now=now)
        _pay(lease.connection, lease.api.calls - calls_before, now)
        lease.renew()
        _move_on(collection, None if is_end else items[-1].id)
    return is_end


def _next(
    collection: Collection, names: Sequence[str], limit: int
) -> list[tuple[StoredItem, str]]:
    """Return the next items, of their properties only the links, and their digests."""
    links = {
        f"link_{number}": KeyTransform(name, "properties")
        for number, name in enumerate(names)
    }
    rows = single_items.behind(collection, collection.links_position or "")
    return [
        (single_items.to_stored(collection, row, _links_of(row, names)), row.digest)
        for row in rows.only(*COLUMNS).annotate(**links)[:limit]
    ]


def _links_of(row: Item, names: Sequence[str]) -> dict[str, Any]:
    links = {name: getattr(row, f"link_{n}") for n, name in enumerate(names)}
    return {name: ids for name, ids in links.items() if ids is not None}


def _pay(connection: Connection, calls: int, now: datetime) -> None:
    paid = _paid_until(connection, now) + calls * _call_interval(connection)
    connection.link_calls_paid_until = paid
    connection.save(update_fields=["link_calls_paid_until"])


def _move_on(collection: Collection, position: str | None) -> None:
    """Move a pass behind an item, or to its end: then links are known as it began."""
    collection.links_position = position
    if position is None:
        collection.links_read_at = collection.links_pass_began_at
        collection.links_pass_began_at = None
    collection.save(
        update_fields=["links_position", "links_pass_began_at", "links_read_at"]
    )
