"""Go on with the spot checks of a connection at the end of a sync, a few calls each.

An item that differs is asked for again, without what changed lately: what a sync has
not had to see yet is no difference. What differs is mended in any case.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from msgspec import Struct, field

from integrations.http.errors import ApiError, Transient, Unauthorized
from integrations.models import Collection, Connection, Item, SpotCheck
from integrations.providers.capabilities import ReadsItems
from integrations.providers.connector import CollectionContext
from integrations.providers.finding import but_digits
from integrations.providers.records import LAGGING_KEY, IntegrationItem
from integrations.providers.typed.definitions import NAMING
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.database import row_locks
from integrations.services.items.history.comparison import differing_fields
from integrations.services.sync import failures
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh.context import connector_of, context_of
from integrations.services.sync.spot_checks import due, results, sample
from integrations.services.sync.stored import single_items

logger = logging.getLogger(__name__)

# Items that are compared at a time.
STEP = 500


def go_on(lease: RunLease) -> None:
    """Go on with the checks that are due, for this run's part of the day's calls.

    What fails is left to the next sync, and so is what has to wait.
    """
    calls = due.calls_now(lease.connection)
    if calls < 1:
        return
    stop_at = lease.api.calls + calls
    for collection, check in due.due(lease.connection):
        known, calls_before = check.requests, lease.api.calls
        try:
            with connector_boundary("spot_check", collection=collection.pk):
                _read(lease, collection, check, stop_at=stop_at)
        except ApiError as exc:
            lease.roll_back()
            _note_failure(lease, check, exc, known + lease.api.calls - calls_before)
            if isinstance(exc, Unauthorized):
                raise
            failures.log("spot check failed", lease, collection, exc)
            if isinstance(exc, Transient):
                return
        if lease.is_over or lease.api.calls >= stop_at:
            return


def _note_failure(
    lease: RunLease, check: SpotCheck, exc: ApiError, requests: int
) -> None:
    """Count the calls of a step that failed; what does not pass ends the check.

    They are written at once: should another check fail, what was counted is given up.
    """
    if check.pk is not None:
        check.refresh_from_db()
    lease.count_spot_check(requests - check.requests)
    check.requests = requests
    if not isinstance(exc, Transient | Unauthorized):
        check.ended_at = timezone.now()
    check.save()
    lease.renew()


class _Findings(Struct, frozen=True, kw_only=True):
    """What re-reading some items showed."""

    digests: Mapping[str, str] = field(default_factory=dict)
    differing: Sequence[IntegrationItem] = ()
    wrong: frozenset[str] = frozenset()
    checked: int = 0
    missing: int = 0


def _read(
    lease: RunLease, collection: Collection, check: SpotCheck, *, stop_at: int
) -> None:
    """Re-read the items of a check until it ends, or the calls or the slice do."""
    context, per_call = context_of(collection), due.items_per_call(collection)
    while (left := stop_at - lease.api.calls) > 0:
        limit = min(STEP, left * per_call)
        ids, position = sample.next_ids(collection, check, limit=limit)
        calls_before = lease.api.calls
        found = _compare(lease, collection, context, ids)
        calls = lease.api.calls - calls_before
        check.requests += calls
        with transaction.atomic():
            # Its end may have the connection synced at once.
            row_locks.lock_connection(lease.connection)
            _store(lease, collection, check, found)
            if position is None:
                _end(collection, check)
            check.position = position or ""
            check.save()
            lease.count_spot_check(calls)
            lease.renew()
        if position is None or lease.is_over:
            return


def _compare(
    lease: RunLease,
    collection: Collection,
    context: CollectionContext,
    ids: Sequence[str],
) -> _Findings:
    """Re-read items, and once more those that differ, without what changed lately."""
    reader: object = connector_of(collection)
    live = Item.objects.live().filter(collection=collection, remote_id__in=ids)
    rows = {each.remote_id: each for each in live}
    if not isinstance(reader, ReadsItems) or not rows:
        return _Findings()
    stored = {
        key: single_items.to_stored(collection, row, row.properties)
        for key, row in rows.items()
    }
    page = reader.fetch_items(lease.api, context, list(stored.values()))
    shown = {item.id: item for item in page.items if item.id in rows}
    lagging = _lagging(collection)
    differing = _differing(reader, context, rows, shown.values(), lagging)
    suspects = [stored[key] for key, is_dated in differing.items() if is_dated]
    wrong: frozenset[str] = frozenset()
    if suspects:
        settled = reader.fetch_items(
            lease.api, context, suspects, unchanged_since=_settled(collection)
        )
        again = _differing(reader, context, rows, settled.items, lagging)
        wrong = frozenset(key for key, is_dated in again.items() if is_dated)
        settled_ids = {item.id for item in settled.items}
        shown |= {item.id: item for item in settled.items if item.id in rows}
        suspects = [each for each in suspects if each.id not in settled_ids]
    unread = set(page.unreadable_ids)
    return _Findings(
        digests={key: row.digest for key, row in rows.items()},
        differing=[shown[key] for key in differing],
        wrong=wrong,
        # What changed lately cannot be compared.
        checked=len(shown) - len(suspects),
        missing=len(rows.keys() - shown.keys() - unread),
    )


def _lagging(collection: Collection) -> set[str]:
    """Return the parts of items that may be older than the fields are."""
    names = collection.schema.get(LAGGING_KEY, ())
    named = {"name"} if NAMING in names else set()
    return {f"properties.{name}" for name in names} | named


def _differing(
    reader: ReadsItems,
    context: CollectionContext,
    rows: Mapping[str, Item],
    items: Iterable[IntegrationItem],
    lagging: AbstractSet[str],
) -> dict[str, bool]:
    """Return the ids of items that differ, and whether that cannot be by itself.

    Some fields change without the modified time: they are old, and not wrong. So are
    ``lagging`` ones, which are others now than when everything was read, and numbers
    that were kept with 15 digits.
    """
    now = timezone.now()
    found: dict[str, bool] = {}
    for item in items:
        names = differing_fields(rows[item.id], item, now=now)
        if names:
            dated = names - lagging - reader.undated(context, names)
            dated -= _rounded(rows[item.id], item)
            found[item.id] = bool(dated)
    return found


def _rounded(stored: Item, item: IntegrationItem) -> set[str]:
    """Return the fields that differ in nothing but digits after the 15th."""
    return {f"properties.{n}" for n in but_digits(stored.properties, item.properties)}


def _settled(collection: Collection) -> datetime:
    """Return the time before which all changes must have been read by now."""
    connector = connector_of(collection)
    reach = max(connector.lookback, connector.late_arrival_window)
    return (collection.watermark or timezone.now()) - reach


def _store(
    lease: RunLease, collection: Collection, check: SpotCheck, found: _Findings
) -> None:
    """Mend what differs, unless it was written meanwhile, and count."""
    written = single_items.store_unchanged(
        lease,
        collection,
        found.differing,
        digests=found.digests,
        now=timezone.now(),
    )
    wrong = found.wrong & written
    for remote_id in sorted(wrong):
        logger.error("stored wrongly collection=%s item=%s", collection.pk, remote_id)
    check.checked += found.checked
    check.missing += found.missing
    check.differing += len(wrong)


def _end(collection: Collection, check: SpotCheck) -> None:
    """End a check; more than chance explains has everything read again."""
    check.ended_at = now = timezone.now()
    if not results.is_more_than_chance(check.checked, check.differing):
        return
    Collection.objects.filter(pk=collection.pk).update(full_refresh_wanted_at=now)
    Connection.objects.syncable().filter(pk=collection.connection_id).update(
        next_sync_at=now
    )
