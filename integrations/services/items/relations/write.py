"""Write the links of items beside the items: only what differs from what is there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection as database

from integrations.models import Collection, ItemLink
from integrations.models.items.link import LABEL_SEPARATOR
from integrations.providers import CONNECTORS
from integrations.providers.links import RemoteLink
from integrations.providers.typed.values import cut
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.database.row_writes import uuid_value, write_rows
from integrations.services.common.errors import ConnectorError

ID_LENGTH = 255
# Items whose links are compared at a time, and rows that are deleted at a time.
ITEMS, ROWS = 200, 500
COLUMNS = (
    "item_id",
    "relation",
    "target_collection",
    "target_remote_id",
    "is_primary",
    "position",
    "label",
    "connection_id",
    "collection_id",
)
# The first columns, which name a link, and those that may change.
KEY, CHANGING = 4, ("is_primary", "position", "label")


class Linking(NamedTuple):
    """What the links of an item are read from."""

    properties: Mapping[str, Any]
    parent_id: str | None


class Link(NamedTuple):
    """A link as it is stored: the columns in their order, but for where it is."""

    item_id: int
    relation: str
    target_collection: str
    target_remote_id: str
    is_primary: bool
    position: int
    label: str


def write(
    collection: Collection,
    added: Mapping[int, Linking],
    changed: Mapping[int, Linking],
) -> set[tuple[str, str]]:
    """Store the links of items by key, in the caller's transaction.

    Returns the relations and targets of those that came, changed or went. After a
    mistake of ours in the connector, which is logged, they stay as they are.
    """
    try:
        new = links_of(collection, added)
        told = links_of(collection, changed)
    except ConnectorError:
        return set()
    keys, stored = list(changed), set[Link]()
    for start in range(0, len(keys), ITEMS):
        stored |= _remove_others(keys[start : start + ITEMS], told)
    written = new | (told - stored)
    _upsert(list(written), collection)
    touched = written | (stored - told)
    return {(link.relation, link.target_remote_id) for link in touched}


def links_of(collection: Collection, items: Mapping[int, Linking]) -> set[Link]:
    """Return the links of items by key; raises ConnectorError for a mistake of ours."""
    connector = CONNECTORS.get(collection.connection.provider)
    if not items or connector is None:
        return set()
    schema = collection.schema
    with connector_boundary("links", collection=collection.pk):
        return {
            link
            for key, item in items.items()
            for link in _to_rows(
                key,
                connector.links(item.properties, schema, parent_id=item.parent_id),
            )
        }


def _to_rows(key: int, links: Iterable[RemoteLink]) -> Iterable[Link]:
    """Return the rows of one item, each target once in a relation."""
    rows = {row[:KEY]: row for link in links if (row := _to_row(key, link)) is not None}
    return rows.values()


def _to_row(key: int, link: RemoteLink) -> Link | None:
    names = (link.relation, link.target_collection, link.target_id)
    if not link.target_id or max(map(len, names)) > ID_LENGTH:
        return None
    label = cut(LABEL_SEPARATOR.join(link.labels), ID_LENGTH)
    return Link(key, *names, link.is_primary, link.position, label)


def _remove_others(keys: Sequence[int], told: set[Link]) -> set[Link]:
    """Delete the links of some items that are told no more; return what there was."""
    names = {link[:KEY] for link in told}
    rows = ItemLink.objects.filter(item__in=keys).values_list("pk", *Link._fields)
    # Rows of earlier versions have no label.
    stored = [(pk, Link(*values)) for pk, *values in rows]
    stored = [(pk, link._replace(label=link.label or "")) for pk, link in stored]
    gone = [pk for pk, link in stored if link[:KEY] not in names]
    for start in range(0, len(gone), ROWS):
        ItemLink.objects.filter(pk__in=gone[start : start + ROWS]).delete()
    return {link for _, link in stored}


def _upsert(links: Sequence[Link], collection: Collection) -> None:
    """Write rows as the items themselves are written."""
    if not links:
        return
    quote = database.ops.quote_name
    inside = uuid_value(collection.connection_id), uuid_value(collection.pk)
    columns, named = (
        ", ".join(map(quote, names)) for names in (COLUMNS, COLUMNS[:KEY])
    )
    updates = ", ".join(f"{quote(n)} = excluded.{quote(n)}" for n in CHANGING)
    # Every name in it is one of ours; the values are bound parameters.
    write_rows(
        f"INSERT INTO {quote(ItemLink._meta.db_table)} ({columns}) VALUES",  # noqa: SLF001
        f"({', '.join(['%s'] * len(COLUMNS))})",
        [(*link, *inside) for link in sorted(links)],
        after=f"ON CONFLICT ({named}) DO UPDATE SET {updates}",
    )
