"""Read chosen pages, databases and data sources again, each by a call of its own."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from integrations.http.client import ApiClient
from integrations.providers.connector import CollectionContext
from integrations.providers.listing import without_changed
from integrations.providers.notion.listing.gathering import Gathering
from integrations.providers.notion.listing.rows import Rows
from integrations.providers.notion.listing.tree import Tree
from integrations.providers.notion.mapping.items import DATABASES, PAGES
from integrations.providers.notion.reading.reader import Reader
from integrations.providers.notion.reading.rest import MOST_CALLS
from integrations.providers.records import Page, read_fields
from integrations.providers.stored import StoredItem

# What is around an object, what is in the archive, and what others are called
# changes without an edit of it.
DATED: Final = frozenset(
    {"type", "is_directory", "name", "remote_created_at", "remote_updated_at"}
)
UNDATED_KINDS: Final = frozenset({"relation", "user"})


def fetch_items(
    api: ApiClient,
    collection: CollectionContext,
    items: Sequence[StoredItem],
    *,
    unchanged_since: datetime | None,
) -> Page:
    """Return those of the objects that are still shown and still in the collection."""
    is_inventory = collection.remote_id in {PAGES, DATABASES}
    gather = _gather_objects if is_inventory else _gather_rows
    page = gather(api, collection, items).to_page(None)
    asked = {item.id for item in items}
    found = Page(
        items=[item for item in page.items if item.id in asked],
        next_cursor=None,
        unreadable_ids=page.unreadable_ids,
    )
    return without_changed(found, unchanged_since)


def _gather_objects(
    api: ApiClient, collection: CollectionContext, items: Sequence[StoredItem]
) -> Gathering:
    tree = Tree(Reader(api, collection.stored), Gathering(collection.remote_id))
    for item in items:
        tree.check(item)
    return tree.gathering


def _gather_rows(
    api: ApiClient, collection: CollectionContext, items: Sequence[StoredItem]
) -> Gathering:
    rows = Rows(api, collection, most=MOST_CALLS)
    for item in items:
        row = rows.tree.reader.fetch_page(item.id)
        if row is not None:
            rows.add(row)
    return rows.gathering


def undated(collection: CollectionContext, names: Iterable[str]) -> set[str]:
    """Return the fields that change without the time of the last edit."""
    dated = {
        f"properties.{spec.name}"
        for spec in read_fields(collection.schema)
        if not spec.is_read_only and spec.kind not in UNDATED_KINDS
    }
    return {name for name in names if name not in dated | DATED}
