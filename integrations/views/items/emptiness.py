"""Say why a list of items is empty: each reason has its words and a next step."""

from collections.abc import Sequence
from typing import Any

from integrations.models import Collection, Connection
from integrations.models.collection import Completeness
from integrations.services.items.lists import counting
from integrations.services.items.lists.query import DESELECTED, ItemQuery


def connections_of(
    query: ItemQuery,
    connections: Sequence[Connection],
    collections: Sequence[Collection],
) -> list[Any]:
    """Return the connections that a list is of, whatever it searches for in them."""
    chosen = next((c for c in collections if c.pk == query.collection), None)
    return [
        connection
        for connection in connections
        if query.provider in ("", connection.provider)
        and query.connection in (None, connection.pk)
        and (chosen is None or chosen.connection_id == connection.pk)
    ]


def why_empty(
    query: ItemQuery,
    connections: Sequence[Connection],
    collections: Sequence[Collection],
) -> str:
    """Name the reason: a search that fits nothing, or nothing there to be found."""
    if not connections:
        return "unconnected"
    place = query.change(search="", type="", parent=None, state="", news=None)
    within = [c for c in collections if counting.is_within(c, place)]
    is_narrow = bool(query.search or query.type or query.parent)
    if query.state:
        unnarrowed = "left_out" if query.state == DESELECTED else query.state
        return "nothing" if is_narrow else unnarrowed
    if counting.stored_items(within):
        return "nothing"
    if within and not any(collection.is_selected for collection in within):
        return "deselected"
    there = connections_of(query, connections, collections)
    if syncing(there):
        return "syncing"
    if not there:
        return "nothing"
    if not any(each.is_connected for each in there):
        return "disconnected"
    return "bare" if any(c.last_synced_at for c in there) else "waiting"


def make_context(
    query: ItemQuery,
    connections: Sequence[Any],
    collections: Sequence[Collection],
) -> dict[str, Any]:
    """Return what the page says of an empty list, with the status of each put in."""
    why = why_empty(query, connections, collections)
    there = connections_of(query, connections, collections)
    return {
        "empty": why,
        "there": syncing(there) if why == "syncing" else there,
        "goes_on": any(connection.status.goes_on for connection in there),
    }


def why_table_empty(collection: Collection) -> str:
    """Name the reason why a collection shows no rows, whatever is searched for."""
    connection = collection.connection
    if not collection.is_selected:
        return "deselected"
    if not connection.is_connected:
        return "disconnected"
    match collection.completeness:
        case Completeness.NO_PERMISSION:
            return "no_permission"
        case Completeness.PENDING:
            return "syncing" if connection.is_syncable else "waiting"
        case Completeness.COMPLETE:
            return "bare"
    return "unread"


def syncing(connections: Sequence[Connection]) -> list[Connection]:
    """Return the connections whose first sync has not finished."""
    return [c for c in connections if c.is_syncable and c.last_synced_at is None]
