"""Index stored items again, and read their links, when their labels have changed.

In batches of a few items, each a short transaction, so that no sync waits for it; the
position is a row, so that whoever comes next goes on there.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Concat
from django.utils import timezone
from msgspec import Struct

from integrations.models import (
    Collection,
    Item,
    ItemContent,
    OwnColumn,
    SearchState,
    times,
)
from integrations.models.collection import CollectionQuerySet
from integrations.providers.records import FIELDS_KEY, UNSHOWN_KEYS, field_entries
from integrations.services.common import queue
from integrations.services.items.relations import write as relations
from integrations.services.items.relations.write import Linking
from integrations.services.items.search import full_text, own_words
from integrations.services.items.search.texts import VERSION, Indexer

BATCH = 100
# Keys that are held in memory at a time.
CHUNK = 20_000
SLICE_SECONDS = 15.0
# Long enough to have its turn among the slices of syncs.
EXPIRES_SECONDS = 120.0
CLAIM = timedelta(minutes=2)
# What tells how far it is with a collection.
TOLD = ("labels", "indexing_with", "done")
# Behind the version of collections with own columns: code from before those were
# indexed does not write it, so what it has indexed is outdated.
WITH_OWN = "+own"


def note_labels(collection: Collection) -> str:
    """Remember what a collection's values are shown with from now on, and return it.

    Called in the transaction that stores the schema. Where nothing is stored yet,
    there is nothing to index again.
    """
    labels = _labels_of(collection)
    begun = {"labels": labels, "indexed_with": partial(_first, collection, labels)}
    state, _ = SearchState.objects.get_or_create(collection=collection, defaults=begun)
    fields = []
    if state.labels != labels:
        state.labels = labels
        fields.append("labels")
    is_current = state.indexed_with.removesuffix(WITH_OWN) == _version(labels)
    if not is_current and (first := _first(collection, labels)):
        state.indexed_with = first
        fields.append("indexed_with")
    if fields:
        state.save(update_fields=fields)
    return labels


def _first(collection: Collection, labels: str) -> str:
    """Return what nothing is indexed with so far; empty where something is stored."""
    is_stored = Item.objects.filter(collection=collection).exists()
    return "" if is_stored else _version_of(collection, labels)


def _labels_of(collection: Collection) -> str:
    shown = {n: v for n, v in collection.schema.items() if n not in UNSHOWN_KEYS}
    # In which order the provider tells them is not promised, and finds nothing else.
    fields = sorted(field_entries(shown), key=lambda each: str(each.get("name")))
    shown[FIELDS_KEY] = fields
    text = json.dumps([shown, collection.connection.account], sort_keys=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _version(labels: str) -> str:
    return f"{VERSION}:{labels}"


def _version_of(collection: Collection, labels: str) -> str:
    """Return what a collection is indexed with, which knows of its own columns."""
    has_own = OwnColumn.objects.of_collection(collection).exists()
    return f"{_version(labels)}{WITH_OWN if has_own else ''}"


def note_columns(collection: Collection, *, has_own: bool) -> None:
    """Remember that a collection got its first own column, or lost its last one.

    Called in that transaction. Nothing is noted in any, so nothing is indexed again.
    """
    plain = Concat(Value(_version("")), F("labels"))
    own = Concat(plain, Value(WITH_OWN))
    before, after = (plain, own) if has_own else (own, plain)
    states = SearchState.objects.filter(pk=collection.pk)
    states.filter(indexed_with=before).update(indexed_with=after)
    states.filter(indexing_with=before).update(indexing_with=after)


def has_own(*, made_before: datetime | None = None) -> Exists:
    """Return the condition that a collection has own columns of its user."""
    columns = OwnColumn.objects.filter(
        owner=OuterRef("connection__owner"),
        provider=OuterRef("connection__provider"),
        account_id=OuterRef("connection__remote_id"),
        is_sandbox=OuterRef("connection__is_sandbox"),
        collection_id=OuterRef("remote_id"),
    )
    return Exists(
        columns if made_before is None else columns.filter(created_at__lt=made_before)
    )


def outdated() -> QuerySet[Collection]:
    """Return the collections whose items are to be indexed again."""
    plain = Concat(Value(_version("")), F("search_state__labels"))
    with_own = When(has_own(), then=Concat(plain, Value(WITH_OWN)))
    current = Case(with_own, default=plain)
    return Collection.objects.exclude(search_state__indexed_with=current).order_by("pk")


def send_due() -> int:
    """Queue a slice of the work if there is any; return how many were queued."""
    if not outdated().exists():
        return 0
    return int(queue.send("index_search", expires=EXPIRES_SECONDS))


def run_slice(*, seconds: float = SLICE_SECONDS) -> None:
    """Index items of one collection after the other until the time is up."""
    stop_at = time.monotonic() + seconds
    for pk in list(outdated().values_list("pk", flat=True)[:CHUNK]):
        _index_collection(pk, stop_at)
        if time.monotonic() >= stop_at:
            return


def _index_collection(pk: UUID, stop_at: float) -> None:
    """Index as much of a collection as there is time for, unless others do."""
    with transaction.atomic():
        # Locked, so that its schema and its labels belong together.
        locked = Collection.objects.select_for_update(no_key=True).filter(pk=pk)
        collection = locked.first()
        if collection is None:
            return
        labels = note_labels(collection)
    now = timezone.now()
    free = Q(claimed_until=None) | times.come("claimed_until", now, longest=CLAIM)
    mine = SearchState.objects.filter(pk=pk, labels=labels)
    if not mine.filter(free).update(claimed_until=now + CLAIM):
        return
    try:
        _go_on(collection, mine, _version_of(collection, labels), stop_at)
    finally:
        SearchState.objects.filter(pk=pk).update(claimed_until=None)


def _go_on(
    collection: Collection, mine: QuerySet[SearchState], version: str, stop_at: float
) -> None:
    """Index batch after batch; labels that change meanwhile end it."""
    begun = {"indexing_with": version, "position": 0, "done": 0}
    mine.exclude(indexing_with=version).update(**begun)
    items = Item.objects.filter(collection=collection).order_by("pk")
    indexer = Indexer(collection)
    while (state := mine.first()) is not None:
        after = items.filter(pk__gt=state.position).values_list("pk", flat=True)
        keys = list(after[:CHUNK])
        for start in range(0, len(keys), BATCH):
            if not _index_batch(indexer, mine, keys[start : start + BATCH]):
                return
            if time.monotonic() >= stop_at:
                return
        if len(keys) < CHUNK:
            mine.filter(indexing_with=version).update(indexed_with=version)
            return


def _index_batch(
    indexer: Indexer, mine: QuerySet[SearchState], keys: list[int]
) -> bool:
    """Index some items and move the position; False if that must wait."""
    with transaction.atomic():
        # What a sync is writing is locked, and waiting for it could be for each other.
        items = list(
            Item.objects.filter(pk__in=keys)
            .only("name", "remote_id", "parent_remote_id", "properties")
            .select_for_update(skip_locked=True)
        )
        kept = ItemContent.objects.filter(item__in=keys)
        free_texts = kept.select_for_update(skip_locked=True)
        texts = dict(free_texts.values_list("item_id", "text"))
        free = [item.pk for item in items]
        is_busy = (
            Item.objects.filter(pk__in=keys).exclude(pk__in=free).exists()
            or kept.exclude(item__in=list(texts)).exists()
        )
        if is_busy or not mine.update(position=keys[-1], done=F("done") + len(keys)):
            transaction.set_rollback(True)
            return False
        _write(indexer, items, texts)
        linking = {i.pk: Linking(i.properties, i.parent_remote_id) for i in items}
        relations.write(indexer.collection, {}, linking)
    return True


def _write(indexer: Indexer, items: Sequence[Item], texts: Mapping[int, str]) -> None:
    """Write the search texts of stored items of one collection."""
    ids = [item.remote_id for item in items]
    noted = own_words.find_words(indexer.collection, ids)
    found = {
        item.pk: indexer.text_of(
            item,
            content=texts.get(item.pk, ""),
            noted=noted.get(item.remote_id, ()),
        )
        for item in items
    }
    full_text.index({}, found)


def index_noted(collection: Collection, remote_ids: Iterable[str]) -> None:
    """Index records again beside which something was noted, in a transaction.

    Many of them are left to the background, with all of their collection.
    """
    ids = list(remote_ids)
    if len(ids) > BATCH:
        mark_outdated(collection)
        return
    rows = Item.objects.filter(collection=collection, remote_id__in=ids)
    items = list(rows.select_for_update(no_key=True).order_by("pk"))
    kept = ItemContent.objects.filter(item__in=items).select_for_update(no_key=True)
    texts = dict(kept.order_by("pk").values_list("item_id", "text"))
    _write(Indexer(collection), items, texts)


def mark_outdated(collection: Collection) -> None:
    """Have all items of a collection indexed again in the background, from the first.

    Whoever is about to have finished that begins anew.
    """
    state = SearchState.objects.filter(pk=collection.pk)
    state.update(indexed_with=WITH_OWN, indexing_with="")


class Progress(Struct, frozen=True, kw_only=True):
    """How many of the items that are indexed again are done."""

    done: int
    total: int


def with_progress(collections: CollectionQuerySet) -> CollectionQuerySet:
    """Return collections with what ``progress_in`` tells of, by the same question."""
    behind = outdated().filter(pk=OuterRef("pk")).order_by()
    state = {f"search_{name}": F(f"search_state__{name}") for name in TOLD}
    return collections.annotate(is_outdated=Exists(behind), **state)


def progress_in(collections: Iterable[Collection]) -> Progress | None:
    """Return how far the index is with collections that were read ``with_progress``."""
    told = [vars(each) for each in collections]
    behind = [row for row in told if row["is_outdated"] and row["stored_count"]]
    return _progress(
        (row["stored_count"], *(row[f"search_{name}"] for name in TOLD))
        for row in behind
    )


def progress_of(collections: Iterable[Collection]) -> Progress | None:
    """Return how far the index is with those of some collections that are outdated."""
    keys = [collection.pk for collection in collections]
    rows = (
        outdated()
        .filter(pk__in=keys, stored_count__gt=0)
        .values_list(
            "stored_count",
            *(f"search_state__{name}" for name in TOLD),
        )
    )
    return _progress(rows)


def _progress(rows: Iterable[tuple[Any, ...]]) -> Progress | None:
    done = total = 0
    for count, labels, indexing_with, indexed in rows:
        total += count
        if labels and indexing_with.removesuffix(WITH_OWN) == _version(labels):
            done += min(indexed, count)
    return Progress(done=done, total=total) if total else None
