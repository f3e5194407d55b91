"""Store pages of items: write what changed, keep what it was, soft-delete."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Collection, Edit, Item, ItemChange
from integrations.providers.kinds import Deletion
from integrations.providers.records import Content, IntegrationItem, Same
from integrations.providers.typed.values import cut
from integrations.services.items.own_columns import merging
from integrations.services.items.relations import write as relations
from integrations.services.items.relations.write import Linking
from integrations.services.items.search import full_text, own_words
from integrations.services.items.search.texts import indexer_of
from integrations.services.items.storage import (
    contents,
    moves,
    recognition,
    recording,
    rows,
)
from integrations.services.items.storage.moves import Moved
from integrations.services.items.storage.recording import COMPARED, Stored
from integrations.services.items.storage.rows import Known, Row
from integrations.services.items.tables.indexing import linked_rows
from integrations.services.items.tables.indexing import rows as table_rows
from integrations.services.items.tables.indexing.rows import Indexed

CHUNK = 2000


class PageCounts(Struct, frozen=True, kw_only=True):
    """Count what one page did, and name the keys of the items it showed."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    unreadable: int = 0
    live_delta: int = 0
    seen_keys: tuple[int, ...] = ()

    @property
    def seen(self) -> int:
        """Return how many items the page held."""
        return self.created + self.changed + self.unchanged


class _Compared(Struct, frozen=True, kw_only=True):
    """The rows of a page that are to be written, and what is stored of all of them."""

    known: dict[str, Known]
    moved: Mapping[str, Moved]
    new: Sequence[Row]
    touched: Sequence[Row]


def store_page(
    collection: Collection,
    items: Sequence[IntegrationItem],
    *,
    run_id: UUID | None,
    now: datetime,
    texts: Mapping[str, Content] | None = None,
    same: Mapping[str, Same] | None = None,
    sources: Mapping[str, bytes] | None = None,
) -> PageCounts:
    """Upsert one page inside the caller's transaction and say what it did.

    ``texts`` may be of items that are stored and not on the page. ``same`` are further
    items of it; those that were written or deleted since they were recognized are made
    anew. ``sources`` are as in a page.
    """
    if not items and not texts and not same:
        return PageCounts()
    indexes = table_rows.lock(collection)
    readable = {i.id: i for i in items if 0 < len(i.id) <= rows.ID_LENGTH}
    told, unreadable = same or {}, sum(1 for i in items if i.id not in readable)
    known = rows.read_known(collection, [*readable, *told])
    kept = recognition.still_same(told, known)
    readable |= {k: told[k].to_item() for k in told.keys() - kept.keys()}
    seen = PageCounts(
        unchanged=len(kept), unreadable=unreadable, seen_keys=tuple(kept.values())
    )
    if not readable and not texts:
        return seen
    page = [Row.of(item) for item in readable.values()]
    found = _compare(collection, page, known, is_sync=run_id is not None)
    stored = _write(collection, indexes, found, run_id=run_id, now=now)
    keys = {remote_id: entry.pk for remote_id, entry in found.known.items()}
    _store_texts(collection, texts or {}, keys, now=now)
    digests = {row.item.id: row.digest for row in page}
    recognition.note(collection, keys, sources or {}, digests)
    rest = len(page) - stored.created - stored.changed
    return replace(
        stored,
        unchanged=seen.unchanged + rest,
        unreadable=seen.unreadable,
        seen_keys=tuple(keys.values()),
    )


def _compare(
    collection: Collection,
    page: Sequence[Row],
    known: dict[str, Known],
    *,
    is_sync: bool,
) -> _Compared:
    """Find out which rows of a page are new, or not as they are stored."""
    ids = [row.item.id for row in page]
    moved = moves.take_over(collection, [key for key in ids if key not in known])
    known = known | {key: item.known for key, item in moved.items()}
    new = [row for row in page if row.item.id not in known]
    touched = _touched(page, known, moved)
    if is_sync and collection.connection.is_editing:
        touched = _without_overtaken(touched, known)
    return _Compared(known=known, moved=moved, new=new, touched=touched)


def _write(
    collection: Collection,
    indexes: Sequence[Indexed],
    found: _Compared,
    *,
    run_id: UUID | None,
    now: datetime,
) -> PageCounts:
    """Write what is new or differs, with all that follows from it.

    The keys of what was new are then known as well.
    """
    new, touched, known, moved = found.new, found.touched, found.known, found.moved
    before = _before(collection, touched)
    names = _renamed(touched, before, known, moved)
    recorded = recording.record(
        collection, touched, before, known, moved, run_id=run_id, now=now
    )
    rows.upsert([*new, *touched], collection, now=now)
    recording.keep_times(recorded)
    known |= rows.read_known(collection, [row.item.id for row in new])
    fresh = {known[row.item.id].pk: row.item for row in new}
    stale = {known[row.item.id].pk: row.item for row in touched}
    relinked = relations.write(collection, _linking(fresh), _linking(stale))
    _index_texts(collection, fresh, stale)
    moved_keys = [item.known.pk for item in moved.values()]
    table_rows.store(collection, indexes, fresh, stale, moved=moved_keys)
    back = [known[row.item.id].pk for row in touched if known[row.item.id].is_deleted]
    names |= {item.id: item.name for item in fresh.values()}
    linked_rows.store(collection, names, relinked, returned=back)
    return PageCounts(
        created=len(new),
        changed=recorded.changed,
        live_delta=len(new) + len(back) + moves.count_live(moved),
    )


def _touched(
    page: Sequence[Row], known: Mapping[str, Known], moved: Mapping[str, Moved]
) -> list[Row]:
    """Return the rows that differ from what is stored, or that come back."""
    return [
        row
        for row in page
        if (old := known.get(row.item.id)) is not None
        and (old.digest != row.digest or old.is_deleted or row.item.id in moved)
    ]


def _without_overtaken(touched: Sequence[Row], known: Mapping[str, Known]) -> list[Row]:
    """Return rows without those that a sync read before an edit was saved.

    What the edit has stored is newer by the provider's own time.
    """
    keys = [known[row.item.id].pk for row in touched]
    edits = Edit.objects.filter(item__in=keys, state=Edit.State.SAVED)
    written = dict(edits.order_by().values_list("item", "item__remote_updated_at"))

    def is_older(row: Row) -> bool:
        at, read = written.get(known[row.item.id].pk), row.item.last_modified_time
        return at is not None and read is not None and read < at

    return [row for row in touched if not is_older(row)]


def _linking(items: Mapping[int, IntegrationItem]) -> dict[int, Linking]:
    return {key: Linking(i.properties, i.parent_id) for key, i in items.items()}


def _store_texts(
    collection: Collection,
    texts: Mapping[str, Content],
    keys: Mapping[str, int],
    *,
    now: datetime,
) -> None:
    """Store the texts of the page's items, and of others that live here already."""
    others = [remote_id for remote_id in texts if remote_id not in keys]
    known = {**keys, **live_keys(collection, others)}
    found = {known[each]: text for each, text in texts.items() if each in known}
    contents.store_contents(found, now=now)


def _index_texts(
    collection: Collection,
    fresh: Mapping[int, IntegrationItem],
    stale: Mapping[int, IntegrationItem],
) -> None:
    ids = [item.id for item in (*fresh.values(), *stale.values())]
    noted = own_words.find_words(collection, ids)
    full_text.index(
        _search_texts(collection, fresh, {}, noted),
        _search_texts(collection, stale, contents.kept_texts(list(stale)), noted),
    )


def _search_texts(
    collection: Collection,
    items: Mapping[int, IntegrationItem],
    kept: Mapping[int, str],
    noted: Mapping[str, Sequence[str]],
) -> dict[int, str]:
    """Return the search texts of items by key, with those of their own kept texts.

    ``noted`` are the words of own columns by remote id.
    """
    indexer = indexer_of(collection)
    return {
        key: indexer.text(
            name=item.name,
            remote_id=item.id,
            properties=item.properties,
            parent_id=item.parent_id or "",
            content=kept.get(key, ""),
            noted=noted.get(item.id, ()),
        )
        for key, item in items.items()
    }


def _before(collection: Collection, touched: Sequence[Row]) -> dict[str, Stored]:
    """Return what is stored of items that differ, by remote id."""
    if not touched:
        return {}
    ids = [row.item.id for row in touched]
    found = Item.objects.filter(collection=collection, remote_id__in=ids)
    return {row["remote_id"]: row for row in found.values("remote_id", *COMPARED)}


def _renamed(
    touched: Sequence[Row],
    before: Mapping[str, Stored],
    known: Mapping[str, Known],
    moved: Mapping[str, Moved],
) -> dict[str, str]:
    """Return the names of items that others may show otherwise, by remote id."""
    return {
        key: row.item.name
        for row in touched
        if (key := row.item.id) in moved
        or known[key].is_deleted
        or before[key]["name"] != rows.fitting_name(row.item.name)
    }


def soft_delete(
    collection: Collection,
    deletions: Mapping[int, Deletion],
    *,
    run_id: UUID | None,
    now: datetime,
) -> int:
    """Turn live items into tombstones, each with what became of it; return how many."""
    deleted = 0
    keys = list(deletions)
    for start in range(0, len(keys), CHUNK):
        table_rows.lock_rows(collection)
        part = keys[start : start + CHUNK]
        own = Item.objects.live().filter(collection=collection, pk__in=part)
        live = dict(own.values_list("pk", "remote_id"))
        table_rows.delete([*live], collection)
        found = {key: deletions[key] for key in live}
        deleted += _soft_delete_chunk(collection, found, run_id, now)
        gone = dict.fromkeys(live.values(), "")
        linked_rows.store(collection, gone, (), returned=[*live])
        merging.inherit(collection, found)
    return deleted


def soft_delete_all(
    collection: Collection, deletion: Deletion, *, run_id: UUID | None, now: datetime
) -> int:
    """Soft-delete every item of a collection, in the caller's transaction."""
    deleted = 0
    while keys := some_live_keys(collection):
        same = dict.fromkeys(keys, deletion)
        deleted += soft_delete(collection, same, run_id=run_id, now=now)
    Collection.objects.filter(pk=collection.pk).update(stored_count=0)
    return deleted


def _soft_delete_chunk(
    collection: Collection,
    deletions: dict[int, Deletion],
    run_id: UUID | None,
    now: datetime,
) -> int:
    same: dict[Deletion, list[int]] = {}
    for key, deletion in deletions.items():
        same.setdefault(deletion, []).append(key)
    for deletion, keys in same.items():
        Item.objects.filter(pk__in=keys).update(
            deleted_at=now,
            deleted_kind=deletion.kind,
            deleted_detail=cut(deletion.detail, 300),
            changed_at=now,
        )
    ItemChange.objects.bulk_create(
        ItemChange(
            item_id=key,
            connection_id=collection.connection_id,
            run_id=run_id,
            at=now,
            kind=ItemChange.Kind.DELETED,
            fields={"deletion": deletion.to_json()},
        )
        for key, deletion in deletions.items()
    )
    return len(deletions)


def live_keys(
    collection: Collection, remote_ids: Sequence[str] | Mapping[str, Any]
) -> dict[str, int]:
    """Return the keys of those of some remote ids that are live items."""
    if not remote_ids:
        return {}
    live = Item.objects.live().filter(collection=collection, remote_id__in=remote_ids)
    return dict(live.values_list("remote_id", "pk"))


def some_live_keys(collection: Collection) -> list[int]:
    """Return the keys of a chunk of live items, none when there are none left."""
    live = Item.objects.live().filter(collection=collection)
    return list(live.values_list("pk", flat=True)[:CHUNK])


def count_live(collection: Collection) -> int:
    """Count the items of a collection that still exist remotely."""
    return Item.objects.live().filter(collection=collection).count()


def delete_some(filters: dict[str, Any], *, limit: int = CHUNK) -> int:
    """Delete up to ``limit`` items for good; return how many were deleted."""
    keys = list(Item.objects.filter(**filters).values_list("pk", flat=True)[:limit])
    if keys:
        Item.objects.filter(pk__in=keys).delete()
    return len(keys)
