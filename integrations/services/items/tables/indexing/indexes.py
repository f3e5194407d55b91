"""Indexes of properties: made when one is first used, dropped when none uses it.

A small collection is indexed at once; a larger one by a worker in batches, each a
short transaction, so that no sync waits for it.
"""

import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from msgspec import Struct

from integrations.models import Collection, Item, PropertyIndex, PropertyValue
from integrations.providers.records import FIELDS_KEY, UNSHOWN_KEYS, field_entries
from integrations.services.common import queue
from integrations.services.items.tables.columns.columns import (
    LINKING,
    Column,
    Family,
    columns_of,
)
from integrations.services.items.tables.columns.results import typed_columns_of
from integrations.services.items.tables.columns.values import (
    APART,
    CUT,
    FOLDED,
    MORE,
    places_of,
)
from integrations.services.items.tables.indexing import currencies, rows
from integrations.services.items.tables.indexing.rows import Indexed

logger = logging.getLogger(__name__)

# Up to so many items are indexed while whoever asked waits.
SMALL = 2000
BATCH = 500
SLICE_SECONDS = 15.0
EXPIRES_SECONDS = 120.0
# How exactly it is known when an index was used last.
USE_NOTED = timedelta(days=1)
# One user cannot fill the database with indexes; the one not used for longest goes.
MOST_INDEXES = 24
DROPPED_AT_ONCE = 20_000
# Part of every digest: another number builds all indexes again.
VERSION = 4
# Part of the digest where texts are compared: another number builds those again.
FOLDING = 1
# Part of the digest of how values are typed: another number has rows written again,
# while they can be used as they are.
TYPING = 1
# So much of what an index was made with tells how its rows are compared and ordered.
ORDER_LENGTH = 16
# What changes in a schema without changing how values are typed.
_NOT_TYPED = UNSHOWN_KEYS | {FIELDS_KEY}
_STATE = PropertyIndex.State
_UNBUILT = Q(state__in=(_STATE.BUILDING, _STATE.REBUILDING))
COMPARED = (
    *("name", "properties", "remote_id"),
    *("remote_created_at", "remote_updated_at"),
)


class Building(Struct, frozen=True, kw_only=True):
    """An index that is not there yet: how many items are done."""

    column: Column
    done: int
    total: int


class Indexes(Struct, frozen=True, kw_only=True):
    """The indexes that some columns have, and those that are still being built."""

    by_column: Mapping[str, PropertyIndex]
    building: Sequence[Building] = ()

    def get(self, column: Column | None) -> PropertyIndex | None:
        """Return the index of what a column is compared by if it can be used."""
        return self.by_column.get(column.compared.id) if column else None


def prepare(
    collection: Collection,
    columns: Sequence[Column],
    *,
    summed: Sequence[Column] = (),
    at_once: int | None = None,
) -> Indexes:
    """Return the indexes of some columns; those that lack are made, or begun.

    Those of the columns that are ``summed`` tell their currencies. A collection of up
    to ``at_once`` items is indexed at once; None stands for ``SMALL``. A column that
    stands for another one has the index of that.
    """
    if not columns:
        return Indexes(by_column={})
    columns = list({each.compared.id: each.compared for each in columns}.values())
    names = [column.id for column in columns]
    names_summed = [column.id for column in summed]
    known = _find(collection, names, names_summed)
    outdated = [
        column
        for column in columns
        if not _is_current(known.get(column.id), column, collection)
    ]
    try:
        if outdated:
            _begin(collection, outdated, SMALL if at_once is None else at_once)
            known = _find(collection, names, names_summed)
        _note_use(known.values())
    except OperationalError:
        # Somebody else writes; a worker waits for its turn, and a page does not.
        logger.info("table indexes not begun yet collection=%s", collection.pk)
        lacking = [column.id for column in outdated]
        queue.send("index_properties", collection.pk, *lacking, expires=EXPIRES_SECONDS)
        for name in lacking:
            known.pop(name, None)
    usable = {name: index for name, index in known.items() if index.is_usable}
    building = [
        Building(
            column=column,
            done=_done(known.get(column.id), collection),
            total=collection.stored_count,
        )
        for column in columns
        if column.id not in usable
    ]
    return Indexes(by_column=usable, building=building)


def _find(
    collection: Collection, names: Sequence[str], summed: Sequence[str]
) -> dict[str, PropertyIndex]:
    """Return indexes by name, with what is to be known of the values they hold."""
    rows = PropertyValue.objects.filter(index=OuterRef("pk"))
    found = PropertyIndex.objects.filter(collection=collection, name__in=names)
    told = found.exclude(state=_STATE.DROPPING).annotate(  # type: ignore[no-redef]
        has_cut=Exists(rows.filter(number=CUT)),
        has_more=Exists(rows.filter(number=MORE)),
        has_texts=Exists(rows.filter(text__gte=APART)),
    )
    if summed:
        told = told.annotate(**{currencies.TOLD: currencies.told_of(summed)})
    return {index.name: index for index in told}


def _done(index: PropertyIndex | None, collection: Collection) -> int:
    return min(index.done, collection.stored_count) if index else 0


def _is_current(
    index: PropertyIndex | None, column: Column, collection: Collection
) -> bool:
    """Tell whether its rows are compared as the column is, typed as they are now."""
    if index is None or index.family != column.family:
        return False
    return index.labels == labels_of(collection, column)


def labels_of(collection: Collection, column: Column) -> str:
    """Return what the values of a column are ordered and typed with: a digest each."""
    schema = collection.schema
    fields = [each for each in field_entries(schema) if each.get("name") == column.id]
    rest = {key: value for key, value in schema.items() if key not in _NOT_TYPED}
    folding = [FOLDING] if column.family in FOLDED else []
    order = _digest([VERSION, list(places_of(column)), *folding])
    account = collection.connection.account
    # What names other items is told by these alone.
    typing = [] if column.family is Family.INCOMING else [TYPING]
    return order + _digest([fields, rest, account, *typing])


def _digest(told: Sequence[object]) -> str:
    text = json.dumps(told, sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=ORDER_LENGTH // 2).hexdigest()


def _begin(collection: Collection, columns: Sequence[Column], at_once: int) -> None:
    """Build indexes at once if the collection is small, else ask a worker to."""
    with transaction.atomic():
        # Locked, because a sync that stores a page must see the indexes there are.
        is_linking = any(column.family in LINKING for column in columns)
        rows.lock_rows(collection, is_linking=is_linking)
        begun = [_begin_one(collection, column) for column in columns]
        _drop_most_unused(collection, [index.name for index in begun])
        items = Item.objects.live().filter(collection=collection).order_by("pk")
        is_small = not items.values("pk")[at_once : at_once + 1].exists()
        if is_small:
            kept = [
                Indexed(index=i, column=c) for i, c in zip(begun, columns, strict=True)
            ]
            rows.write(collection, kept, list(items.only(*COMPARED)))
            for index in begun:
                index.state = _STATE.READY
                index.save(update_fields=["state"])
    if not is_small:
        queue.send("index_properties", collection.pk, expires=EXPIRES_SECONDS)


def _begin_one(collection: Collection, column: Column) -> PropertyIndex:
    labels = labels_of(collection, column)
    index, is_new = PropertyIndex.objects.get_or_create(
        collection=collection,
        name=column.id,
        defaults={"family": column.family, "labels": labels},
    )
    is_dropped = index.state == _STATE.DROPPING
    is_same = index.labels == labels and index.family == column.family
    if is_new or (is_same and not is_dropped):
        return index
    # Of another type its rows are of no use until they are all written again, nor are
    # those that link, whose ids were written otherwise once, nor those that are folded
    # or ordered otherwise than what is asked for.
    is_compared_alike = index.labels[:ORDER_LENGTH] == labels[:ORDER_LENGTH]
    is_kept = index.family == column.family and column.family not in LINKING
    is_usable = index.is_usable and is_kept and is_compared_alike
    index.state = _STATE.REBUILDING if is_usable else _STATE.BUILDING
    index.family, index.labels, index.position, index.done = column.family, labels, 0, 0
    index.save(update_fields=["state", "family", "labels", "position", "done"])
    return index


def _drop_most_unused(collection: Collection, names: Sequence[str]) -> None:
    others = PropertyIndex.objects.filter(collection=collection).exclude(name__in=names)
    by_use = others.order_by("-used_at").values_list("pk", flat=True)
    unused = list(by_use[max(0, MOST_INDEXES - len(names)) :])
    if unused:
        PropertyIndex.objects.filter(pk__in=unused).update(state=_STATE.DROPPING)


def _note_use(indexes: Iterable[PropertyIndex]) -> None:
    now = timezone.now()
    noted = [i.pk for i in indexes if not now - USE_NOTED < i.used_at <= now]
    if noted:
        PropertyIndex.objects.filter(pk__in=noted).update(used_at=now)


def send_due() -> int:
    """Queue the building of what is not built yet; return how many were queued."""
    waiting = PropertyIndex.objects.filter(_UNBUILT).values_list(
        "collection", flat=True
    )
    return sum(
        queue.send("index_properties", pk, expires=EXPIRES_SECONDS)
        for pk in islice(dict.fromkeys(waiting.order_by("pk")), 20)
    )


def begin(collection_id: UUID, names: Sequence[str]) -> None:
    """Begin the indexes that a page could not begin, because another was writing."""
    collection = (
        Collection.objects.select_related("connection").filter(pk=collection_id).first()
    )
    if collection is not None:
        columns = typed_columns_of(collection)
        found = [columns.get(name) for name in names]
        prepare(collection, [column for column in found if column is not None])


def build(collection_id: UUID, *, seconds: float = SLICE_SECONDS) -> None:
    """Build the indexes of a collection until the time is up; a sweep goes on."""
    stop_at = time.monotonic() + seconds
    while _build_batch(collection_id):
        if time.monotonic() >= stop_at:
            queue.send("index_properties", collection_id, expires=EXPIRES_SECONDS)
            return


def _build_batch(collection_id: UUID) -> bool:
    """Index some items; False when all is built, or what is next must wait."""
    with transaction.atomic():
        collection = Collection.objects.filter(pk=collection_id).first()
        if collection is None:
            return False
        rows.lock_rows(collection)
        collection.refresh_from_db()
        unbuilt = PropertyIndex.objects.filter(_UNBUILT, collection=collection_id)
        found = list(unbuilt.order_by("position"))
        if not found:
            return False
        position = found[0].position
        together = [index for index in found if index.position == position]
        live = Item.objects.live().filter(collection=collection, pk__gt=position)
        items = list(live.order_by("pk").only(*COMPARED)[:BATCH])
        columns = columns_of(collection)
        kept = [
            Indexed(index=index, column=columns.indexed(index.name))
            for index in together
        ]
        rows.write(collection, kept, items)
        own = PropertyIndex.objects.filter(pk__in=[index.pk for index in together])
        if len(items) < BATCH:
            own.update(state=_STATE.READY)
        else:
            own.update(position=items[-1].pk, done=F("done") + len(items))
    return True


def drop_unused(*, now: datetime) -> int:
    """Drop indexes that nobody used for long, a little at a time; return the rows."""
    since = now - timedelta(days=settings.TABLE_INDEX_DAYS)
    PropertyIndex.objects.filter(used_at__lt=since).update(state=_STATE.DROPPING)
    dropped = 0
    for index in PropertyIndex.objects.filter(state=_STATE.DROPPING)[:20]:
        values = PropertyValue.objects.filter(index=index).values_list("pk", flat=True)
        keys = list(values[: DROPPED_AT_ONCE - dropped])
        PropertyValue.objects.filter(pk__in=keys).delete()
        dropped += len(keys)
        if dropped >= DROPPED_AT_ONCE:
            break
        index.delete()
    return dropped
