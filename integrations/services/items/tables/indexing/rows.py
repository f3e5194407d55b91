"""Rows of property indexes: written in the transaction that stores the items."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import Exists, Q
from msgspec import Struct

from integrations.models import Collection, Item, PropertyIndex, PropertyValue
from integrations.providers import CONNECTORS
from integrations.providers.records import IntegrationItem
from integrations.providers.typed.fields import Relation, Value, singles_of
from integrations.services.common.database.row_locks import (
    lock_collection,
    lock_collections,
)
from integrations.services.common.database.row_writes import uuid_value, write_rows
from integrations.services.items.relations import links
from integrations.services.items.tables.columns.columns import (
    LINKING,
    Column,
    Family,
    columns_of,
)
from integrations.services.items.tables.columns.values import (
    MOST_LINKED,
    NONE,
    Key,
    Names,
    fold,
    keys_of,
    load_beside,
    places_of,
    values_of,
)

# So many keys in one statement.
CHUNK = 500
KEPT = Q(state__in=("building", "ready", "rebuilding"))


class Indexed(Struct, frozen=True, kw_only=True):
    """An index that is kept, with its column where the schema still has it."""

    index: PropertyIndex
    column: Column | None


def lock(collection: Collection) -> list[Indexed]:
    """Return the indexes that a transaction must keep; mostly there are none.

    The collection is locked before its items, so that no index is begun or built by
    what they were. Columns are read from the schema only where there is an index.
    """
    lock_rows(collection)
    if not has_any(collection.connection_id):
        return []
    found = list(PropertyIndex.objects.filter(KEPT, collection=collection.pk))
    if not found:
        return []
    columns = columns_of(collection)
    return [Indexed(index=i, column=columns.indexed(i.name)) for i in found]


def has_any(connection_id: UUID) -> bool:
    """Tell whether there is any index beside a collection: mostly there is none.

    Plain SQL, because every page asks: to build a queryset takes ten times as long.
    """
    statement = (
        "SELECT 1 FROM integrations_propertyindex AS i JOIN integrations_collection AS"
        " c ON c.id = i.collection_id WHERE c.connection_id = %s LIMIT 1"
    )
    with database.cursor() as cursor:
        cursor.execute(statement, [uuid_value(connection_id)])
        return cursor.fetchone() is not None


def lock_rows(collection: Collection, *, is_linking: bool = False) -> None:
    """Lock a collection, and those beside it where an index links any of them.

    That is so, or about to be so where ``is_linking``. What is stored in one of these
    may be told in an index of another. They are locked as well where an item may turn
    up that was in another until now. Whoever stores something takes these before any
    other lock.
    """
    if is_linking or moves_items(collection):
        lock_collections(Collection.objects.filter(connection=collection.connection_id))
    elif has_any(collection.connection_id):
        beside = Collection.objects.filter(connection=collection.connection_id)
        linking = PropertyIndex.objects.filter(
            collection__connection=collection.connection_id, family__in=LINKING
        )
        lock_collections(beside.filter(Q(pk=collection.pk) | Q(Exists(linking))))
    else:
        lock_collection(collection.pk)


def moves_items(collection: Collection) -> bool:
    """Tell whether an id proves that an item is one of another collection, moved."""
    connector = CONNECTORS.get(collection.connection.provider)
    return connector is not None and connector.ids_unique_in == "account"


def store(
    collection: Collection,
    kept: Sequence[Indexed],
    added: Mapping[int, IntegrationItem],
    changed: Mapping[int, IntegrationItem],
    *,
    moved: Sequence[int],
) -> None:
    """Write the values of a page's items, in the caller's transaction.

    Those that ``moved`` here leave the indexes of where they were.
    """
    if moved:
        _forget(moved)
    if not kept:
        return
    items = [
        _to_item(collection, key, item)
        for each in (added, changed)
        for key, item in each.items()
    ]
    write(collection, kept, items, is_new=not changed)


def _to_item(collection: Collection, key: int, item: IntegrationItem) -> Item:
    """Return what is compared of an item that was just stored in a collection."""
    return Item(
        pk=key,
        connection_id=collection.connection_id,
        collection_id=collection.pk,
        remote_id=item.id,
        name=item.name,
        properties=item.properties,
        remote_created_at=item.creation_time,
        remote_updated_at=item.last_modified_time,
    )


def write(
    collection: Collection,
    kept: Sequence[Indexed],
    items: Sequence[Item],
    *,
    is_new: bool = False,
) -> None:
    """Replace the rows of some items in some indexes."""
    columns = [each.column for each in kept if each.column is not None]
    if not is_new:
        indexes = [each.index for each in kept]
        for start in range(0, len(items), CHUNK):
            keys = [item.pk for item in items[start : start + CHUNK]]
            PropertyValue.objects.filter(item__in=keys, index__in=indexes).delete()
    # What they were begun as: no schema tells the type of a calculated column.
    families = {
        each.column.id: Family(each.index.family) for each in kept if each.column
    }
    told = keys_by_column(collection, items, columns, families=families)
    rows: list[tuple[Any, ...]] = []
    for item, by_column in zip(items, told, strict=True):
        for each in kept:
            found = by_column[each.column.id] if each.column else [NONE]
            rows += [(each.index.pk, item.pk, n, *key) for n, key in enumerate(found)]
    _insert(rows)


def keys_by_column(
    collection: Collection,
    items: Sequence[Item],
    columns: Sequence[Column],
    *,
    families: Mapping[str, Family] = MappingProxyType({}),
) -> list[dict[str, list[Key]]]:
    """Return what values of items are compared by, for each item by column.

    ``families`` are those of columns that are compared as another one than their own.
    """
    load_beside(items, columns, most=MOST_LINKED, is_exact=True)
    compared = [column.compared for column in columns]
    values = [values_of(item, collection, compared) for item in items]
    names = _names_of(collection, columns, values)
    places = {column.id: places_of(column) for column in columns}
    return [
        {
            column.id: keys_of(
                told.get(column.compared.id),
                families.get(column.id, column.family),
                places=places[column.id],
                names=names,
            )
            for column in columns
        }
        for told in values
    ]


def _names_of(
    collection: Collection,
    columns: Sequence[Column],
    values: Sequence[Mapping[str, Value]],
) -> Names:
    """Return the names that relations are sorted by, by one query if there are any."""
    linking = [column.id for column in columns if column.family is Family.RELATION]
    parts = (
        part
        for told in values
        for name in linking
        if name in told
        for part in singles_of(told[name])
    )
    first = {
        part.linked_ids[0]
        for part in parts
        if isinstance(part, Relation) and part.linked_ids
    }
    found = links.find_beside(collection.connection_id, first)
    return {place: fold(item.name) for place, item in found.items()}


def _insert(rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows as items are."""
    quote = database.ops.quote_name
    table = quote(PropertyValue._meta.db_table)  # noqa: SLF001 (Django documents _meta)
    names = ("index_id", "item_id", "position", "number", "text")
    before = f"INSERT INTO {table} ({', '.join(map(quote, names))}) VALUES"
    write_rows(before, "(%s, %s, %s, %s, %s)", rows)


def delete(keys: Sequence[int], collection: Collection) -> None:
    """Take deleted items out of the indexes of their collection."""
    if PropertyIndex.objects.filter(collection=collection.pk).exists():
        _forget(keys)


def _forget(keys: Sequence[int]) -> None:
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        PropertyValue.objects.filter(item__in=part).delete()
