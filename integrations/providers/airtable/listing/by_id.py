"""Read chosen records of a table again by their ids, a page's worth at a call."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from integrations.http.client import ApiClient
from integrations.providers.airtable.ids import RECORD, is_id
from integrations.providers.airtable.listing.records import (
    PAGE_SIZE,
    ask,
    changed_since,
    read_records,
)
from integrations.providers.airtable.mapping.fields import COMPUTED, formats_of
from integrations.providers.connector import CollectionContext
from integrations.providers.records import IntegrationItem, Page
from integrations.providers.stored import StoredItem

# Of values of these types the names of others are a part, or they are worked out.
UNDATED_TYPES: Final = COMPUTED | {
    "multipleCollaborators",
    "multipleRecordLinks",
    "singleCollaborator",
}
DATED: Final = frozenset({"type", "is_directory", "remote_created_at"})


def fetch_items(
    api: ApiClient,
    collection: CollectionContext,
    items: Sequence[StoredItem],
    *,
    unchanged_since: datetime | None,
) -> Page:
    """Return the records that the table still has.

    An id that is asked for alone may be answered by another table of the base; a
    formula asks this table only, and also knows which records were edited.
    """
    ids = [item.id for item in items if is_id(item.id, RECORD)]
    found: list[IntegrationItem] = []
    odd: list[str] = []
    for start in range(0, len(ids), PAGE_SIZE):
        formula = one_of(ids[start : start + PAGE_SIZE])
        answer = ask(api, collection, cursor=None, formula=formula)
        rows = read_records(api, collection, answer)
        changed: set[str] = set()
        if unchanged_since is not None:
            # Asked for by themselves: what a formula makes of a record that was
            # never edited is not documented.
            formula = f"AND({formula},{changed_since(unchanged_since)})"
            later = ask(api, collection, cursor=None, formula=formula)
            changed = {i.id for i in read_records(api, collection, later).mapped}
        found += [item for item in rows.mapped if item.id not in changed]
        odd += rows.unreadable_ids
    return Page(items=found, next_cursor=None, unreadable_ids=odd)


def one_of(ids: Sequence[str]) -> str:
    """Return the formula that is true of the records with these ids.

    A hundred of them take a third of the address that Airtable accepts.
    """
    return "OR(" + ",".join(f'RECORD_ID()="{each}"' for each in ids) + ")"


def undated(collection: CollectionContext, names: Iterable[str]) -> set[str]:
    """Return the fields that change without an edit of their record.

    Those are what formulas, lookups and the like come to, which may be the name; what
    other things are called; and fields that the stored schema does not know.
    """
    dated = {
        f"properties.{name}"
        for name, told in formats_of(collection.schema).items()
        if told.get("type") not in UNDATED_TYPES
    }
    if f"properties.{collection.schema.get('primary')}" in dated:
        dated.add("name")
    return {name for name in names if name not in dated | DATED}
