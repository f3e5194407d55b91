"""Record in the history what differs between items and what was stored of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, field

from integrations.models import Collection, Item, ItemChange
from integrations.providers import CONNECTORS
from integrations.providers.finding import PARENT, Parents
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.database.row_writes import MOST_ROWS
from integrations.services.common.errors import ConnectorError
from integrations.services.items.history.differences import differences, is_capped
from integrations.services.items.history.telling import is_only_noted
from integrations.services.items.storage.moves import Moved
from integrations.services.items.storage.rows import Known, Row

COMPARED: Final = (
    *("name", "parent_name", "parent_remote_id", "remote_url", "properties"),
    *("changed_at", "remote_updated_at"),
)
PARENT_FIELDS: Final = ("parent_remote_id", "parent_name")
Stored = Mapping[str, Any]


class Recorded(Struct, kw_only=True):
    """How many items a run changed, and since when those it only learned of stand.

    ``unchanged_since`` is by the key of an item.
    """

    changed: int = 0
    unchanged_since: dict[int, datetime] = field(default_factory=dict)


def record(
    collection: Collection,
    touched: Sequence[Row],
    before: Mapping[str, Stored],
    known: Mapping[str, Known],
    moved: Mapping[str, Moved],
    *,
    run_id: UUID | None,
    now: datetime,
) -> Recorded:
    """Write what was and what is; return which items the run itself changed.

    What a user had left out and is as it was then, no run has changed. What differs
    though nobody changed it at the provider is found out, in a record of its own; so is
    an edit of which nothing is told but its time.
    """
    recorded, changes = Recorded(), list[ItemChange]()
    for row in touched:
        entry, stored = known[row.item.id], before[row.item.id]
        fields = differences(stored, row)
        found = _found_out(collection, stored, row, fields)
        rest = {name: pair for name, pair in fields.items() if name not in found}
        if row.item.id in moved:
            rest["collection"] = [moved[row.item.id].left, collection.name]
        is_only_back = entry.is_deselected and entry.digest == row.digest
        is_edited = _is_edited(stored, row)
        parts = _parts(entry, row, found=found, rest=rest, is_edited=is_edited)
        if not entry.is_deleted and is_only_noted(collection, rest):
            parts = {ItemChange.Kind.FOUND: {**found, **rest}}
        changes += (
            ItemChange(
                item_id=entry.pk,
                connection_id=collection.connection_id,
                run_id=None if is_only_back else run_id,
                at=now,
                kind=kind,
                fields=part,
            )
            for kind, part in parts.items()
        )
        # Written again only, because its row was not what its digest stood for.
        is_same = not parts and not is_edited
        if is_same or parts.keys() == {ItemChange.Kind.FOUND}:
            recorded.unchanged_since[entry.pk] = stored["changed_at"]
        elif parts and not is_only_back:
            recorded.changed += 1
    ItemChange.objects.bulk_create(changes)
    return recorded


def keep_times(recorded: Recorded) -> None:
    """Set back when those items changed that were written, and have not changed."""
    times = recorded.unchanged_since
    if not times:
        return
    rows = [Item(pk=key, changed_at=at) for key, at in times.items()]
    Item.objects.bulk_update(rows, ["changed_at"], batch_size=MOST_ROWS)


def _is_edited(stored: Stored, row: Row) -> bool:
    """Tell whether the provider dates an edit later than the one that is stored.

    Of an edit of a page's text nothing else is told.
    """
    before, after = stored["remote_updated_at"], row.item.last_modified_time
    return before is not None and after is not None and after > before


def _parts(
    entry: Known,
    row: Row,
    *,
    found: Mapping[str, Any],
    rest: Mapping[str, Any],
    is_edited: bool,
) -> dict[ItemChange.Kind, dict[str, Any]]:
    """Return what happened to an item, in one record or in two."""
    kinds = ItemChange.Kind
    if entry.is_deleted:
        return {kinds.RESTORED: {**rest, **found}}
    parts = {kinds.FOUND: dict(found)} if found else {}
    is_other = entry.digest not in ("", row.digest) and (is_edited or not found)
    if rest or is_other:
        parts[kinds.CHANGED] = dict(rest)
    return parts


def _found_out(
    collection: Collection, stored: Stored, row: Row, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return those of the fields that nobody has changed at the provider.

    None of so many that others may be left out: in one record they are known as such.
    """
    if not fields or is_capped(fields):
        return {}
    connector, item = CONNECTORS[collection.connection.provider], row.item
    parents = Parents(stored["parent_remote_id"], item.parent_id or "")
    try:
        with connector_boundary("found_out", collection=collection.pk):
            names = connector.found_out(
                stored["properties"],
                item.properties,
                parents,
                is_edited=_is_edited(stored, row),
            )
    except ConnectorError:
        return {}
    own = {f"properties.{name}" for name in names}
    if PARENT in names:
        own |= set(PARENT_FIELDS)
    return {name: pair for name, pair in fields.items() if name in own}
