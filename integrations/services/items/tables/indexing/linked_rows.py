"""Rows of indexes that change with items of other collections.

The name of what an item is linked with stands in its own rows, and so does what names
it: both are written in the transaction that stores the other side.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection as database
from django.db.models import Prefetch, Q

from integrations.models import Collection, Item, ItemLink, PropertyIndex, PropertyValue
from integrations.services.items.tables.columns.columns import (
    LINKING,
    Column,
    Family,
    incoming_columns,
    link_columns,
)
from integrations.services.items.tables.columns.values import fold, id_number
from integrations.services.items.tables.indexing import rows
from integrations.services.items.tables.indexing.rows import CHUNK, KEPT, Indexed

Target = tuple[str, str]


def find(collection: Collection) -> list[PropertyIndex]:
    """Return the indexes beside a collection that its items may stand in."""
    if not rows.has_any(collection.connection_id):
        return []
    found = PropertyIndex.objects.filter(
        KEPT, collection__connection=collection.connection_id, family__in=LINKING
    )
    # Of each collection once, without what may be large and is seldom asked for.
    slim = Collection.objects.without_schema().select_related(None)
    indexes = list(found.prefetch_related(Prefetch("collection", queryset=slim)))
    for index in indexes:
        index.collection.connection = collection.connection
    return indexes


def store(
    collection: Collection,
    names: Mapping[str, str],
    relinked: Iterable[Target],
    *,
    returned: Sequence[int] = (),
) -> None:
    """Write what items of a collection, stored by now, are in rows of others.

    ``names`` are by remote id those that came or changed, empty for what is deleted;
    ``relinked`` are the relations and ids that links of theirs name or named, and
    ``returned`` the keys of those of which every link counts.
    """
    relinked = set(relinked)
    linking = find(collection) if names or relinked or returned else []
    if not linking:
        return
    relations = [index for index in linking if index.family == Family.RELATION]
    _rename(collection, relations, names)
    incoming = [index for index in linking if index.family == Family.INCOMING]
    if incoming:
        _name_again(collection, incoming, {*relinked, *targets_of(returned)})


def targets_of(keys: Sequence[int]) -> set[Target]:
    """Return the relations and ids that links of some items name."""
    found: set[Target] = set()
    for start in range(0, len(keys), CHUNK):
        links = ItemLink.objects.filter(item__in=keys[start : start + CHUNK])
        found.update(links.values_list("relation", "target_remote_id"))
    return found


def _rename(
    collection: Collection, indexes: Sequence[PropertyIndex], names: Mapping[str, str]
) -> None:
    """Write the names of items into the rows of what is linked with them first.

    Only where another one stands: mostly a page of items has no new names. Every name
    in the statement is one of ours; the values are bound parameters.
    """
    keys = [i.pk for i in indexes if _target_of(i) in {"", collection.remote_id}]
    wanted: dict[float | None, str | None] = {
        id_number(each): fold(name) or None for each, name in names.items()
    }
    numbers = list(wanted)
    stale: set[tuple[Any, ...]] = set()
    for start in range(0, len(numbers) if keys else 0, CHUNK):
        rows = PropertyValue.objects.filter(
            index__in=keys, number__in=numbers[start : start + CHUNK], position=0
        )
        told = rows.values_list("index", "number", "text").distinct()
        stale |= {
            (wanted[n], key, key, n) for key, n, text in told if text != wanted[n]
        }
    table = database.ops.quote_name(PropertyValue._meta.db_table)  # noqa: SLF001
    statement = (
        f"UPDATE {table} SET text = %s WHERE index_id = %s"
        f" AND item_id IN (SELECT item_id FROM {table}"
        " WHERE index_id = %s AND number = %s AND position = 0)"
    )
    if stale:
        with database.cursor() as cursor:
            cursor.executemany(statement, list(stale))


def _target_of(index: PropertyIndex) -> str:
    column = _own_column(index, link_columns(index.collection))
    return column.target if column else ""


def _name_again(
    collection: Collection, indexes: Sequence[PropertyIndex], targets: set[Target]
) -> None:
    """Write the rows of what items of a collection name, in the indexes of those."""
    by_collection: dict[Collection, list[Indexed]] = {}
    for index in indexes:
        column = _own_column(index, incoming_columns(index.collection))
        if column is not None and column.source == collection.remote_id:
            kept = by_collection.setdefault(index.collection, [])
            kept.append(Indexed(index=index, column=column))
    for other, kept in by_collection.items():
        relations = {each.column.relation for each in kept if each.column}
        ids = [remote_id for relation, remote_id in targets if relation in relations]
        for start in range(0, len(ids), CHUNK):
            live = Item.objects.live().filter(
                Q(remote_id__in=ids[start : start + CHUNK]), collection=other
            )
            rows.write(other, kept, list(live))


def _own_column(index: PropertyIndex, columns: Sequence[Column]) -> Column | None:
    return next((column for column in columns if column.id == index.name), None)
