"""Offer the filters, chips and columns of the items list, ready for its template."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from integrations.models import Collection, Connection, Item
from integrations.providers import CONNECTORS
from integrations.services.items import listing
from integrations.services.items.query import SIZES, ItemQuery

LABELS = {
    "q": "Search",
    "provider": "Provider",
    "connection": "Connection",
    "type": "Type",
    "collection": "Collection",
    "parent": "Inside",
    "state": "State",
}
STATES = {"": "Still there", "deleted": "Deleted"}
COLUMNS = (
    ("name", "Name", "name"),
    ("type", "Type", ""),
    ("connection", "Connection", ""),
    ("updated", "Updated", "-updated"),
    ("created", "Created", "-created"),
)
MAX_CHOICES = 200


def type_name(provider: str, item_type: str) -> str:
    """Return what users call a type of items."""
    connector = CONNECTORS.get(provider)
    known = connector.item_types if connector else {}
    return known.get(item_type, item_type.replace("_", " ").capitalize())


def type_names(collections: Iterable[Collection]) -> dict[str, str]:
    """Return the types a user's collections hold, with their names."""
    return {
        each: type_name(collection.connection.provider, each)
        for collection in collections
        for each in listing.types_in(collection)
    }


def make_filters(
    query: ItemQuery,
    connections: Sequence[Connection],
    collections: Sequence[Collection],
    *,
    parent: Item | None = None,
) -> list[dict[str, Any]]:
    """Return one select per filter, each with its empty choice first."""
    within = [c for c in collections if query.connection in (None, c.connection_id)]
    options = {
        "provider": {c.provider: c.provider_name for c in connections},
        "connection": {str(c.pk): str(c) for c in connections},
        "type": type_names(collections),
        "collection": {str(c.pk): c.name for c in within[:MAX_CHOICES]},
        "parent": {str(parent.uuid): parent.name or "Untitled"} if parent else {},
    }
    selects = [
        _select(query, name, {"": "Any", **choices})
        for name, choices in options.items()
        if len(choices) > 1 or name in query.filters
    ]
    return [*selects, _select(query, "state", STATES)]


def _select(query: ItemQuery, name: str, options: dict[str, str]) -> dict[str, Any]:
    chosen = query.filters.get(name, "")
    if chosen not in options:
        options = {**options, chosen: "Unknown"}
    choices = [
        {"value": value, "label": label, "selected": value == chosen}
        for value, label in options.items()
    ]
    return {"name": name, "label": LABELS[name], "choices": choices}


def make_chips(
    query: ItemQuery, filters: Iterable[dict[str, Any]]
) -> Iterator[dict[str, str]]:
    """Yield one removable chip per filter that is on; the search counts as one."""
    texts = {
        select["name"]: choice["label"]
        for select in filters
        for choice in select["choices"]
        if choice["selected"]
    }
    for name, value in query.filters.items():
        yield {
            "label": LABELS[name],
            "value": texts.get(name, value),
            "remove_url": query.without(name).url,
        }


def make_columns(query: ItemQuery) -> Iterator[dict[str, str]]:
    """Yield the columns with the order they are in and the one a click gives."""
    for key, label, first_sort in COLUMNS:
        is_sorted = query.sort.removeprefix("-") == key
        order = "descending" if query.order.is_descending else "ascending"
        yield {
            "key": key,
            "label": label,
            "sort_url": _sort_url(query, first_sort) if first_sort else "",
            "direction": order if is_sorted else "none",
        }


def _sort_url(query: ItemQuery, first_sort: str) -> str:
    """Return the list sorted by a column, or the other way when it already is."""
    name = first_sort.removeprefix("-")
    other = {name: f"-{name}", f"-{name}": name}
    return query.change(sort=other.get(query.sort, first_sort)).url


def make_sizes(query: ItemQuery) -> list[dict[str, Any]]:
    """Return a link per page size."""
    return [
        {
            "label": str(size),
            "url": query.change(size=size).url,
            "is_current": size == query.size,
        }
        for size in SIZES
    ]
